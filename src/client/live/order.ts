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
  const [x, y] = [a, b].map(text => /^-?0*(\d*)\.?(\d*)$/.exec(text)!)
  const sign = a.startsWith('-') ? -1 : 1
  if (sign !== (b.startsWith('-') ? -1 : 1)) return sign
  const places = Math.max(x![2]!.length, y![2]!.length)
  const digits = [x!, y!].map(([, whole, rest]) => (whole! + rest!.padEnd(places, '0')).replace(/^0+/, ''))
  return sign * (digits[0]!.length - digits[1]!.length || compareText(digits[0]!, digits[1]!))
}

/** The order of a query: its sort keys, nulls last, and the id as the last key (docs/protocol.md §4.4). */
export function orderOf(sort: readonly string[], told: readonly Comparison[] = []): Compare {
  const keys = sort.map((key, i) => {
    const isDescending = key.startsWith('-')
    const order = comparisons[told[i] ?? 'text']
    return { path: key.slice(isDescending ? 1 : 0).split('.'), order: sorted(order, isDescending) }
  })
  return (a, b) => {
    for (const { path, order } of keys) {
      const difference = order(valueAt(a.row, path), valueAt(b.row, path))
      if (difference !== 0) return difference
    }
    return compareIds(a.id, b.id)
  }
}

/** Temporary ids of rows that are being created are texts, and come after numbers. */
const compareIds = (a: Id, b: Id): number =>
  typeof a === typeof b ? compareShown(a, b) : typeof a === 'string' ? 1 : -1

/** Whether rows that are shown like this one tell their order. */
export function tellsOrder(row: Row, sort: readonly string[]): boolean {
  return sort.every(key => {
    let value: unknown = row
    for (const name of key.replace('-', '').split('.')) {
      if (value === null) return true
      if (!isObject(value) || !(name in value)) return false
      value = value[name]
    }
    return true
  })
}

/** The value at a path. A related row counts as its id. */
function valueAt(row: Row, path: readonly string[]): Value {
  let value: any = row // oxlint-disable-line typescript/no-explicit-any -- anything that a row shows
  for (const name of path) value = value?.[name]
  return idOf(value) as Value
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
