import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError } from '../../protocol/error.ts'
import { byNumber, byText } from '../../schema/compare.ts'
import type { Value } from '../../schema/field.ts'
import type { BackField, CalcField, Field, Id, ManyField, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { orderOf, sorted, type Order } from '../../query/order.ts'
import type { Predicate, Query, SortKey } from '../../query/predicate.ts'
import type { Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { readRow } from './row-for-functions.ts'
import { group, relatedIds, visiblePairs } from './load-related.ts'
import type { Permissions } from '../rules/permissions.ts'

/** What sorting in memory needs. */
type Sorting = Pick<ReadEnvironment, 'ctx' | 'permissions' | 'sortedRows' | 'visits'>

/**
 * The rows of a query that the store cannot sort or filter by itself: it sorts by calculated fields or to-many lists, or a rule
 * is a function. All matching rows are loaded, up to a limit, and sorted here. Null if the store can do it.
 */
export function* ordered(
  snapshot: Snapshot,
  resource: Resource,
  where: Predicate,
  query: Query,
  reading: Sorting,
): Work<Row[] | null> {
  const special = query.sort.some(key => key.path.length === 1 && isComputed(resource.field.get(key.path[0]!)))
  const { opaque } = reading.permissions.read(resource)
  if (!special && !opaque) return null
  if (query.cursor)
    throw new ApiError('validation', {
      issues: [
        {
          code: 'unknown_param',
          parameter: 'cursor',
          detail: 'a list sorted by a calculated field has no cursors; use offset',
        },
      ],
    })
  const { sortedRows, visits } = reading
  const found = yield* wait(
    snapshot.select(resource, { where, sort: [], limit: sortedRows + 1, offset: 0, cursor: null, visits }),
  )
  const rows = opaque ? found.filter(opaque) : found
  if (found.length > sortedRows)
    throw new ApiError('too_complex', {
      detail: `sorting by a calculated field takes at most ${sortedRows} rows; filter more or sort by a stored field`,
    })
  const columns: { order: Order; values: Map<Row, Value> }[] = []
  for (const key of query.sort) columns.push(yield* column(snapshot, resource, key, rows, reading))
  const byId = sorted(orderOf(resource.idType), false)
  const result = rows.toSorted((a, b) => {
    for (const { order, values } of columns) {
      const difference = order(getOrThrow(values, a), getOrThrow(values, b))
      if (difference !== 0) return difference
    }
    return byId(a[ID]!, b[ID]!)
  })
  return result.slice(query.offset, query.limit === null ? undefined : query.offset + query.limit)
}

function isComputed(field: Field | undefined): boolean {
  return field?.is === 'calc' || field?.is === 'count' || field?.is === 'back' || field?.is === 'many'
}

/** The values of one sort key for every row, and their order. */
function* column(
  snapshot: Snapshot,
  resource: Resource,
  key: SortKey,
  rows: readonly Row[],
  reading: Sorting,
): Work<{ order: Order; values: Map<Row, Value> }> {
  const field = getOrThrow(resource.field, key.path[0]!)
  const values = new Map<Row, Value>()
  switch (field.is) {
    case 'back':
    case 'many': {
      const lists = yield* listsOf(snapshot, field, rows, reading.permissions)
      if (!field.toMany) {
        // The other side of a one-to-one relation has at most one id, and sorts like a field with one.
        for (const row of rows) values.set(row, lists.get(row[ID] as Id)?.[0] ?? null)
        return { order: sorted(orderOf(field.target.idType), key.descending), values }
      }
      for (const row of rows) values.set(row, lists.get(row[ID] as Id) ?? [])
      return { order: sorted(compareLists, key.descending), values }
    }
    case 'count': {
      const lists = yield* listsOf(snapshot, field.of, rows, reading.permissions)
      for (const row of rows) values.set(row, (lists.get(row[ID] as Id) ?? []).length)
      return { order: sorted(byNumber, key.descending), values }
    }
    case 'calc':
      yield* calculate(snapshot, field, rows, reading, values)
      return { order: sorted(compareAny, key.descending), values }
    case 'scalar':
    case 'one':
      yield* followPath(snapshot, resource, key.path, rows, values)
      return { order: sorted(orderOf(typeAt(resource, key.path)), key.descending), values }
    case 'self':
      throw new TypeError('a link is not sortable')
  }
}

function* listsOf(
  snapshot: Snapshot,
  field: BackField | ManyField,
  rows: readonly Row[],
  permissions: Permissions,
): Work<Map<Id, Id[]>> {
  const owners = rows.map(row => row[ID] as Id)
  const guard = permissions.read(field.target)
  const pairs = guard.open
    ? yield* wait(relatedIds(snapshot, field, owners, null))
    : yield* visiblePairs(snapshot, field, owners, guard, null)
  return group(pairs)
}

function* calculate(
  snapshot: Snapshot,
  field: CalcField,
  rows: readonly Row[],
  reading: Sorting,
  into: Map<Row, Value>,
): Work<void> {
  const used: [string, Map<Id, Id[]>][] = []
  for (const name of field.uses ?? []) {
    const relation = field.owner.field.get(name)
    if (relation?.is === 'back' || relation?.is === 'many')
      used.push([name, yield* listsOf(snapshot, relation, rows, reading.permissions)])
  }
  for (const row of rows) {
    const related = new Map(used.map(([name, lists]) => [name, lists.get(row[ID] as Id) ?? []]))
    into.set(row, (field.def.get(readRow(field.owner, row, related), reading.ctx) ?? null) as Value)
  }
}

/** Finds the values at the end of a path of to-one relations, one query per step. */
export function* followPath(
  snapshot: Snapshot,
  resource: Resource,
  path: readonly string[],
  rows: readonly Row[],
  into: Map<Row, Value>,
): Work<void> {
  const field = getOrThrow(resource.field, path[0]!)
  if (field.is !== 'scalar' && field.is !== 'one') throw new TypeError('a path leads through to-one relations')
  if (path.length === 1) {
    for (const row of rows) into.set(row, row[field.slot]!)
    return
  }
  const target = field.target as Resource
  const ids = [...new Set(rows.map(row => row[field.slot]!).filter(id => id !== null))] as Id[]
  const found = yield* wait(snapshot.many(target, ids))
  const inner = new Map<Row, Value>()
  yield* followPath(snapshot, target, path.slice(1), found, inner)
  const byId = new Map(found.map(row => [row[ID], getOrThrow(inner, row)]))
  for (const row of rows) into.set(row, byId.get(row[field.slot]) ?? null)
}

/** The field type at the end of a path of to-one relations. */
export function typeAt(resource: Resource, path: readonly string[]): Field['type'] {
  const field = getOrThrow(resource.field, path[0]!)
  return path.length === 1 ? field.type : typeAt(field.target as Resource, path.slice(1))
}

/** Compares lists of ids element by element; if one is the beginning of the other, it comes first. */
function compareLists(a: Value, b: Value): number {
  const [x, y] = [a as readonly Value[], b as readonly Value[]]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = compareAny(x[i]!, y[i]!)
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

/** Compares calculated values of any type: numbers come before text. */
function compareAny(a: Value, b: Value): number {
  if (typeof a === 'string' || typeof b === 'string')
    return typeof a === typeof b ? byText(a, b) : typeof a === 'string' ? 1 : -1
  return Number(a) - Number(b)
}
