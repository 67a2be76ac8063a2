// Live queries of what functions serve, over every transport.
import { describe, expect, test } from 'vitest'
import { Problem, type Client, type ClientOptions } from '../../src/client/index.ts'
import { api, handled, memory, type Api } from '../../src/index.ts'
import { slow } from '../../src/testing/slow-store.ts'
import { lampsIn, type Lamp } from '../lamps.ts'
import { clientAt, cut, overSocketIo, overStreams, urlOf } from './served.ts'

interface Way {
  readonly options: ClientOptions
  /** Cuts the connections of a client. */
  cut(made: object): void
}

const ways: readonly [string, () => Way][] = [
  ['a WebSocket', () => ({ options: {}, cut })],
  ['Server-Sent Events', overStreams],
  ['Socket.IO', overSocketIo],
]

describe.each(ways)('over %s', (name, way) => {
  async function open(lit = new Map<number, Lamp>()): Promise<{ app: Api; c: Client<object>; cut: () => void }> {
    const words = ['red', 'green']
    const house = handled(
      {
        ...lampsIn(lit),
        '/words/': { get: () => words, create: (_, { word }: { word: string }) => (words.push(word), word) },
        '/words/<name>': { delete: ({ params }) => void words.splice(words.indexOf(params.name), 1) },
        '/box': { get: () => [1, null], patch: () => null },
        '/bells/': { create: (_, bell: object) => bell },
      },
      { public: true },
    )
    const app = api({ house }, { store: slow(memory()), report: () => {}, http: { log: () => {} } })
    const { options, cut: cutAll } = way()
    // A client that is cut waits as long as it may, so that it is seen to wait.
    const c = clientAt<object>(await urlOf(app), { ...options, random: () => 1 })
    return { app, c, cut: () => cutAll(c) }
  }
  const lamps = (...on: boolean[]): Map<number, Lamp> => new Map(on.map((one, i) => [i + 1, { id: i + 1, on: one }]))

  test('a list has its items and then every change, and unchanged items stay the same objects', async () => {
    const { app, c } = await open(lamps(false, true))
    const live = c.$live<Lamp>('/lamps/')
    expect(c.$live('/lamps/')).toBe(live)
    const states = live[Symbol.asyncIterator]()
    const next = async () => (await states.next()).value!
    const first = await next()
    expect([first.status, first.rows]).toEqual([
      'live',
      [
        { id: 1, on: false },
        { id: 2, on: true },
      ],
    ])
    await c.$request('POST', '/lamps/', { data: { on: true } })
    const second = await next()
    expect(second.changes).toEqual([{ kind: 'enter', id: 3, row: { id: 3, on: true } }])
    expect(second.rows[0]).toBe(first.rows[0])
    await app.publish('/lamps/1', { patch: { on: true } })
    const third = await next()
    expect(third.changes).toEqual([{ kind: 'change', id: 1, row: { id: 1, on: true } }])
    await c.$request('DELETE', '/lamps/2')
    const fourth = await next()
    expect(fourth.rows).toEqual([
      { id: 1, on: true },
      { id: 3, on: true },
    ])
    expect(fourth.changes).toEqual([{ kind: 'leave', id: 2, row: null }])
  })

  test('an item is the row until it is gone', async () => {
    const { app, c } = await open(lamps(false))
    const live = c.$live<Lamp>('/lamps/1')
    await live.ready
    expect(live.row).toEqual({ id: 1, on: false })
    await app.publish('/lamps/1', { patch: { on: true } })
    await expect.poll(() => live.row).toEqual({ id: 1, on: true })
    await c.$request('DELETE', '/lamps/1')
    await expect.poll(() => live.row).toBeNull()
  })

  test('goes on where it was after a cut', async () => {
    const { app, c, cut: cutAll } = await open(lamps(false))
    const live = c.$live<Lamp>('/lamps/')
    const told: string[] = []
    live.subscribe(({ status, rows }) => told.push(`${status} ${rows.map(lamp => lamp.on).join()}`))
    await live.ready
    cutAll()
    await expect.poll(() => told).toContain('stale false')
    await app.publish('/lamps/1', { patch: { on: true } })
    await expect.poll(() => `${live.status} ${live.row?.on}`).toBe('live true')
    expect(told).not.toContain('reset false')
  })

  test('values without an id are told apart by themselves, and read again when they change', async () => {
    const { app, c } = await open()
    const live = c.$live<string>('/words/')
    await live.ready
    expect(live.rows).toEqual(['red', 'green'])
    await c.$request('POST', '/words/', { data: { word: 'blue' } })
    await expect.poll(() => live.rows).toEqual(['red', 'green', 'blue'])
    expect(live.changes).toEqual([{ kind: 'enter', id: 'blue', row: 'blue' }])
    await c.$request('DELETE', '/words/red')
    await expect.poll(() => [live.status, ...live.rows]).toEqual(['live', 'green', 'blue'])
    const box = c.$live<unknown>('/box')
    await box.ready
    expect(box.row).toEqual([1, null])
    await app.publish('/box', { patch: { a: 1 } })
    await expect.poll(() => box.status).toBe('live')
    expect(box.row).toEqual([1, null])
  })

  test('a list without a getter begins empty', async () => {
    const { c } = await open()
    // A stream is the answer to a GET, which is not allowed there.
    if (name === 'Server-Sent Events')
      return expect(c.$live('/bells/').ready).rejects.toMatchObject({ code: 'method_not_allowed' })
    const live = c.$live<{ tone: string }>('/bells/')
    await live.ready
    expect([live.status, live.rows]).toEqual(['live', []])
    await c.$request('POST', '/bells/', { data: { tone: 'c' } })
    await expect.poll(() => live.rows).toEqual([{ tone: 'c' }])
  })

  test('what is not there is refused', async () => {
    const { c } = await open()
    const live = c.$live('/lamps/7')
    await expect(live.ready).rejects.toThrow(Problem)
    expect([live.status, live.problem!.code]).toEqual(['refused', 'not_found'])
  })
})
