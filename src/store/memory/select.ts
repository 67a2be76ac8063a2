import { ID, type Id, type Resource, type Row, type Value } from '../../model/model.ts'
import { compileTest, type RowAccess } from '../../query/evaluate.ts'
import { orderOf, sorted, type Order } from '../../query/order.ts'
import type { SortKey } from '../../query/predicate.ts'
import type { ScopeField } from '../../query/scope.ts'
import type { Meter } from '../meter.ts'
import type { Select } from '../store.ts'
import { accessTo } from './row-access.ts'
import { rowsIn, type MemoryState } from './state.ts'

/** Rows that are looked at between two places where the work may pause. */
const PAUSE = 500
/** Matching rows beyond the page that are held before those that cannot be on it are dropped. */
const HELD = 5_000

/** Work that may be paused wherever it yields. */
export type Pausing<T> = Generator<void, T>

/** The same in one go. */
export function finished<T>(work: Pausing<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

/** The rows that a list asks for, in its order, whichever way its cursor goes. */
export function* selected(state: MemoryState, resource: Resource, select: Select, meter: Meter): Pausing<Row[]> {
  const access = accessTo(state, meter)
  const keys = sortKeys(resource, select.sort, access)
  const compare = (a: readonly Value[], b: readonly Value[]): number => {
    for (const [i, key] of keys.entries()) {
      const sign = key.order(a[i] ?? null, b[i] ?? null)
      if (sign !== 0) return sign
    }
    return 0
  }
  const { cursor, limit, offset } = select
  const rows = rowsIn(state, resource)
  const test = compileTest(select.where, resource, access)
  // In the order of ids already: no need to sort, and it can stop at the end of the page.
  if (select.sort.length === 0 && !cursor) {
    const found = yield* matching(rows, test, limit === null ? Infinity : offset + limit, meter)
    return found.slice(offset)
  }
  // Before a cursor the page is the end of what is there, not its beginning.
  const isBackwards = cursor?.before ?? false
  const direction = isBackwards ? -1 : 1
  const page = limit === null ? Infinity : isBackwards ? limit : offset + limit
  let found: { readonly row: Row; readonly keys: readonly Value[] }[] = []
  const keepFirst = (): void => {
    found = found.toSorted((a, b) => direction * compare(a.keys, b.keys))
    if (found.length > page) found.length = page
  }
  for (const [i, row] of rows.entries()) {
    if (i % PAUSE === PAUSE - 1) yield
    meter.visit()
    if (!test(row)) continue
    const own = keys.map(key => key.read(row))
    if (cursor && direction * compare(own, cursor.keys) <= 0) continue
    found.push({ row, keys: own })
    if (found.length >= page + HELD) keepFirst()
  }
  keepFirst()
  const ordered = found.map(({ row }) => row)
  return isBackwards ? ordered.toReversed() : ordered.slice(offset)
}

/** The rows that match, `most` of them at most; what lies behind them is not looked at. */
export function* matching(
  rows: readonly Row[],
  test: (row: Row) => boolean,
  most: number,
  meter: Meter,
): Pausing<Row[]> {
  const found: Row[] = []
  for (const [i, row] of rows.entries()) {
    if (found.length >= most) break
    if (i % PAUSE === PAUSE - 1) yield
    meter.visit()
    if (test(row)) found.push(row)
  }
  return found
}

interface Key {
  readonly read: (row: Row) => Value
  readonly order: Order
}

function sortKeys(resource: Resource, sort: readonly SortKey[], access: RowAccess<Row>): Key[] {
  const keys = sort.map(({ path, descending }): Key => {
    const { field, read } = reader(resource, path, access)
    return { read, order: sorted(orderOf(field.type), descending) }
  })
  const hasId = sort.some(({ path }) => path.length === 1 && path[0] === resource.id.name)
  return hasId ? keys : [...keys, { read: row => row[ID] as Id, order: orderOf(resource.idType) }]
}

/** Reads a value at the end of a path of to-one relations; null if one of them leads nowhere. */
function reader(
  resource: Resource,
  path: readonly string[],
  access: RowAccess<Row>,
): { field: ScopeField; read: (row: Row) => Value } {
  const [name = '', ...rest] = path
  const field = resource.field.get(name)
  if (!field) throw new Error(`${resource.name} has no field ${name}`)
  if (rest.length === 0) {
    if (field.is !== 'back') return { field, read: access.value(field) }
    const other = access.one(field)
    return { field, read: row => other(row)?.[ID] ?? null }
  }
  const next = reader(field.target as Resource, rest, access)
  const other = access.one(field)
  return {
    field: next.field,
    read: row => {
      const there = other(row)
      return there === null ? null : next.read(there)
    },
  }
}
