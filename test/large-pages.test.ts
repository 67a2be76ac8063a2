// Pages of what the log tells end early where its rows are large.
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import { served } from './speakers.ts'

const LARGE = 200_000
const TIMES = 12

test.each(['/note/1/history', '/changes'])('pages of %s are bounded in bytes, and lead to all there is', async path => {
  const note = resource({ id: t.id(), data: t.json().nullable() }).public()
  const app = api({ note }, { store: memory(), report: () => {}, http: { log: () => {}, changes: () => true } })
  onTestFinished(() => app.close())
  await app.post('note', {})
  for (let i = 0; i < TIMES; i++) await app.patch('note', 1, { data: `${i}`.padEnd(LARGE, 'x') })
  const sizes: number[] = []
  const positions: string[] = []
  for (let next: string | null = `${path}?limit=100`; next !== null;) {
    const answer: Response = await app.fetch(new Request(`http://localhost${next}`))
    expect(answer.status).toBe(200)
    const text = await answer.text()
    sizes.push(text.length)
    const records = JSON.parse(text) as { position: string }[]
    positions.push(...records.map(one => one.position))
    const link = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
    next = records.length === 0 ? null : link
  }
  expect(new Set(positions).size).toBe(1 + TIMES)
  expect(positions).toHaveLength(1 + TIMES)
  // A page ends with the record that fills it.
  expect(Math.max(...sizes)).toBeLessThan(app.engine.limits.pageBytes + 3 * LARGE)
  expect(sizes.length).toBeGreaterThan(3)
})

test('pages of lists are bounded in bytes, and lead to all there is in both directions', async () => {
  const twice = t.calc({ of: t.integer(), get: row => Number(row['rank']) * 2 }).sortable()
  const note = resource({ id: t.id(), rank: t.integer(), data: t.json(), twice }).public()
  const limits = { listBytes: 1_000 }
  const app = api({ note }, { store: memory(), limits, report: () => {}, http: { log: () => {} } })
  onTestFinished(() => app.close())
  for (let i = 0; i < TIMES; i++) await app.post('note', { rank: -i, data: `${i}`.padEnd(400, 'x') })
  await app.post('note', { rank: -TIMES, data: 'y'.repeat(5_000) })
  let last = ''
  const walk = async (from: string, rel: string): Promise<number[][]> => {
    const pages: number[][] = []
    for (let url: string | undefined = from; url !== undefined;) {
      last = url
      const answer: Response = await app.fetch(new Request(`http://localhost${url}`))
      const text = await answer.text()
      const ids = (JSON.parse(text) as { id: number }[]).map(row => row.id)
      expect(text.length < 1_100 || ids.length === 1).toBe(true)
      pages.push(ids)
      url = new RegExp(`<([^>]+)>; rel="${rel}"`).exec(answer.headers.get('link') ?? '')?.[1]
    }
    return pages
  }
  const all = Array.from({ length: TIMES + 1 }, (_, i) => TIMES + 1 - i)
  const forwards = await walk('/note?sort=rank&limit=100', 'next')
  expect(forwards.flat()).toEqual(all)
  expect(forwards).toHaveLength(1 + TIMES / 2)
  const backwards = await walk(last, 'prev')
  expect(backwards.toReversed().flat()).toEqual(all)
  // A list that is sorted in memory has no cursors.
  const computed = await app.fetch(new Request('http://localhost/note?sort=twice'))
  expect([computed.status, (await computed.json()).error]).toEqual([400, 'too_complex'])
  expect(await app.list('note', { limit: 100 })).toHaveLength(TIMES + 1)
})

