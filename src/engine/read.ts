import { ApiError } from '../protocol/error.ts'
import { formatPosition } from '../protocol/position.ts'
import type { Ctx } from '../schema/field.ts'
import type { Id, Resource, Row } from '../model/model.ts'
import { ID } from '../model/model.ts'
import { all, type Predicate, type Query } from '../query/predicate.ts'
import type { Snapshot } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'
import type { Call, Item, List, Unchanged } from './call.ts'
import { Budget, loadRelated, type Bounds } from './related.ts'
import { writeRow, writeRows } from './present.ts'
import { ordered } from './sort.ts'
import { cursorFor, type CursorKey } from './page.ts'
import { checkRead, isUnchanged, itemTag, listTag, modifiedOf } from './version.ts'
import { viewOf, type View } from './view.ts'

/** What reading needs beside the call. */
export interface Reading {
  readonly epoch: string
  readonly ctx: Ctx
  readonly bounds: Bounds
  /** Rows that may be sorted in memory. */
  readonly sortedRows: number
  readonly cursorKey: CursorKey
  /** What the caller may see of the resource, ANDed into everything. */
  readonly visible: Predicate
}

/** One row, or ApiError `not_found`. */
export function* getItem(snapshot: Snapshot, call: Call, reading: Reading): Work<Item | Unchanged> {
  const row = yield* visibleRow(snapshot, call.resource, call.id!, call, reading)
  const view = viewOf(call.resource, call.shape)
  const etag = itemTag(reading.epoch, view, row, snapshot)
  const modified = modifiedOf(row, reading.ctx.now)
  checkRead(call.conditions, etag, modified)
  if (isUnchanged(call.conditions, etag, modified))
    return { kind: 'unchanged', resource: call.resource, etag, modified }
  return yield* showItem(snapshot, view, row, reading, false, etag)
}

/** The representation of one row. */
export function* showItem(
  snapshot: Snapshot,
  view: View,
  row: Row,
  reading: Reading,
  created: boolean,
  etag: string,
): Work<Item> {
  const budget = new Budget(reading.bounds)
  const related = yield* loadRelated(snapshot, view, [row], budget)
  return {
    kind: 'item',
    created,
    resource: view.resource,
    ids: [row[ID] as Id],
    body: writeRow(view, row, related, reading.ctx),
    etag,
    modified: modifiedOf(row, reading.ctx.now),
    position: formatPosition(reading.epoch, snapshot.position),
    cut: budget.cut.size ? [...budget.cut] : none,
  }
}

const none: readonly string[] = Object.freeze([])

/** The row if it exists, the caller may see it and, for nested URIs, it belongs to the parent. */
export function* visibleRow(snapshot: Snapshot, resource: Resource, id: Id, call: Call, reading: Reading): Work<Row> {
  const scoped = yield* scope(snapshot, call, reading)
  if (scoped.kind === 'constant' && scoped.value) {
    const row = yield* wait(snapshot.get(resource, id))
    if (row) return row
  } else {
    const is: Predicate = { kind: 'compare', op: 'eq', field: resource.id.name, value: id }
    const [row] = yield* wait(
      snapshot.select(resource, { where: all(is, scoped), sort: [], limit: 1, offset: 0, cursor: null }),
    )
    if (row) return row
  }
  throw missing(resource, id)
}

export function missing(resource: Resource, id: Id): ApiError {
  return new ApiError('not_found', { detail: `there is no ${resource.name} ${id}` })
}

/** What of the resource the call is about: all that is visible, or what belongs to the parent of a nested URI. */
function* scope(snapshot: Snapshot, call: Call, reading: Reading): Work<Predicate> {
  const { parent } = call
  if (!parent) return reading.visible
  if (!(yield* wait(snapshot.get(parent.resource, parent.id)))) throw missing(parent.resource, parent.id)
  const { field } = parent
  if (field.is === 'back')
    return all(reading.visible, { kind: 'compare', op: 'eq', field: field.via.name, value: parent.id })
  if (field.is !== 'many') throw new ApiError('not_found')
  if (field.inverse)
    return all(reading.visible, {
      kind: 'many',
      field: field.inverse.name,
      quantifier: 'some',
      of: isId(parent.resource, parent.id),
    })
  const pairs = yield* wait(snapshot.pairs(field.join, field.side, [parent.id], null))
  return all(reading.visible, {
    kind: 'in',
    field: call.resource.id.name,
    values: pairs.map(([, id]) => id),
    negated: false,
  })
}

function isId(resource: Resource, id: Id): Predicate {
  return { kind: 'compare', op: 'eq', field: resource.id.name, value: id }
}

/** The rows that a query selects, a page of them. */
export function* getList(snapshot: Snapshot, call: Call, reading: Reading): Work<List | Unchanged> {
  const { resource } = call
  const query = call.query!
  const where = all(query.where, yield* scope(snapshot, call, reading))
  const view = viewOf(resource, call.shape)
  const etag = listTag(reading.epoch, view, query, snapshot)
  checkRead(call.conditions, etag, null)
  if (isUnchanged(call.conditions, etag, null)) return { kind: 'unchanged', resource, etag, modified: null }
  const page = yield* pageOf(snapshot, resource, where, query, reading)
  const related = yield* loadRelated(snapshot, view, page.rows, new Budget(reading.bounds))
  return {
    kind: 'list',
    resource,
    body: writeRows(view, page.rows, related, reading.ctx),
    count: page.rows.length,
    etag,
    position: formatPosition(reading.epoch, snapshot.position),
    next: page.next,
    previous: page.previous,
    total: query.total ? yield* wait(snapshot.count(resource, where)) : null,
    limit: query.limit,
  }
}

interface Page {
  readonly rows: readonly Row[]
  readonly next: string | null
  readonly previous: string | null
}

function* pageOf(snapshot: Snapshot, resource: Resource, where: Predicate, query: Query, reading: Reading): Work<Page> {
  const inMemory = yield* ordered(snapshot, resource, where, query, reading)
  if (inMemory) return { rows: inMemory, next: null, previous: null }
  const { limit, cursor, offset, sort } = query
  if (limit === 0) return { rows: [], next: null, previous: null }
  const found = yield* wait(
    snapshot.select(resource, { where, sort, limit: limit === null ? null : limit + 1, offset, cursor }),
  )
  const more = limit !== null && found.length > limit
  const rows = more ? (cursor?.before ? found.slice(1) : found.slice(0, limit)) : found
  if (rows.length === 0) return { rows, next: null, previous: null }
  const hasNext = cursor?.before ? true : more
  const hasPrevious = cursor?.before ? more : cursor !== null || offset > 0
  return {
    rows,
    next: hasNext
      ? yield* cursorFor(snapshot, resource, query, rows[rows.length - 1]!, false, reading.cursorKey)
      : null,
    previous: hasPrevious ? yield* cursorFor(snapshot, resource, query, rows[0]!, true, reading.cursorKey) : null,
  }
}
