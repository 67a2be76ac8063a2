import { sorted, type Order } from '../../query/order.ts'
import { byNumber, compareText } from '../../schema/compare.ts'
import type { Value } from '../../schema/value.ts'
import type { Id } from '../call.ts'
import { isObject, isRow } from './share.ts'

export type Row = Readonly<Record<string, any>> // oxlint-disable-line typescript/no-explicit-any -- the types of the client say what it has

/** The ids of rows in live queries that do not show their own. */
const ids = new WeakMap<Row, Id>()

/** Returns the row, of which the id is known from now on. */
export function withId(row: Row, id: Id): Row {
  if (isObject(row) && row['id'] !== id) ids.set(row, id)
  return row
}

/** The id of a row in a live query. What functions serve may have none: then a value is told apart by itself. */
export const idIn = (row: Row): Id => ids.get(row) ?? (row as Row | null)?.['id'] ?? row

/** How values of a field compare, as the server tells it. null = only the server can tell. */
export type Comparison = 'number' | 'text' | 'decimal' | 'moment' | null

/** Compares values as they are shown: text by code point, numbers and booleans by size. Neither is null. */
export const compareShown: Order = (a, b) => (typeof a === 'string' ? compareText(a, b as string) : byNumber(a, b))

/** The comparisons of values that are not shown as what they are. */
const comparisons: { readonly [X in NonNullable<Comparison>]?: Order } = {
  decimal: compareDecimals,
  moment: (a, b) => Date.parse(a as string) - Date.parse(b as string),
}

/** Numbers with more digits than JavaScript keeps are shown as texts. */
function compareDecimals(...values: readonly Value[]): number {
  const texts = values.map(value => String(value as number | string).split('.'))
  const places = Math.max(...texts.map(([, rest = '']) => rest.length))
  const [a, b] = texts.map(([whole, rest = '']) => BigInt(whole + rest.padEnd(places, '0')))
  return Number(a! - b!)
}

/** The order of a query. */
export interface QueryOrder {
  readonly compare: (a: Row, b: Row) => number
  /** Whether a row that is shown like this one tells its place. */
  readonly tells: (row: Row) => boolean
}

/** The order by sort keys, nulls last, and by the id as the last key (docs/protocol.md §4.4). */
export function orderOf(sort: readonly string[], told: readonly Comparison[] = []): QueryOrder {
  const keys = sort.map((key, i) => ({
    path: key.replace('-', '').split('.'),
    order: sorted(comparisons[told[i]!] ?? compareShown, key.startsWith('-')),
  }))
  return {
    compare(a, b) {
      for (const { path, order } of keys) {
        const difference = order(valueAt(a, path) ?? null, valueAt(b, path) ?? null)
        if (difference !== 0) return difference
      }
      return compareIds(idIn(a), idIn(b))
    },
    tells: row => !told.includes(null) && keys.every(({ path }) => valueAt(row, path) !== undefined),
  }
}

/** Temporary ids of rows that are being created are texts, and come after numbers. */
const compareIds = (a: Id, b: Id): number =>
  typeof a === typeof b ? compareShown(a, b) : typeof a === 'string' ? 1 : -1

/** The value at a path; undefined = the row does not show it. A related row counts as its id. */
function valueAt(row: Row, path: readonly string[]): Value | undefined {
  const value = path.reduce<unknown>((of, name) => (of === null ? null : isRow(of) ? of[name] : undefined), row)
  return value === undefined ? undefined : (idOf(value) as Value)
}

/** The id of a related row that is shown as a row; any other value as it is. */
export function idOf(value: unknown): unknown {
  return (isRow(value) ? value['id'] : value) ?? null
}

/** The place of a row in an ordered list: before all that are not smaller. */
export function placeOf(rows: readonly Row[], row: Row, compare: QueryOrder['compare']): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(rows[middle]!, row) < 0) low = middle + 1
    else high = middle
  }
  return low
}
