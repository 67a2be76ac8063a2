import { ID, type Resource, type Row, type Value } from '../../model/model.ts'
import { compile, type Access } from '../../query/evaluate.ts'
import { orderOf, sorted, type Order } from '../../query/order.ts'
import type { SortKey } from '../../query/predicate.ts'
import type { ScopeField } from '../../query/scope.ts'
import type { Select } from '../store.ts'
import { rowsIn, type State } from './state.ts'

/** The rows that a query selects, in its order, also before a cursor. */
export function selected(state: State, resource: Resource, select: Select, access: Access<Row>): Row[] {
  const keys = sortKeys(resource, select.sort, access)
  const compare = (a: readonly Value[], b: readonly Value[]): number => {
    for (const [i, key] of keys.entries()) {
      const sign = key.order(a[i]!, b[i]!)
      if (sign !== 0) return sign
    }
    return 0
  }
  const { cursor, limit, offset } = select
  // In the order of ids already: no need to sort, and it can stop at the end of the page.
  if (select.sort.length === 0 && !cursor)
    return page(rowsIn(state, resource), compile(select.where, resource, access), select)
  const found = rowsIn(state, resource)
    .filter(compile(select.where, resource, access))
    .map(row => ({ row, keys: keys.map(key => key.read(row)) }))
    .toSorted((a, b) => compare(a.keys, b.keys))
    .filter(
      ({ keys: own }) => !cursor || (cursor.before ? compare(own, cursor.keys) < 0 : compare(own, cursor.keys) > 0),
    )
    .map(({ row }) => row)
  if (limit === null) return found.slice(offset)
  // Before a cursor, the page is the last part of what was found, not the first.
  return cursor?.before ? found.slice(Math.max(0, found.length - limit)) : found.slice(offset, offset + limit)
}

/** A page of rows that are already in order. Stops at its end. */
function page(rows: readonly Row[], test: (row: Row) => boolean, { limit, offset }: Select): Row[] {
  const found: Row[] = []
  const end = limit === null ? Infinity : offset + limit
  for (const row of rows) {
    if (found.length >= end) break
    if (test(row)) found.push(row)
  }
  return found.slice(offset)
}

interface Key {
  readonly read: (row: Row) => Value
  readonly order: Order
}

function sortKeys(resource: Resource, sort: readonly SortKey[], access: Access<Row>): Key[] {
  const keys = sort.map(({ path, descending }): Key => {
    const { field, read } = reader(resource, path, access)
    return { read, order: sorted(orderOf(field.type), descending) }
  })
  const hasId = sort.some(({ path }) => path.length === 1 && path[0] === resource.id.name)
  return hasId ? keys : [...keys, { read: row => row[ID]!, order: orderOf(resource.idType) }]
}

/** Reads a value at the end of a path of to-one relations; null if one of them leads nowhere. */
function reader(
  resource: Resource,
  path: readonly string[],
  access: Access<Row>,
): { field: ScopeField; read: (row: Row) => Value } {
  const [name, ...rest] = path
  const field = resource.field.get(name!)
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
