// Keys that are given to nodes replace those of the database, and those of restaction are a node's (docs/guide/many-nodes.md).
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { tokenAuth } from '../../src/dialects/restaction/token-auth.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { ask, databases, nodesOf, type Resources } from './nodes.ts'

const person = (): Resources => ({
  person: resource({ id: t.id(), name: t.text().unique(), password: t.password() }).login('name', 'password'),
  secret: resource({ id: t.id(), text: t.text() }),
})

const hidden = (): Resources => ({ secret: resource({ id: t.id(), text: t.text() }) })

const note = (): Resources => ({ note: resource({ id: t.id(), text: t.text() }).public() })

const [first, second] = [randomBytes(32), randomBytes(32)]

describe.each(databases)('several nodes on %s', (_, make) => {
  test('with one cursorKey continue each other’s pages, and with another one do not', async () => {
    const makeStore = await make()
    const [one] = await nodesOf(1, makeStore, note, { cursorKey: first })
    const [same] = await nodesOf(1, makeStore, note, { cursorKey: first })
    const [other] = await nodesOf(1, makeStore, note, { cursorKey: second })
    for (const text of ['a', 'b', 'c']) await one!.safe.create('note', { text })
    const page = await ask(one!, 'GET', '/note?limit=2')
    const next = new URL(/<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')![1]!, 'http://host')
    expect((await ask(same!, 'GET', next.pathname + next.search)).body).toMatchObject([{ text: 'c' }])
    expect((await ask(other!, 'GET', next.pathname + next.search)).status).toBe(400)
  })

  test('with one auth.secret take each other’s tokens, and with another one do not', async () => {
    const makeStore = await make()
    const [one] = await nodesOf(1, makeStore, person, { auth: { secret: first } })
    const [same] = await nodesOf(1, makeStore, person, { auth: { secret: first } })
    const [other] = await nodesOf(1, makeStore, person, { auth: { secret: second } })
    await one!.safe.create('person', { name: 'ann', password: 'correct horse' })
    const login = await ask(one!, 'POST', '/auth/token', { body: { name: 'ann', password: 'correct horse' } })
    const authorization = `Bearer ${(login.body as { access_token: string }).access_token}`
    expect((await ask(same!, 'GET', '/secret', { authorization })).status).toBe(200)
    expect((await ask(other!, 'GET', '/secret', { authorization })).status).toBe(401)
  })

  test('of the dialect of restaction take each other’s tokens if they have the same secret', async () => {
    const makeStore = await make()
    const authOf = (secret?: Uint8Array): ReturnType<typeof tokenAuth> =>
      tokenAuth({
        ...(secret && { secret }),
        getRole: token => (token ? 'member' : 'guest'),
        meta: { $roles: {} },
        invalid: '401',
      })
    const statuses: number[] = []
    for (const secret of [first, undefined]) {
      const [mine, theirs] = [authOf(secret), authOf(secret)]
      const [node] = await nodesOf(1, makeStore, hidden, { auth: theirs })
      const { token } = (await mine.issue({ id: 1 }))!
      statuses.push((await ask(node!, 'GET', '/secret', { authorization: token })).status)
    }
    // Who is known, but whose role may not read it, gets 403.
    expect(statuses).toEqual([403, 401])
  })
})
