// Handled resources on restuary.1: the same messages and promises as for rows.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { api, handled, memory, resource, sqlite, t, type Api, type ApiOptions, type Store } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import { lampsIn, type Lamp } from './lamps.ts'
import { served } from './speakers.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-handled-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(join(folder, `${++files}.db`))],
]

const note = resource({ id: t.id(), text: t.text() }).public()

interface House {
  readonly app: Api
  readonly lit: Map<number, Lamp>
  readonly open: (as?: string | null) => Promise<NativeClient>
}

async function house(store: Store, options: ApiOptions = {}): Promise<House> {
  const lit = new Map<number, Lamp>()
  const lamps = handled(
    {
      ...lampsIn(lit),
      '/bells/': { create: (_, bell: { tone: string }) => bell },
      '/bells/<name>': { patch: () => null },
      '/box': { get: () => 'secret', patch: () => null },
    },
    {
      permissions: [
        (me, operation) => operation === 'get' || me?.id !== 'guest',
        (me, operation) => operation !== 'get' || me?.id !== 'postman',
      ],
    },
  )
  const authenticate: NonNullable<ApiOptions['authenticate']> = asked => {
    const who = asked.header('authorization')
    return who === undefined ? null : { id: who }
  }
  const app = api(
    { lamps, note },
    { store, authenticate, report: () => {}, http: { log: () => {} }, ...options },
  ) as unknown as Api
  const port = await served(app)
  const open = async (as: string | null = 'ann'): Promise<NativeClient> => {
    const client = await NativeClient.open(`ws://127.0.0.1:${port}/`, as === null ? {} : { authorization: as })
    onTestFinished(() => client.cut())
    await client.hear(frame => frame.op === 'hello')
    return client
  }
  return { app, lit, open }
}

