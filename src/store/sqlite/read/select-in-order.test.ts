import { afterAll, beforeAll, expect, test } from 'vitest'
import { link } from '../../../model/link/link.ts'
import { resource } from '../../../model/declare/resource.ts'
import { ID, type Resource, type Row } from '../../../model/model.ts'
import { everything, type Predicate, type SortKey } from '../../../query/predicate.ts'
import { t } from '../../../schema/builder.ts'
import { testEnvironment } from '../../../testing/store-suite/world.ts'
import type { Select } from '../../store.ts'
import { wait } from '../../work.ts'
import { sqlite } from '../index.ts'

const ROWS = 20_000
const model = link({
  row: resource({
    id: t.id(),
    rank: t.integer().index(),
    size: t.integer().nullable().index(),
    isOdd: t.bool().index(),
    word: t.text(),
  }),
})
const row: Resource = model.resources.get('row')!
const valuesOf = (i: number): Record<string, number | boolean | string | null> => ({
  id: i,
  rank: (i * 7919) % 2_000,
  size: i % 100 || null,
  isOdd: i % 2 === 1,
  word: `w${(i * 31) % 977}`,
})

const store = sqlite(':memory:')
beforeAll(() => {
  void store.open(model, testEnvironment({ now: 0 }))
  void store.load(
    row,
    Array.from({ length: ROWS }, (_, i): Row => {
      const values = valuesOf(i + 1)
      const made: Row = [i + 1, 0, 0]
      for (const field of row.columns) made[field.slot] = values[field.name]!
      return made
    }),
  )
})
afterAll(() => store.close())

const by = (...keys: string[]): SortKey[] =>
  keys.map(key => ({ path: [key.replace('-', '')], descending: key.startsWith('-') }))

/** Ids in an order, as JavaScript sorts them; nulls come last. */
function expected(sort: readonly SortKey[], fits: (values: ReturnType<typeof valuesOf>) => boolean): number[] {
  return Array.from({ length: ROWS }, (_, i) => valuesOf(i + 1))
    .filter(fits)
    .toSorted((a, b) => {
      for (const { path, descending } of sort) {
        const [x, y] = [a[path[0]!]!, b[path[0]!]!]
        if (x === y) continue
        if (x === null || y === null) return x === null ? 1 : -1
        return x > y === descending ? -1 : 1
      }
      return (a['id'] as number) - (b['id'] as number)
    })
    .map(({ id }) => id as number)
}

/** The ids of a page that may visit no more rows than a seventh of the table. */
async function pageOf(sort: readonly SortKey[], where: Predicate, more: Partial<Select> = {}): Promise<unknown[]> {
  const visits = { most: 3_000, account: null }
  const rows = await store.read(function* (snapshot) {
    return yield* wait(snapshot.select(row, { where, sort, limit: 26, offset: 0, cursor: null, visits, ...more }))
  })
  return rows.map(one => one[ID])
}

const atLeast = (field: string, value: number): Predicate => ({ kind: 'compare', op: 'gte', field, value })
const equal = (field: string, value: number): Predicate => ({ kind: 'compare', op: 'eq', field, value })

test.each<[string, SortKey[], Predicate, (values: ReturnType<typeof valuesOf>) => boolean]>([
  ['in ascending order', by('rank'), everything, () => true],
  ['in descending order', by('-rank'), everything, () => true],
  ['by a nullable field', by('-size'), everything, () => true],
  ['by a field that no index has after one that it has', by('-rank', 'word'), everything, () => true],
  ['of rows of which most fit the filter', by('-rank'), atLeast('size', 5), values => Number(values['size']) >= 5],
  ['of rows of which few fit the filter', by('-rank'), equal('size', 5), values => values['size'] === 5],
])('a page %s visits few rows', async (_, sort, where, fits) => {
  expect(await pageOf(sort, where)).toEqual(expected(sort, fits).slice(0, 26))
})

test('the page after a cursor visits few rows', async () => {
  const ids = expected(by('-rank'), () => true)
  const last = ids[9_999]!
  const cursor = { before: false, keys: [valuesOf(last)['rank']!, last] }
  expect(await pageOf(by('-rank'), everything, { cursor })).toEqual(ids.slice(10_000, 10_026))
})

test('where half of the rows are alike, or no index has the order, a page needs them all', async () => {
  await expect(pageOf(by('-isOdd'), everything)).rejects.toMatchObject({ code: 'too_complex' })
  await expect(pageOf(by('word'), everything)).rejects.toMatchObject({ code: 'too_complex' })
})
