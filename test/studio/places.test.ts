// Where a row of a large table stands is found by a few questions.
import { describe, expect, test } from 'vitest'
import type { Filter, Row } from '../../studio/server/client.ts'
import type { TableSort } from '../../studio/data/window/keyset.ts'
import { Places } from '../../studio/data/window/places.ts'

const ROWS = 40_000

/** Answers as a server would, over rows whose ids are their places in ascending order. */
function serverOf(all: readonly Row[]): { ask: ConstructorParameters<typeof Places>[0]; readonly asked: number[] } {
  const asked: number[] = []
  const orders = new Map<string, readonly Row[]>()
  const ordered = (sort: readonly string[]): readonly Row[] => {
    const known = orders.get(sort.join()) ?? all.toSorted((a, b) => compare(a, b, sort))
    orders.set(sort.join(), known)
    return known
  }
  return {
    asked,
    ask: async (filter, options) => {
      const { sort, limit = 25, offset = 0 } = options as { sort: string[]; limit?: number; offset?: number }
      asked.push(offset)
      const found = ordered(sort).filter(row => matches(row, filter))
      return { rows: found.slice(offset, offset + limit), total: found.length, next: null }
    },
  }
}

function matches(row: Row, filter: Filter | null): boolean {
  return Object.entries(filter ?? {}).every(([name, test]) => {
    if (name === '$and') return (test as Filter[]).every(one => matches(row, one))
    if (name === '$or') return (test as Filter[]).some(one => matches(row, one))
    const value = row[name] as number | null
    return Object.entries(test as Record<string, number>).every(([operator, than]) => {
      if (operator === '$null') return (value === null) === Boolean(than)
      if (value === null) return false
      return { $gt: value > than, $gte: value >= than, $lt: value < than, $lte: value <= than, $eq: value === than }[
        operator
      ]
    })
  })
}

function compare(a: Row, b: Row, sort: readonly string[]): number {
  for (const word of sort) {
    const name = word.replace('-', '')
    const [x, y] = [a[name] as number | null, b[name] as number | null]
    if (x === y) continue
    if (x === null || y === null) return x === null ? 1 : -1
    return word.startsWith('-') ? y - x : x - y
  }
  return 0
}

const even = Array.from({ length: ROWS }, (_, i) => ({ id: i + 1, n: (i * 7919) % 40_009 }))
const steep = even.map(({ id }) => ({ id, n: Math.exp(id / 2_000) }))
const alike = even.map(({ id }) => ({ id, n: id % 3 }))
const gaps = even.map(({ id, n }) => ({ id, n: id % 10 === 0 ? null : n }))

const sortOf = (kind: TableSort['kind'], descending: boolean, nullable = false, field = 'n'): TableSort => ({
  field,
  kind,
  descending,
  nullable,
})

describe.each([
  ['even values', even, sortOf('integer', false), 20],
  ['even values, the greatest first', even, sortOf('integer', true), 20],
  ['values that grow faster and faster', steep, sortOf('number', false), 40],
  ['many rows with the same value', alike, sortOf('integer', false), 60],
  ['rows without a value', gaps, sortOf('integer', true, true), 40],
  ['ids', even, sortOf('integer', false, false, 'id'), 20],
  ['values that nobody can count with', even, sortOf('text', false), 50],
])('%s', (_, rows, sort, most) => {
  test('the place of a row is that of the row before it', async () => {
    const ordered = rows.toSorted((a, b) =>
      compare(a, b, sort.field === 'id' ? ['id'] : [`${sort.descending ? '-' : ''}n`, 'id']),
    )
    const server = serverOf(rows)
    const places = new Places(server.ask, sort, 'id')
    for (const index of [20_000, 39_900, 10_000, 100, 35_000])
      expect(await places.find(index, ROWS), String(index)).toMatchObject({ id: ordered[index - 1]!.id })
    expect(server.asked.length).toBeLessThan(most)
    expect(Math.max(...server.asked)).toBeLessThanOrEqual(4_000)
  })
})