describe.each(stores)('over %s', (_, store) => {
  test('is read and written as on HTTP', async () => {
    const { open } = await house(store())
    const client = await open()
    const made = await client.ask({ op: 'create', uri: '/lamps/', data: { on: false } })
    expect(made).toMatchObject({ status: 201, data: { id: 1, on: false }, position: expect.any(String) })
    await client.ask({ op: 'create', uri: 'lamps', data: { on: true } })
    const lamp = await client.ask({ op: 'get', uri: '/lamps/1' })
    expect(lamp).toMatchObject({ status: 200, data: { id: 1, on: false }, etag: expect.any(String) })
    expect(await client.ask({ op: 'get', uri: '/lamps/1', ifNoneMatch: lamp.etag })).toMatchObject({ status: 304 })
    const change = { op: 'patch', uri: '/lamps/1', data: { on: true }, ifMatch: lamp.etag }
    const patched = await client.ask(change)
    expect(patched).toMatchObject({ status: 200, data: { id: 1, on: true }, position: expect.any(String) })
    expect(patched.etag).not.toBe(lamp.etag)
    expect(await client.ask(change)).toMatchObject({ status: 412, error: { error: 'precondition_failed' } })
    const unread = await client.ask({ op: 'patch', uri: '/bells/big', data: { tone: 'c' } })
    expect(unread).toEqual({ id: unread.id, status: 204, data: null, position: expect.any(String) })
    expect((await client.ask({ op: 'list', uri: '/lamps/', min: unread.position })).data).toHaveLength(2)
    expect(await client.ask({ op: 'delete', uri: '/lamps/1' })).toMatchObject({ status: 204, data: null })
    expect(await client.ask({ op: 'list', uri: '/lamps' })).toMatchObject({ status: 200, data: [{ id: 2 }] })
    expect(await client.ask({ op: 'create', uri: '/note', data: { text: 'a row' } })).toMatchObject({ status: 201 })
  })

  test('lists are filtered, sorted and cut by words in the URI or in params', async () => {
    const { lit, open } = await house(store())
    for (const id of [1, 2, 3]) lit.set(id, { id, on: id > 1 })
    const client = await open()
    const ids = async (frame: object): Promise<unknown> =>
      (await client.ask({ op: 'list', uri: '/lamps/', ...frame })).data.map((lamp: Lamp) => lamp.id)
    expect(await ids({ uri: '/lamps/?on=true&sort=-id' })).toEqual([3, 2])
    expect(await ids({ params: { filter: { on: true }, sort: '-id', limit: 1 } })).toEqual([3])
    expect(await ids({ params: {} })).toEqual([1, 2, 3])
    const total = await client.ask({ op: 'list', uri: '/lamps/', params: { limit: 1, total: true } })
    expect(total).toMatchObject({ total: 3, data: [{ id: 1 }] })
  })

  test('a list is followed: first its state, then each record; items and lists at once', async () => {
    const { app, lit, open } = await house(store())
    lit.set(1, { id: 1, on: false })
    const [client, other] = [await open(), await open()]
    expect(await client.ask({ id: 'all', op: 'subscribe', uri: '/lamps/' })).toMatchObject({ status: 200 })
    const state = await client.hear(frame => frame.op === 'snapshot')
    const { position } = state
    expect(state).toEqual({
      sub: 'all',
      op: 'snapshot',
      data: [{ id: 1, on: false }],
      ids: [1],
      versions: [position],
      position,
    })
    await client.ask({ id: 'one', op: 'subscribe', uri: '/lamps/1' })
    expect(await client.hear(frame => frame.op === 'snapshot')).toMatchObject({
      sub: 'one',
      data: [{ id: 1, on: false }],
    })
    const created = await other.ask({ op: 'create', uri: '/lamps/', data: { on: true } })
    await app.publish('/lamps/1', { patch: { on: true } })
    const deleted = await other.ask({ op: 'delete', uri: '/lamps/2' })
    const commit = async (): Promise<any> => client.hear(frame => frame.op === 'commit')
    expect(await commit()).toEqual({
      sub: 'all',
      op: 'commit',
      position: created.position,
      events: [{ kind: 'enter', uri: '/lamps/', version: created.position, data: { id: 2, on: true } }],
    })
    const twice = [await commit(), await commit()]
    expect(new Set(twice.map(({ sub }) => sub))).toEqual(new Set(['all', 'one']))
    for (const { events } of twice)
      expect(events).toMatchObject([{ kind: 'change', uri: '/lamps/1', patch: { on: true } }])
    expect(await commit()).toMatchObject({
      sub: 'all',
      events: [{ kind: 'leave', uri: '/lamps/2', version: deleted.position }],
    })
  })

  test('a client gets its own write before the answer', async () => {
    const { open } = await house(store())
    const client = await open()
    await client.ask({ id: 1, op: 'subscribe', uri: '/lamps/' })
    await client.hear(frame => frame.op === 'snapshot')
    client.send({ id: 2, op: 'create', uri: '/lamps/', data: { on: true } })
    const first = await client.hear()
    expect(first).toMatchObject({ sub: 1, op: 'commit' })
    expect(await client.hear()).toMatchObject({ id: 2, status: 201, position: first.position })
  })

  test('since resumes; if the log no longer reaches back it is a reset', async () => {
    const { lit, open } = await house(store())
    lit.set(1, { id: 1, on: false })
    const client = await open()
    const { position } = await client.ask({ op: 'patch', uri: '/lamps/1', data: { on: true } })
    const missed = await client.ask({ op: 'delete', uri: '/lamps/1' })
    await client.ask({ id: 's', op: 'subscribe', uri: '/lamps/1', since: position })
    expect(await client.hear()).toEqual({ sub: 's', op: 'resumed', position })
    expect(await client.hear()).toMatchObject({ sub: 's', op: 'commit', position: missed.position })
    await client.ask({ id: 'lost', op: 'subscribe', uri: '/lamps/', since: 'zzzzzz.1' })
    expect(await client.hear()).toMatchObject({ sub: 'lost', op: 'reset', data: [] })
  })

  test('a list without a getter only sends events', async () => {
    const { open } = await house(store())
    const client = await open()
    await client.ask({ id: 's', op: 'subscribe', uri: '/bells/' })
    expect(await client.hear()).toMatchObject({ sub: 's', op: 'snapshot', data: [], ids: [], versions: [] })
    await client.ask({ op: 'create', uri: '/bells/', data: { tone: 'c' } })
    expect(await client.hear()).toMatchObject({ events: [{ kind: 'enter', uri: '/bells/', data: { tone: 'c' } }] })
  })

  test('an invalid request is refused, with its place', async () => {
    const { lit, open, app } = await house(store(), { limits: { subscriptions: 1 } })
    lit.set(1, { id: 1, on: false })
    const client = await open()
    const refused: [object, number, object?][] = [
      [{ op: 'get', uri: '/lamps/7' }, 404],
      [{ op: 'subscribe', uri: '/lamps/7' }, 404],
      [{ op: 'subscribe', uri: '/nothing/' }, 404],
      [{ op: 'get', uri: '/lamps/x' }, 404],
      [{ op: 'get', uri: '/lamps/%zz' }, 400],
      [{ op: 'get', uri: '/bells/' }, 405],
      [{ op: 'replace', uri: '/lamps/1', data: {} }, 405],
      [{ op: 'act', uri: '/lamps/1', data: {} }, 405],
      [{ op: 'patch', uri: '/lamps/', data: {} }, 405],
      [{ op: 'create', uri: '/lamps/', data: [] }, 400, { pointer: '#/data' }],
      [{ op: 'patch', uri: '/lamps/1' }, 400, { pointer: '#/data' }],
      [{ op: 'patch', uri: '/lamps/1', data: {}, key: 'k' }, 400, { pointer: '#/key' }],
      [{ op: 'patch', uri: '/lamps/1', data: {}, params: { limit: 1 } }, 400, { pointer: '#/params/limit' }],
      [{ op: 'delete', uri: '/lamps/1?on=true' }, 400, { parameter: 'on' }],
      [{ op: 'list', uri: '/lamps/', params: { colour: 1 } }, 400, { pointer: '#/params/colour' }],
      [{ op: 'list', uri: '/lamps/', params: { fields: ['on'] } }, 400, { pointer: '#/params/fields' }],
      [{ op: 'get', uri: '/lamps/1', params: { limit: 1 } }, 400, { pointer: '#/params/limit' }],
      [{ op: 'list', uri: '/lamps/?limit=1', params: { limit: 1 } }, 400],
      [{ op: 'subscribe', uri: '/lamps/', mode: 'latest' }, 400, { pointer: '#/mode' }],
      [{ op: 'subscribe', uri: '/lamps/', mode: 50 }, 400, { pointer: '#/mode' }],
      [{ op: 'subscribe', uri: '/lamps/', params: { filter: {} } }, 400, { pointer: '#/params/filter' }],
      [{ op: 'subscribe', uri: '/lamps/?on=true' }, 400, { parameter: 'on' }],
    ]
    for (const [frame, status, place] of refused) {
      const answer = await client.ask(frame)
      expect([answer.status, answer.error?.errors?.[0]], JSON.stringify(frame)).toEqual([
        status,
        place ? expect.objectContaining(place) : answer.error.errors?.[0],
      ])
    }
    expect(lit.get(1)).toEqual({ id: 1, on: false })
    expect(app.published.subscriptions).toBe(0)
    expect((await client.ask({ op: 'subscribe', uri: '/lamps/', mode: 'every' })).status).toBe(200)
    expect((await client.ask({ op: 'subscribe', uri: '/lamps/1' })).error.error).toBe('too_many_subscriptions')
  })

  test('a caller without the right is refused', async () => {
    const { lit, open, app } = await house(store())
    lit.set(1, { id: 1, on: false })
    const [guest, nobody] = [await open('guest'), await open(null)]
    expect((await guest.ask({ op: 'patch', uri: '/lamps/1', data: { on: true } })).status).toBe(403)
    expect((await guest.ask({ op: 'subscribe', uri: '/lamps/1' })).status).toBe(200)
    for (const op of ['get', 'subscribe', 'delete'])
      expect((await nobody.ask({ op, uri: '/lamps/1' })).status, op).toBe(401)
    expect(lit.get(1)).toEqual({ id: 1, on: false })
    const postman = await open('postman')
    expect((await postman.ask({ op: 'subscribe', uri: '/box' })).status).toBe(403)
    const posted = await postman.ask({ op: 'patch', uri: '/box', data: {} })
    expect(posted).toMatchObject({ status: 204, data: null, position: expect.any(String) })
    expect(app.published.subscriptions).toBe(1)
  })

  test('a subscription that ends, or whose connection closes, gets nothing more', async () => {
    const { app, open } = await house(store())
    const client = await open()
    await client.ask({ id: 's', op: 'subscribe', uri: '/lamps/' })
    await client.hear(frame => frame.op === 'snapshot')
    expect((await client.ask({ id: 's', op: 'subscribe', uri: '/lamps/' })).status).toBe(409)
    expect(await client.ask({ op: 'unsubscribe', sub: 's' })).toMatchObject({ status: 200 })
    expect(app.published.subscriptions).toBe(0)
    await client.ask({ op: 'create', uri: '/lamps/', data: { on: true } })
    expect(client.heard).toEqual([])
    expect((await client.ask({ op: 'unsubscribe', sub: 's' })).status).toBe(404)
    await client.ask({ id: 's', op: 'subscribe', uri: '/lamps/' })
    expect(app.published.subscriptions).toBe(1)
    client.cut()
    await expect.poll(() => app.published.subscriptions).toBe(0)
  })

  test('a slow reader gets a new snapshot when it reads again', async () => {
    const { app, lit, open } = await house(store(), { limits: { mailbox: 50_000 } })
    lit.set(1, { id: 1, on: false })
    const client = await open()
    await client.ask({ id: 's', op: 'subscribe', uri: '/lamps/1' })
    client.socket.pause()
    for (let n = 0; n < 500; n++) {
      await app.publish('/lamps/1', { patch: { text: `${n}${'漢'.repeat(9_000)}` } })
      await new Promise(resolve => setImmediate(resolve))
    }
    lit.set(1, { id: 1, on: true })
    client.socket.resume()
    const reset = await client.hear(frame => frame.op === 'reset')
    expect(reset).toMatchObject({ sub: 's', data: [{ id: 1, on: true }], position: `${app.engine.epoch}.500` })
    expect(client.heard.length).toBeLessThan(450)
  })

  test('other rights: asked anew, or ended', async () => {
    const user = resource({
      id: t.id(),
      email: t.email().unique(),
      role: t.enum(['admin', 'member']).default('member'),
      password: t.password(),
    })
      .login('email', 'password')
      .rules((me, row) => ({ read: row.is(me) }))
    const secrets = handled(
      { '/secrets/': { get: ({ me }) => [{ id: 1, as: me?.['role'] }] } },
      { permissions: [(me, _, params) => me?.['role'] === 'admin' || 'key' in params] },
    )
    const open = handled({ '/open/': { get: ({ me }) => [{ id: 1, as: me?.['role'] }] } })
    const options = { store: store(), auth: {}, report: () => {}, http: { log: () => {} } }
    const app = api({ user, secrets, open }, options)
    const port = await served(app)
    for (const id of [1, 2])
      await app.post('user', { email: `u${id}@x.io`, role: 'admin', password: 'correct horse battery' })
    const tokenOf = async (id: number): Promise<string> => (await app.engine.auth!.begin(id)).access_token
    const authorization = `Bearer ${await tokenOf(1)}`
    const client = await NativeClient.open(`ws://127.0.0.1:${port}/`, { authorization })
    onTestFinished(() => client.cut())
    await client.ask({ id: 'secrets', op: 'subscribe', uri: '/secrets/' })
    await client.ask({ id: 'open', op: 'subscribe', uri: '/open/' })
    const hear = (sub: string, op: string): Promise<any> => client.hear(frame => frame.sub === sub && frame.op === op)
    expect((await hear('secrets', 'snapshot')).data).toEqual([{ id: 1, as: 'admin' }])
    await app.patch('user', 1, { role: 'member' })
    expect(await hear('secrets', 'end')).toMatchObject({ error: { status: 403 } })
    expect((await hear('open', 'reset')).data).toEqual([{ id: 1, as: 'member' }])
    await app.publish('/secrets/', { create: { id: 2 } })
    await app.publish('/open/', { create: { id: 2 } })
    expect(await hear('open', 'commit')).toMatchObject({ events: [{ kind: 'enter', data: { id: 2 } }] })
    expect(client.heard.filter(frame => frame.sub === 'secrets' && frame.op !== 'behind')).toEqual([])
    await client.ask({ op: 'auth', token: await tokenOf(2) })
    expect((await hear('open', 'reset')).data).toEqual([{ id: 1, as: 'admin' }])
    expect(app.published.subscriptions).toBe(1)
  })
})
