import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError } from '../../protocol/error.ts'
import { byNumber, byText } from '../../schema/compare.ts'
import type { Value } from '../../schema/field.ts'
import type { BackField, CalcField, Field, Id, ManyField, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { orderOf, sorted, type Order } from '../../query/order.ts'
import type { SortKey } from '../../query/predicate.ts'
import { roomOf, type Room } from '../../store/room.ts'
import type { Select, Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { readRow } from './row-for-functions.ts'
import { tooManyBytes } from './too-many-bytes.ts'
import { group, relatedCounts, relatedIds, visiblePairs } from './related/related-pairs.ts'
import type { Permissions } from '../rules/permissions.ts'

/** What sorting in memory needs. */
type Sorting = Pick<ReadEnvironment, 'ctx' | 'permissions' | 'sortedRows' | 'visits' | 'bounds'>

/**
 * Whether the store cannot sort or filter a query by itself: it sorts by calculated fields or to-many lists, or a rule is a
 * function.
 */
export function isOrderedInMemory(resource: Resource, sort: readonly SortKey[], permissions: Permissions): boolean {
  if (permissions.read(resource).opaque !== null) return true
  return sort.some(({ path: [name, ...rest] }) => rest.length === 0 && isComputed(resource.field.get(name ?? '')))
}

/**
 * The rows of such a query. All matching rows are loaded, up to a limit, and sorted here. Throws ApiError `too_complex` if there
 * are more, and `validation` if the query has a cursor: the store could not continue from it.
 */
export function* ordered(snapshot: Snapshot, resource: Resource, select: Select, reading: Sorting): Work<Row[]> {
  if (select.cursor)
    throw new ApiError('validation', {
      issues: [
        {
          code: 'unknown_param',
          parameter: 'cursor',
          detail: 'a list sorted by a calculated field has no cursors; use offset',
        },
      ],
    })
  const { sortedRows, permissions } = reading
  // One more than allowed tells whether there are more.
  const room = roomToCompute(reading)
  const all = { ...select, sort: [], limit: sortedRows + 1, offset: 0, room }
  const found = yield* wait(snapshot.select(resource, all))
  if (room?.isFull) throw tooManyBytes(reading.bounds.computed)
  const { opaque } = permissions.read(resource)
  const rows = opaque ? found.filter(opaque) : found
  if (found.length > sortedRows)
    throw new ApiError('too_complex', {
      detail: `sorting by a calculated field takes at most ${sortedRows} rows; filter more or sort by a stored field`,
    })
  const columns: SortColumn[] = []
  for (const key of select.sort) columns.push(yield* columnOf(snapshot, rows, key, { ...reading, resource }))
  // Rows with equal keys have the order of their ids, as in the store: pages must not overlap.
  columns.push({ order: orderOf(resource.idType), values: new Map(rows.map(row => [row, row[ID] as Value])) })
  const result = rows.toSorted((a, b) => compareBy(columns, a, b))
  return result.slice(select.offset, select.limit === null ? undefined : select.offset + select.limit)
}

/** Room for rows that are needed to compute an answer, and are not in it. */
export function roomToCompute({ bounds }: Pick<ReadEnvironment, 'bounds'>): Room | undefined {
  return roomOf(bounds.computed)
}

/** The values of one sort key for every row, and their order. */
export interface SortColumn {
  readonly order: Order
  readonly values: ReadonlyMap<Row, Value>
}

/** Compares two rows by several keys; the first that differs decides. */
export function compareBy(columns: readonly SortColumn[], a: Row, b: Row): number {
  for (const { order, values } of columns) {
    const difference = order(getOrThrow(values, a), getOrThrow(values, b))
    if (difference !== 0) return difference
  }
  return 0
}

function isComputed(field: Field | undefined): boolean {
  return field?.is === 'calc' || field?.is === 'count' || field?.is === 'back' || field?.is === 'many'
}

function* columnOf(
  snapshot: Snapshot,
  rows: readonly Row[],
  { path, descending }: SortKey,
  sorting: Sorting & { readonly resource: Resource },
): Work<SortColumn> {
  const { resource } = sorting
  const field = fieldAt(resource, path)
  switch (field.is) {
    case 'back':
    case 'many': {
      const lists = yield* listsOf(snapshot, field, rows, sorting)
      // The other side of a one-to-one relation has at most one id, and sorts like a field with one.
      if (!field.toMany)
        return columnBy(rows, sorted(orderOf(field.target.idType), descending), row => ownOf(lists, row)[0] ?? null)
      return columnBy(rows, sorted(compareLists, descending), row => ownOf(lists, row))
    }
    case 'count': {
      const counts = yield* countsOf(snapshot, field.of, rows, sorting)
      return columnBy(rows, sorted(byNumber, descending), row => counts.get(row[ID] as Id) ?? 0)
    }
    case 'calc':
      return { order: sorted(compareAny, descending), values: yield* calculate(snapshot, field, rows, sorting) }
    case 'scalar':
    case 'one': {
      const values = yield* followPath(snapshot, resource, path, rows)
      return { order: sorted(orderOf(typeAt(resource, path)), descending), values }
    }
    case 'self':
      throw new TypeError('a link is not sortable')
  }
}

function columnBy(rows: readonly Row[], order: Order, valueOf: (row: Row) => Value): SortColumn {
  return { order, values: new Map(rows.map(row => [row, valueOf(row)])) }
}

/** The ids that are related to a row. */
const ownOf = (lists: ReadonlyMap<Id, readonly Id[]>, row: Row): readonly Id[] => lists.get(row[ID] as Id) ?? []

function* countsOf(
  snapshot: Snapshot,
  field: BackField | ManyField,
  rows: readonly Row[],
  sorting: Sorting,
): Work<ReadonlyMap<Id, number>> {
  const { permissions, visits } = sorting
  if (permissions.read(field.target).open) {
    const owners = rows.map(row => row[ID] as Id)
    return new Map(yield* wait(relatedCounts(snapshot, field, owners, visits)))
  }
  const lists = yield* listsOf(snapshot, field, rows, sorting)
  return new Map(Array.from(lists, ([owner, ids]) => [owner, ids.length]))
}

function* listsOf(
  snapshot: Snapshot,
  field: BackField | ManyField,
  rows: readonly Row[],
  { permissions, visits, bounds }: Sorting,
): Work<Map<Id, Id[]>> {
  const wanted = { field, owners: rows.map(row => row[ID] as Id), limit: null }
  const guard = permissions.read(field.target)
  if (guard.open) return group(yield* wait(relatedIds(snapshot, wanted, visits)))
  return group(yield* visiblePairs(snapshot, guard, wanted, visits, bounds.computed))
}

function* calculate(
  snapshot: Snapshot,
  field: CalcField,
  rows: readonly Row[],
  reading: Sorting,
): Work<Map<Row, Value>> {
  const used: [string, Map<Id, Id[]>][] = []
  for (const name of field.uses ?? []) {
    const relation = field.owner.field.get(name)
    if (relation?.is === 'back' || relation?.is === 'many')
      used.push([name, yield* listsOf(snapshot, relation, rows, reading)])
  }
  return new Map(
    rows.map(row => {
      const related = new Map(used.map(([name, lists]) => [name, ownOf(lists, row)]))
      return [row, (field.def.get(readRow(field.owner, row, related), reading.ctx) ?? null) as Value]
    }),
  )
}

/** Finds the values at the end of a path of to-one relations for every row, with one query per step. */
export function* followPath(
  snapshot: Snapshot,
  resource: Resource,
  path: readonly string[],
  rows: readonly Row[],
): Work<Map<Row, Value>> {
  const field = fieldAt(resource, path)
  if (field.is !== 'scalar' && field.is !== 'one') throw new TypeError('a path leads through to-one relations')
  const values = new Map<Row, Value>()
  if (path.length === 1) {
    for (const row of rows) values.set(row, row[field.slot] ?? null)
    return values
  }
  const target = field.target as Resource
  const ids = new Set<Id>()
  for (const row of rows) {
    const id = row[field.slot] as Id | null
    if (id !== null) ids.add(id)
  }
  const found = yield* wait(snapshot.many(target, [...ids]))
  const inner = yield* followPath(snapshot, target, path.slice(1), found)
  const byId = new Map(found.map(row => [row[ID], getOrThrow(inner, row)]))
  for (const row of rows) values.set(row, byId.get(row[field.slot]) ?? null)
  return values
}

/** The field type at the end of a path of to-one relations. */
export function typeAt(resource: Resource, path: readonly string[]): Field['type'] {
  const field = fieldAt(resource, path)
  return path.length === 1 ? field.type : typeAt(field.target as Resource, path.slice(1))
}

/** The field that a path begins with. */
function fieldAt(resource: Resource, [name = '']: readonly string[]): Field {
  return getOrThrow(resource.field, name)
}

/** Compares lists of ids element by element; if one is the beginning of the other, it comes first. */
function compareLists(a: Value, b: Value): number {
  const [x, y] = [a as readonly Value[], b as readonly Value[]]
  for (const [i, value] of x.entries()) {
    if (i === y.length) break
    const difference = compareAny(value, y[i] ?? null)
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
