// Filters compare JSON fields as JSON values, on every store and in live lists.
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t } from '../src/index.ts'
import { slow } from '../src/testing/slow-store.ts'

const VALUES = [
  { a: 1, b: { c: [1, { x: null }], d: 'é' } },
  { b: { d: 'é', c: [1, { x: null }] }, a: 1 },
  { a: 1 },
  [1, 2],
  [2, 1],
  3,
  '3',
  '',
  true,
  null,
  {},
] as const

describe.each([
  ['SQLite', () => sqlite(':memory:')],
  ['memory', () => memory()],
  ['an asynchronous store', () => slow(memory())],
] as const)('over %s', (_, store) => {
  const start = async () => {
    const note = resource({ id: t.id(), data: t.json().nullable() }).public()
    const app = api({ note }, { store: store(), report: () => {} })
    onTestFinished(() => app.close())
    await app.post(
      'note',
      VALUES.map(data => ({ data })),
    )
    return app
  }

  test.each<[unknown, number[]]>([
    [{ $eq: { b: { c: [1, { x: null }], d: 'é' }, a: 1 } }, [1, 2]],
    [{ $eq: { a: 1 } }, [3]],
    [{ $eq: {} }, [11]],
    [{ $eq: [1, 2] }, [4]],
    [3, [6]],
    ['3', [7]],
    [{ $eq: '' }, [8]],
    [true, [9]],
    [null, [10]],
    [{ $ne: { a: 1 } }, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]],
    [{ $ne: null }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 11]],
    [{ $eq: { a: 2 } }, []],
  ])('data: %j', async (data, ids) => {
    const app = await start()
    const rows = await app.list('note', { filter: { data } as never })
    expect(rows.map(({ id }) => id)).toEqual(ids)
    const not = await app.list('note', { filter: { $not: { data } } as never })
    expect(not.map(({ id }) => id)).toEqual(VALUES.map((_, i) => i + 1).filter(id => !ids.includes(id)))
  })

  test('in the flat form the value is JSON text', async () => {
    const app = await start()
    const idsOf = async (value: string): Promise<unknown> => {
      const response = await app.fetch(new Request(`http://localhost/note?data=${encodeURIComponent(value)}`))
      return ((await response.json()) as { id: number }[]).map(({ id }) => id)
    }
    expect(await idsOf('{"a":1}')).toEqual([3])
    expect(await idsOf('"3"')).toEqual([7])
    expect(await idsOf('3')).toEqual([6])
  })

  test('a live list follows', async () => {
    const app = await start()
    const following = app.live('note', { filter: { data: { $eq: { open: true } } } })
    expect((await following.next()).value!.rows).toEqual([])
    await app.patch('note', 1, { data: { a: null, b: null, open: true } })
    expect((await following.next()).value!.rows).toEqual([{ id: 1, data: { open: true } }])
    await app.patch('note', 1, { data: { open: false } })
    expect((await following.next()).value!.rows).toEqual([])
    await following.return()
  })
})

test('what a JSON field cannot be compared by is refused with what it can', async () => {
  const app = api({ note: resource({ id: t.id(), data: t.json() }).public() }, { report: () => {} })
  onTestFinished(() => app.close())
  const response = await app.fetch(new Request('http://localhost/note?filter={"data":{"$gt":1}}'))
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    detail: expect.stringContaining('data has no operator $gt; it has $eq, $ne, $null'),
  })
})