describe.each<[string, () => Store]>([
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
])('large rows over %s', (name, store) => {
  const owner = resource({ id: t.id(), notes: t.back('note', 'owner', { ids: false }) }).public()
  const twice = t.calc({ of: t.integer(), get: row => Number(row['rank']) * 2 }).sortable()
  const note = resource(
    {
      id: t.id(),
      rank: t.integer(),
      data: t.json(),
      twice,
      owner: t.one('owner', { inverse: 'notes' }),
    },
    { bulk: true },
  ).public()

  async function open(listBytes = 2_000) {
    const limits = { listBytes, snapshotBytes: 12_000 }
    const app = api({ owner, note }, { store: store(), limits, report: () => {}, http: { log: () => {} } })
    onTestFinished(() => app.close())
    await app.post('owner', [{}, {}, {}, {}])
    for (let i = 0; i < 12; i++)
      await app.post('note', { rank: i, data: `${i}`.padEnd(900, 'x'), owner: 1 + (i % 4) } as never)
    const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
      app.fetch(new Request(`http://localhost${path}`, init))
    return { app, ask }
  }

  test('a page ends before there is more to load than it may have, whatever it shows, and leads on', async () => {
    const { app, ask } = await open()
    const { position } = (await app.store.commits(0, 100))!.at(-1)!
    await app.patch('note', 5, { rank: 99 })
    const at = app.store.terms.position(position)
    for (const query of ['fields=data', 'fields=id', 'sort=-rank&fields=id', `at=${at}&fields=id`]) {
      const ids: unknown[] = []
      let most = 0
      for (let url: string | undefined = `/note?limit=100&${query}`; url !== undefined;) {
        const answer: Response = await ask(url)
        expect([query, answer.status]).toEqual([query, 200])
        const rows = await answer.json()
        most = Math.max(most, rows.length)
        ids.push(...rows)
        url = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
      }
      expect([query, ids.length]).toEqual([query, 12])
      if (name === 'sqlite' || query === 'fields=data') expect(most).toBeLessThan(4)
    }
  })

  test('a page has fewer rows if they show many bytes of others', async () => {
    const { ask } = await open(3_000)
    const answer = await ask('/owner?limit=4&include=notes')
    const page = (await answer.json()) as { notes: unknown[] }[]
    expect([answer.status, page.length, page[0]!.notes.length]).toEqual([200, 1, 3])
    expect(answer.headers.get('link')).toContain('rel="next"')
  })

  test('a long page is written in several turns, on HTTP and sockets', async () => {
    const app = api({ owner, note }, { store: store(), report: () => {}, http: { log: () => {} } })
    const native = await NativeClient.open(`ws://127.0.0.1:${await served(app)}/`)
    onTestFinished(() => native.cut())
    await app.post('owner', {})
    const data = (i: number): string => `${i}`.padEnd(100_000, 'é')
    for (let i = 0; i < 9; i++) await app.post('note', { rank: i, data: data(i), owner: 1 } as never)
    const turnsOf = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
      let turns = 0
      let next = setImmediate(function count() {
        turns++
        next = setImmediate(count)
      })
      const result = await work()
      clearImmediate(next)
      return [turns, result]
    }
    const list = async (query: string): Promise<unknown[]> =>
      (await (await app.fetch(new Request(`http://localhost/note?limit=100&fields=data${query}`))).json()) as unknown[]
    const expected = Array.from({ length: 9 }, (_, i) => ({ data: data(i) }))
    const [few] = await turnsOf(() => list('&rank[lt]=2'))
    const [many, all] = await turnsOf(() => list('&rank[gte]=0'))
    expect(all).toEqual(expected)
    expect(many).toBeGreaterThanOrEqual(few + 2)
    expect(await list('&sort=-rank')).toEqual(expected.toReversed())
    expect((await native.ask({ op: 'list', uri: '/note?limit=100&fields=data' })).data).toEqual(expected)
  })

  test('what cannot be shortened is refused', async () => {
    const { app, ask } = await open()
    await app.post('note', Array.from({ length: 9 }, () => ({ rank: 0, data: 'y'.repeat(900), owner: 1 })) as never)
    const refusal = async (path: string, init?: RequestInit): Promise<unknown[]> => {
      const answer = await ask(path, init)
      return [answer.status, (await answer.json()).error]
    }
    const init = { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"rank":0}' }
    expect(await refusal('/owner/1?depth=2')).toEqual([400, 'too_complex'])
    const headers = { accept: 'text/event-stream' }
    expect(await refusal('/note', { headers })).toEqual([400, 'too_complex'])
    expect(await refusal('/owner?depth=2', { headers })).toEqual([400, 'too_complex'])
    const fits = await ask('/note?rank[gt]=2', { headers })
    expect(fits.status).toBe(200)
    await fits.body!.cancel()
    expect(await refusal('/note?sort=twice')).toEqual([400, 'too_complex'])
    expect(await refusal('/note?id[gt]=0', init)).toEqual([400, 'too_complex'])
    expect(await app.list('note', { filter: { rank: 0 } })).toHaveLength(10)
  })
})
