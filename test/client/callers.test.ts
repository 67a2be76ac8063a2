// Who logs in and out, and what the next one sees: nothing of the former user.
import { describe, expect, test } from 'vitest'
import type { ClientOptions, Live, LiveState, Served, Tokens } from '../../src/client/index.ts'
import { always, any, api, resource, t } from '../../src/index.ts'
import { clientAt, overSocketIo, overStreams, urlOf } from './served.ts'

/** The first state that fits. */
async function until<R, I>(live: Live<R, I>, fits: (state: LiveState<R, I>) => boolean): Promise<LiveState<R, I>> {
  for await (const state of live) if (fits(state)) return state
  throw new Error('it has ended')
}

describe('a caller', () => {
  const user = resource({ id: t.id(), email: t.email().unique(), password: t.password() })
    .login('email', 'password')
    .rules((me, row) => ({ create: always, read: row.is(me), write: row.is(me) }))
  const memo = resource
    .for(user)({ id: t.id(), text: t.text(), owner: t.one('user').default(({ me }) => me?.id) })
    .rules((me, row) => ({ create: me.signedIn, read: any(row.owner.is(me)), write: row.owner.is(me) }))
  const declareUsers = () => api({ user, memo }, { auth: { secret: 'a secret of more than thirty-two bytes' } })
  interface Users extends Served<ReturnType<typeof declareUsers>> {}

  const ways: readonly [string, ClientOptions][] = [
    ['a WebSocket', {}],
    ['Server-Sent Events', overStreams().options],
    ['Socket.IO', overSocketIo().options],
  ]
  test.each(ways)('over %s who logs in, out, and in as somebody else sees what that caller may see', async (_, way) => {
    const url = await urlOf(declareUsers())
    const c = clientAt<Users>(url, way)
    const ann = { email: 'ann@example.com', password: 'correct horse' }
    const ben = { email: 'ben@example.com', password: 'battery staple' }
    await c.user.create(ann)
    await c.user.create(ben)
    await c.$auth.login(ann)
    const live = c.memo.live({ fields: ['text'] })
    await live.ready
    await c.memo.create({ text: 'of Ann' })
    expect(live.rows).toEqual([{ text: 'of Ann' }])
    await c.$auth.login(ben)
    expect([live.status, live.rows]).toEqual(['loading', []])
    await live.ready
    await c.memo.create({ text: 'of Ben' })
    expect(live.rows).toEqual([{ text: 'of Ben' }])
    await c.$auth.logout()
    expect([live.status, live.rows]).toEqual(['loading', []])
    await expect(live.ready).rejects.toMatchObject({ status: 401 })
  })

  test('who logs in anew, or first, goes on with the rows that are shown', async () => {
    const open = resource({ id: t.id(), text: t.text() }).public()
    const app = api({ user, open }, { auth: { secret: 'a secret of more than thirty-two bytes' } })
    await app.create('open', { text: 'a' })
    const c = clientAt<{ user: typeof user; open: typeof open }>(await urlOf(app))
    const ann = { email: 'ann@example.com', password: 'correct horse' }
    await c.user.create(ann)
    const live = c.open.live()
    const told: string[] = []
    live.subscribe(({ status, rows }) => told.push(`${status} ${rows.map(row => row.text).join()}`))
    await live.ready
    await c.$auth.login(ann)
    await c.$auth.login(ann)
    await c.open.create({ text: 'b' })
    expect(live.rows).toEqual(await app.list('open'))
    expect(told.filter(text => !/a/.test(text))).toEqual([])
  })

  test('what somebody writes is never sent as whoever has logged in in another tab', async () => {
    const app = declareUsers()
    const url = await urlOf(app)
    let kept: Tokens | null = null
    // As tabs share them. Nobody is told when they change.
    const tokens = { get: () => kept, set: (now: Tokens | null) => void (kept = now) }
    const [one, other] = [clientAt<Users>(url, { tokens }), clientAt<Users>(url, { tokens })]
    const ann = { email: 'ann@example.com', password: 'correct horse' }
    const ben = { email: 'ben@example.com', password: 'battery staple' }
    for (const who of [ann, ben]) await app.create('user', who)
    await one.$auth.login(ann)
    await one.memo.create({ text: 'of Ann' })
    await other.$auth.login(ben)
    expect((await one.memo.create({ text: 'of Ann as well' }).safe()).problem?.code).toBe('closed')
    await one.memo.create({ text: 'of Ben' })
    expect((await app.list('memo')).map(({ text, owner }) => [text, owner])).toEqual([
      ['of Ann', 1],
      ['of Ben', 2],
    ])
  })

  test('who has logged out leaves neither rows nor writes to the next one, also without a connection', async () => {
    const app = declareUsers()
    const url = await urlOf(app)
    let isDown = false
    class Cuttable extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        // Nobody listens on the port for discarded bytes.
        super(isDown ? 'ws://127.0.0.1:9' : url, protocols)
        sockets.push(this)
      }
    }
    const sockets: WebSocket[] = []
    let kept: Tokens | null = null
    const tokens = { get: () => kept, set: (now: Tokens | null) => void (kept = now) }
    const c = clientAt<Users>(url, { WebSocket: Cuttable, tokens, random: () => 0.1 })
    const ann = { email: 'ann@example.com', password: 'correct horse' }
    const ben = { email: 'ben@example.com', password: 'battery staple' }
    await c.user.create(ann)
    await c.user.create(ben)
    await c.$auth.login(ann)
    const live = c.memo.live()
    const told: string[] = []
    live.subscribe(({ status, rows }) => told.push(`${status} ${rows.map(row => row.text).join()}`))
    await live.ready
    await c.memo.create({ text: 'told' })
    isDown = true
    for (const socket of sockets) socket.close()
    await until(live, ({ status }) => status === 'stale')
    const refused = ['first', 'second'].map(text => c.memo.create({ text }).safe())
    const changed = ['third', 'fourth'].map(text => c.memo.patch(1, { text }).safe())
    expect(live.rows.map(row => row.text)).toEqual(['fourth', 'first', 'second'])
    // The login is a request, which comes through.
    await c.$auth.login(ben)
    expect([live.status, live.rows, c.$status.pending]).toEqual(['loading', [], 0])
    for (const work of [...refused, ...changed]) expect((await work).problem?.code).toBe('closed')
    isDown = false
    await live.ready
    await c.memo.create({ text: 'of Ben' })
    expect(live.rows).toMatchObject([{ text: 'of Ben' }])
    expect((await app.list('memo')).map(row => row.text)).toEqual(['told', 'of Ben'])
    expect(new Set(told.slice(told.indexOf('loading ')))).toEqual(new Set(['loading ', 'live ', 'live of Ben']))
  })
})
