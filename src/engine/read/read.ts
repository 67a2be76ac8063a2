import { ApiError } from '../../protocol/error.ts'
import type { Id, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { allOf, type Predicate, type Query } from '../../query/predicate.ts'
import type { Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import { audienceOf, type Audience } from './audience.ts'
import { isCacheable, type RepresentationCache } from '../cache/representation-cache.ts'
import type { Call, Item, List, CallTarget, Unchanged } from '../call/call.ts'
import { narrowed } from '../rules/narrow.ts'
import { checkParent } from './check-parent.ts'
import { isStored, type ListCache } from '../cache/list-cache.ts'
import { allowedIds, allowedRows } from '../rules/permissions.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { Budget, loadRelated, noRelations } from './load-related.ts'
import { writeRow, writeRows } from './write-json.ts'
import { ordered } from './sort-in-memory.ts'
import { cursorFor } from './page-cursor.ts'
import {
  isListTaggedByBody,
  isMasked,
  isTaggedByBody,
  itemTag,
  listTag,
  modifiedOf,
  shownListTag,
  shownTag,
} from './entity-tags.ts'
import { checkRead, isUnchanged } from './preconditions.ts'
import { viewOf, type View } from './view.ts'

/** Reads one row. Throws ApiError `not_found`. */
export function* getItem(
  snapshot: Snapshot,
  call: Call,
  reading: ReadEnvironment,
  cache: RepresentationCache | null = null,
): Work<Item | Unchanged> {
  const view = viewOf(call.resource, call.shape)
  const byBody = isTaggedByBody(view, reading.permissions)
  if (cache !== null && call.parent === null && !call.unbounded && !byBody && isCacheable(view)) {
    const { terms } = reading
    if (cache.isAt(snapshot, terms) || (yield* cache.follow(snapshot, terms)))
      return yield* getKept(snapshot, call, reading, cache, view)
  }
  const row = yield* visibleRow(snapshot, call, reading)
  const item = byBody ? yield* showItem(snapshot, view, row, reading, false) : null
  const etag = item?.etag ?? itemTag(reading.terms, view, row, snapshot)
  const modified = item ? item.modified : modifiedOf(row, reading.ctx.now)
  checkRead(call.conditions, etag, modified)
  if (isUnchanged(call.conditions, etag, modified))
    return { kind: 'unchanged', resource: call.resource, etag, modified }
  return item ?? (yield* showItem(snapshot, view, row, reading, false))
}

/** The same with the cache. The rule is evaluated on the cached row, so a hit needs no query. */
function* getKept(
  snapshot: Snapshot,
  call: Call,
  reading: ReadEnvironment,
  cache: RepresentationCache,
  view: View,
): Work<Item | Unchanged> {
  const id = call.id!
  const { terms, ctx } = reading
  let kept = cache.get(view, id)
  const test = kept && reading.permissions.read(call.resource).test
  // Without a cached row, or with a rule that needs other rows, the store decides.
  if (!kept || !test) {
    const row = yield* visibleRow(snapshot, call, reading)
    if (!kept) {
      const { body, etag, cut } = yield* showItem(snapshot, view, row, reading, false)
      kept = { row, body, etag, cut }
      cache.put(snapshot, terms, view, id, kept)
    }
  } else if (!test(kept.row)) throw rowNotFound(call.resource, id)
  const { body, etag, cut } = kept
  const modified = modifiedOf(kept.row, ctx.now)
  checkRead(call.conditions, etag, modified)
  if (isUnchanged(call.conditions, etag, modified))
    return { kind: 'unchanged', resource: call.resource, etag, modified }
  const position = terms.position(snapshot.position)
  return { kind: 'item', created: false, resource: call.resource, ids: [id], body, etag, modified, position, cut }
}

const none: readonly string[] = Object.freeze([])

/** The representation of one row, with its versions and header values. */
export function* showItem(
  snapshot: Snapshot,
  view: View,
  row: Row,
  reading: ReadEnvironment,
  created: boolean,
): Work<Item & { readonly etag: string }> {
  const { permissions, terms, ctx } = reading
  const budget = view.isAlone ? null : new Budget(reading.bounds, permissions)
  const related = budget ? yield* loadRelated(snapshot, view, [row], budget) : noRelations
  const body = writeRow(view, row, related, ctx)
  const byBody = isTaggedByBody(view, permissions)
  return {
    kind: 'item',
    created,
    resource: view.resource,
    ids: [row[ID] as Id],
    body,
    etag: byBody ? yield* shownTag(snapshot, view, row, body, reading) : itemTag(terms, view, row, snapshot),
    modified: byBody && isMasked(view.resource, permissions) ? null : modifiedOf(row, ctx.now),
    position: terms.position(snapshot.position),
    cut: budget?.cut ?? none,
  }
}

/**
 * The row, if it exists, the caller may see it and, for a nested URI, it belongs to the parent. Throws ApiError `not_found`
 * otherwise: a hidden row looks like a missing one.
 */
export function* visibleRow(snapshot: Snapshot, call: CallTarget, reading: ReadEnvironment): Work<Row> {
  const { resource } = call
  const id = call.id!
  if (call.parent) {
    const where = allOf(isId(resource, id), yield* scope(snapshot, call, reading))
    const [row] = yield* wait(snapshot.select(resource, { where, sort: [], limit: 1, offset: 0, cursor: null }))
    const { opaque } = reading.permissions.read(resource)
    if (row && (!opaque || opaque(row))) return row
  } else {
    const row = yield* wait(snapshot.get(resource, id))
    const guard = reading.permissions.read(resource)
    if (row && (guard.open || (yield* allowedRows(snapshot, resource, [row], guard)).length > 0)) return row
    // The same work as for a hidden row: the time of the answer must not tell them apart.
    if (!row && !guard.open && !guard.test) yield* allowedIds(snapshot, resource, [id], guard)
  }
  throw rowNotFound(resource, id)
}

export function rowNotFound(resource: Resource, id: Id): ApiError {
  return new ApiError('not_found', { detail: `there is no ${resource.name} ${id}` })
}

/**
 * The predicate for the rows that a call may be about: those that the caller may see, and for a nested URI those of the parent.
 */
export function* scope(snapshot: Snapshot, call: CallTarget, reading: ReadEnvironment): Work<Predicate> {
  const { parent, resource } = call
  const { permissions } = reading
  const visible = permissions.read(resource).predicate
  if (!parent) return visible
  yield* checkParent(snapshot, call, permissions)
  const { field } = parent
  if (field.is === 'back') return allOf(visible, { kind: 'compare', op: 'eq', field: field.via.name, value: parent.id })
  if (field.is !== 'many') throw new ApiError('not_found')
  if (field.inverse) {
    const of = isId(parent.resource, parent.id)
    return allOf(visible, { kind: 'many', field: field.inverse.name, quantifier: 'some', of })
  }
  // The other side has no field that could be filtered by, so the ids are listed.
  const pairs = yield* wait(snapshot.pairs(field.join, field.side, [parent.id], null))
  return allOf(visible, { kind: 'in', field: resource.id.name, values: pairs.map(([, id]) => id), negated: false })
}

function isId(resource: Resource, id: Id): Predicate {
  return { kind: 'compare', op: 'eq', field: resource.id.name, value: id }
}

/** Reads a page of the rows that a query selects. */
export function* getList(
  snapshot: Snapshot,
  call: Call,
  reading: ReadEnvironment,
  lists: ListCache | null = null,
): Work<List | Unchanged> {
  const { resource } = call
  const query = call.query!
  const scoped = yield* scope(snapshot, call, reading)
  const view = viewOf(resource, call.shape)
  const audience = audienceOf(view, query, reading.permissions)
  const version = listTag(reading.terms, view, query, snapshot, audience)
  const byBody = isListTaggedByBody(view, query, audience, reading.permissions)
  if (!byBody) {
    checkRead(call.conditions, version, null)
    if (isUnchanged(call.conditions, version, null))
      return { kind: 'unchanged', resource, etag: version, modified: null }
  }
  const list = yield* listAt(snapshot, call, reading, scoped, version, audience, lists)
  // A list that is kept without an audience may have been made for a caller with tags of the other kind.
  const etag = audience !== null ? list.etag : byBody ? shownListTag(list) : version
  if (byBody) {
    checkRead(call.conditions, etag, null)
    if (isUnchanged(call.conditions, etag, null)) return { kind: 'unchanged', resource, etag, modified: null }
  }
  return etag === list.etag ? list : { ...list, etag }
}

/** The tag that a list would have now. */
export function* tagOfList(snapshot: Snapshot, call: Call, reading: ReadEnvironment): Work<string> {
  const list = yield* getList(snapshot, { ...call, conditions: null }, reading)
  return list.etag
}

/** Makes the list, unless it was kept since the last change to anything that it reads (`version`). */
function* listAt(
  snapshot: Snapshot,
  call: Call,
  reading: ReadEnvironment,
  scoped: Predicate,
  version: string,
  audience: Audience | null,
  lists: ListCache | null,
): Work<List> {
  const query = call.query!
  const view = viewOf(call.resource, call.shape)
  if (lists === null || audience?.isOpaque || call.parent || call.unbounded || !isStored(view, query))
    return yield* makeList(snapshot, call, reading, scoped, audience === null ? version : null)
  // Callers who share an audience object have the same rights; the version says whether they still see the same.
  const reader = audience ?? query
  const kept = lists.get(reader, view, version)
  if (kept) return { ...kept, position: reading.terms.position(snapshot.position) }
  const list = yield* makeList(snapshot, call, reading, scoped, audience === null ? version : null)
  lists.offer(reader, view, version, list)
  return list
}

/** `etag` is null where the tag is made of what the list shows. */
function* makeList(
  snapshot: Snapshot,
  call: Call,
  reading: ReadEnvironment,
  scoped: Predicate,
  etag: string | null,
): Work<List> {
  const { resource } = call
  const query = call.query!
  const view = viewOf(resource, call.shape)
  const where = allOf(narrowed(resource, query.where, reading.permissions), scoped)
  const page = yield* pageOf(snapshot, resource, where, query, reading)
  const related = yield* loadRelated(snapshot, view, page.rows, new Budget(reading.bounds, reading.permissions))
  const list = {
    kind: 'list' as const,
    resource,
    body: writeRows(view, page.rows, related, reading.ctx),
    count: page.rows.length,
    position: reading.terms.position(snapshot.position),
    next: page.next,
    previous: page.previous,
    total: query.total ? yield* totalOf(snapshot, resource, where, reading) : null,
    limit: query.limit,
  }
  return { ...list, etag: etag ?? shownListTag(list) }
}

/** How many rows match. If a rule is a function, they have to be inspected one by one. */
function* totalOf(snapshot: Snapshot, resource: Resource, where: Predicate, reading: ReadEnvironment): Work<number> {
  const { permissions, visits } = reading
  const { opaque } = permissions.read(resource)
  if (!opaque) return yield* wait(snapshot.count(resource, where, visits))
  const rows = yield* wait(snapshot.select(resource, { where, sort: [], limit: null, offset: 0, cursor: null, visits }))
  return rows.filter(opaque).length
}

interface Page {
  readonly rows: readonly Row[]
  readonly next: string | null
  readonly previous: string | null
}

function* pageOf(
  snapshot: Snapshot,
  resource: Resource,
  where: Predicate,
  query: Query,
  reading: ReadEnvironment,
): Work<Page> {
  const inMemory = yield* ordered(snapshot, resource, where, query, reading)
  if (inMemory) return { rows: inMemory, next: null, previous: null }
  // One more row than shown tells whether there is another page.
  const { limit, cursor, offset, sort } = query
  const { visits } = reading
  if (limit === 0) return { rows: [], next: null, previous: null }
  const found = yield* wait(
    snapshot.select(resource, { where, sort, limit: limit === null ? null : limit + 1, offset, cursor, visits }),
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
