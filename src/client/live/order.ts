import { sorted, type Order } from '../../query/order.ts'
import { byNumber, compareText } from '../../schema/compare.ts'
import type { Value } from '../../schema/value.ts'
import type { Id } from '../call.ts'
import { isObject } from './share.ts'

export type Row = Readonly<Record<string, any>> // oxlint-disable-line typescript/no-explicit-any -- the types of the client say what it has

/** A row in a live query, by its id, which the row itself need not show. */
export interface Entry {
  readonly id: Id
  readonly row: Row
}

export type Compare = (a: Entry, b: Entry) => number

/** How values of a field compare, as the server tells it. null = only the server can tell. */
export type Comparison = 'number' | 'text' | 'decimal' | 'moment' | null

/** Compares values as they are shown: text by code point, numbers and booleans by size. Neither is null. */
export const compareShown: Order = (a, b) => (typeof a === 'string' ? compareText(a, b as string) : byNumber(a, b))

const comparisons: Readonly<Record<NonNullable<Comparison>, Order>> = {
  number: compareShown,
  text: compareShown,
  // Numbers with more digits than JavaScript keeps are shown as texts.
  decimal: (a, b) => compareDecimals(textOf(a), textOf(b)),
  moment: (a, b) => Date.parse(a as string) - Date.parse(b as string),
}

const textOf = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value))

function compareDecimals(a: string, b: string): number {
  const places = Math.max(...[a, b].map(text => text.split('.')[1]?.length ?? 0))
  const scaled = (text: string): bigint => {
    const [whole, rest = ''] = text.split('.')
    return BigInt(whole! + rest.padEnd(places, '0'))
  }
  return Number(scaled(a) - scaled(b))
}

/** The order of a query. */
export interface QueryOrder {
  readonly compare: Compare
  /** Whether a row that is shown like this one tells its place. */
  readonly tells: (row: Row) => boolean
}

/** The order by sort keys, nulls last, and by the id as the last key (docs/protocol.md §4.4). */
export function orderOf(sort: readonly string[], told: readonly Comparison[] = []): QueryOrder {
  const keys = sort.map((key, i) => {
    const isDescending = key.startsWith('-')
    const path = key.slice(isDescending ? 1 : 0).split('.')
    return { path, order: sorted(comparisons[told[i] ?? 'text'], isDescending) }
  })
  return {
    compare(a, b) {
      for (const { path, order } of keys) {
        const difference = order(valueAt(a.row, path) ?? null, valueAt(b.row, path) ?? null)
        if (difference !== 0) return difference
      }
      return compareIds(a.id, b.id)
    },
    tells: row => !told.includes(null) && keys.every(({ path }) => valueAt(row, path) !== undefined),
  }
}

/** Temporary ids of rows that are being created are texts, and come after numbers. */
const compareIds = (a: Id, b: Id): number =>
  typeof a === typeof b ? compareShown(a, b) : typeof a === 'string' ? 1 : -1

/** The value at a path; undefined = the row does not show it. A related row counts as its id. */
function valueAt(row: Row, path: readonly string[]): Value | undefined {
  let value: unknown = row
  for (const name of path) {
    if (value === null) return null
    value = isObject(value) ? value[name] : undefined
  }
  return value === undefined ? undefined : (idOf(value) as Value)
}

/** The id of a related row that is shown as a row; any other value as it is. */
export function idOf(value: unknown): unknown {
  return isObject(value) && !Array.isArray(value) ? (value['id'] ?? null) : (value ?? null)
}

/** The place of an entry in an ordered list: before all that are not smaller. */
export function placeOf(entries: readonly Entry[], entry: Entry, compare: Compare): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(entries[middle]!, entry) < 0) low = middle + 1
    else high = middle
  }
  return low
}
