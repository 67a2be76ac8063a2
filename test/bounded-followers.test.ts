// What subscriptions are told later, what they catch up with, and what is read of the past, is bounded as snapshots are.
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import type { Snapshot } from '../src/store/store.ts'
import { served } from './speakers.ts'

const quiet = { report: () => {}, http: { log: () => {} } }

describe.each<[string, () => Store]>([
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
])('over %s', (_, store) => {
  const owner = resource({
    id: t.id(),
    notes: t.back('note', 'owner', { ids: false }),
    count: t.count('notes').sortable(),
  }).public()
  const note = resource({ id: t.id(), text: t.text(), owner: t.one('owner', { inverse: 'notes' }) }).public()

  test.each([
    ['related rows that a row shows', 'owner?depth=2'],
    ['a query that runs again', 'owner?depth=2&sort=-count'],
  ])(
    'a view that outgrows the bytes of a snapshot ends with too_complex, and nobody is at fault: %s',
    async (_name, uri) => {
      const faults: unknown[] = []
      const limits = { snapshotBytes: 4_000 }
      const app = api({ owner, note }, { store: store(), limits, ...quiet, onFault: fault => faults.push(fault) })
      await app.post('owner', [{}, {}])
      for (let i = 0; i < 12; i++) await app.post('note', { text: 'x'.repeat(100), owner: 1 })
      const native = await NativeClient.open(`ws://127.0.0.1:${await served(app)}/`)
      onTestFinished(() => native.cut())
      expect((await native.ask({ op: 'subscribe', uri })).error).toBeUndefined()
      for (let id = 1; id <= 12; id++) await app.patch('note', id, { text: 'y'.repeat(600) })
      expect((await native.hear(frame => frame.error !== undefined)).error.error).toBe('too_complex')
      expect(faults).toEqual([])
    },
  )
})

test('windows of one list read it once', async () => {
  const inner = memory()
  const reads: string[] = []
  const heard = (snapshot: Snapshot): Snapshot =>
    new Proxy(snapshot, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => {
          if (name === 'select' || name === 'many') reads.push(name)
          return Reflect.apply(value, target, args)
        }
      },
    })
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'read') return (work: (snapshot: Snapshot) => never) => inner.read(s => work(heard(s)))
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const note = resource({ id: t.id(), rank: t.integer(), text: t.text() }).public()
  const app = api({ note }, { store, ...quiet })
  onTestFinished(() => app.close())
  for (let i = 0; i < 60; i++) await app.post('note', { rank: (i * 7) % 60, text: `${i}` })
  const native = await NativeClient.open(`ws://127.0.0.1:${await served(app)}/`)
  onTestFinished(() => native.cut())
  const follow = async (uri: string): Promise<[number[], string[]]> => {
    reads.length = 0
    await native.ask({ op: 'subscribe', uri })
    const { data } = await native.hear(frame => frame.op === 'snapshot')
    return [(data as { rank: number }[]).map(row => row.rank), reads.splice(0)]
  }
  expect(await follow('note?sort=-rank&limit=4')).toEqual([[59, 58, 57, 56], ['select']])
  // Its rows are those of the list already.
  expect(await follow('note?sort=-rank&limit=3')).toEqual([[59, 58, 57], ['many']])
  expect(await follow('note?sort=-rank&limit=3&offset=20')).toEqual([[39, 38, 37], ['select']])
  expect(await follow('note?sort=-rank&limit=3&fields=rank,text')).toEqual([[59, 58, 57], ['many']])
})

test('the past is read as far as its records have no more bytes than one request may undo', async () => {
  const note = resource({ id: t.id(), data: t.json() }).public()
  const store = sqlite(':memory:')
  const app = api({ note }, { store, ...quiet })
  onTestFinished(() => app.close())
  await app.post('note', { data: 0 })
  const begin = store.terms.position((await store.commits(0, 100))!.at(-1)!.position)
  for (let i = 0; i < 6; i++) await app.patch('note', 1, { data: `${i}`.padEnd(900_000, 'x') })
  const late = store.terms.position((await store.commits(0, 100))!.at(-1)!.position - 1)
  const get = async (path: string): Promise<unknown[]> => {
    const answer = await app.fetch(new Request(`http://localhost${path}`))
    return [answer.status, (await answer.json()).error]
  }
  expect(await get(`/note/1?at=${begin}`)).toEqual([400, 'too_complex'])
  expect(await get(`/note?at=${begin}`)).toEqual([400, 'too_complex'])
  expect(await get(`/note/1?at=${late}`)).toEqual([200, undefined])
  expect(await get(`/note?at=${late}`)).toEqual([200, undefined])
  const history = await app.fetch(new Request('http://localhost/note/1/history?limit=100'))
  expect([history.status, ((await history.json()) as unknown[]).length]).toEqual([200, 1])
})
