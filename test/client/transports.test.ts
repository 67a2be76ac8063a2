// Live queries over other transports than a WebSocket.
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Http } from '../../src/client/http.ts'
import type { Served } from '../../src/client/index.ts'
import type { Session } from '../../src/client/session.ts'
import { socketIo } from '../../src/client/transports/socket-io.ts'
import { api, resource, t } from '../../src/index.ts'
import { clientAt, overSocketIo, urlOf } from './served.ts'

const note = resource({ id: t.id(), text: t.text({ min: 1 }), price: t.decimal({ digits: 6, places: 2 }).default('0') })
const declare = () => api({ note: note.public() })
interface App extends Served<ReturnType<typeof declare>> {}

describe('Socket.IO', () => {
  test('shows writes at once, and changes of everybody', async () => {
    const app = declare()
    const c = clientAt<App>(await urlOf(app), overSocketIo().options)
    const live = c.note.live({ sort: '-price' })
    await live.ready
    const made = c.note.create({ text: 'mine', price: '9.50' })
    expect(live.rows).toMatchObject([{ text: 'mine' }])
    await made
    await app.post('note', { text: 'other', price: '10.00' })
    await expect.poll(() => live.rows.map(row => row.text)).toEqual(['other', 'mine'])
    await c.note.patch(1, { text: 'changed' })
    await expect.poll(() => live.rows).toEqual(await app.list('note', { sort: '-price' }))
  })

  test('a window goes on from what it was told last, however often it is cut', async () => {
    const app = declare()
    const { options, cut } = overSocketIo()
    const c = clientAt<App>(await urlOf(app), options)
    await app.post('note', [{ text: 'b' }, { text: 'c' }])
    const live = c.note.live({ sort: 'text', limit: 2 })
    const texts = (): string[] => live.rows.map(row => row.text)
    live.subscribe(() => {})
    await live.ready
    cut()
    const { id } = await app.post('note', { text: 'a' })
    await expect.poll(() => [live.status, ...texts()]).toEqual(['live', 'a', 'b'])
    const { position } = live
    // What it missed came before the answer to its subscription, which must not take it back to an earlier position.
    const row = c.note.live(1)
    await row.ready
    expect(live.position).toBe(position)
    cut()
    await app.delete('note', id)
    await expect.poll(() => [live.status, ...texts()]).toEqual(['live', 'b', 'c'])
  })

  test('begins a view anew that was told nothing of a write for a second', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const heard = new Map<string, (...given: unknown[]) => void>()
    const emitted: unknown[][] = []
    const socket = {
      on: (event: string, listener: (...given: any[]) => void) => heard.set(event, listener),
      emit: (...given: unknown[]) => emitted.push(given),
      connect() {},
      disconnect() {},
    }
    const answer = { status: 200, data: {}, position: 'a.7' }
    const parts = { http: { call: async () => answer }, session: { token: async () => null } } as never as {
      http: Http
      session: Session
    }
    const transport = socketIo({ ...parts, base: 'http://localhost', onStatus() {}, io: () => socket })
    const none = { learn() {}, hear() {}, advance() {}, restart() {}, stale() {}, end() {} }
    const follow = (uri: string, isWaiting: boolean) =>
      transport.follow({ ...none, request: { uri, params: {} }, position: 'a.3', isWaiting })
    follow('/told', false)
    follow('/waiting', true)
    heard.get('connect')!()
    emitted.length = 0
    await transport.call({ op: 'patch', uri: '/note/1', data: {}, key: 'k' })
    vi.advanceTimersByTime(999)
    expect(emitted).toEqual([])
    vi.advanceTimersByTime(1)
    expect(emitted).toEqual([['subscribe', '/waiting', { changes: 'patch', min: 'a.7' }, expect.any(Function)]])
  })

  test('needs an io', async () => {
    const c = clientAt<App>('http://127.0.0.1:9', { transport: 'socketio' })
    await expect(c.note.live().ready).rejects.toThrow('needs the option `io`')
  })
})

describe('Server-Sent Events', () => {
  test('a row is waited for, also where a field is called like a word of streams', async () => {
    const day = resource({ id: t.id(), absent: t.bool(), since: t.text() }).public()
    const app = api({ day })
    const c = clientAt<{ day: typeof day }>(await urlOf(app), { transport: 'sse' })
    const live = c.day.live(1)
    await live.ready
    expect(live.row).toBeNull()
    await app.post('day', { absent: true, since: 'Monday' })
    await expect.poll(() => live.row).toEqual({ id: 1, absent: true, since: 'Monday' })
  })
})

describe('auto', () => {
  /** Connects to a port on which nobody listens, as where no WebSocket comes through. */
  class Blocked extends WebSocket {
    constructor() {
      super('ws://127.0.0.1:9')
    }
  }

  test('uses streams where no WebSocket comes through, for what was asked already as well', async () => {
    const app = declare()
    const c = clientAt<App>(await urlOf(app), { transport: 'auto', WebSocket: Blocked, random: () => 0 })
    const live = c.note.live()
    const made = c.note.create({ text: 'a' })
    await live.ready
    expect(await made).toMatchObject({ text: 'a' })
    await app.post('note', { text: 'b' })
    await expect.poll(() => live.rows.map(row => row.text)).toEqual(['a', 'b'])
  })

  test('uses a WebSocket otherwise', async () => {
    const app = declare()
    let sockets = 0
    class Counted extends WebSocket {
      constructor(...given: ConstructorParameters<typeof WebSocket>) {
        super(...given)
        sockets++
      }
    }
    const c = clientAt<App>(await urlOf(app), { transport: 'auto', WebSocket: Counted })
    const live = c.note.live()
    await live.ready
    await c.note.create({ text: 'a' })
    expect([sockets, live.rows.length]).toEqual([1, 1])
  })
})
