import { ApiError } from '../../protocol/error.ts'
import type { Id, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { allOf, type Predicate } from '../../query/predicate.ts'
import type { Ahead, Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import { audienceOf } from './audience.ts'
import { isCacheable, type RepresentationCache } from '../cache/representation-cache.ts'
import { rowId, type Call, type Item, type List, type CallTarget, type Unchanged } from '../call/call.ts'
import { narrowed } from '../rules/narrow.ts'
import { checkParent } from './check-parent.ts'
import { isStored, type ListCache } from '../cache/list-cache.ts'
import { allowedIds, allowedRows } from '../rules/permissions.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import type { ListRead } from './list-read.ts'
import { noRelations, RelatedLoader } from './related/load-related.ts'
import { tooManyBytes } from './too-many-bytes.ts'
import { writePage, writeRow } from './write-json.ts'
import { pageOf, relatedOfPage } from './read-page.ts'
import { roomToCompute } from './sort-in-memory.ts'
import { shortened } from './page-cursor.ts'
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
import { showsId, viewOf, type View } from './view.ts'

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
  const item = byBody ? yield* showItem(snapshot, view, row, reading) : null
  const etag = item?.etag ?? itemTag(reading.terms, view, row, snapshot)
  const modified = item ? item.modified : modifiedOf(row, reading.ctx.now)
  checkRead(call.conditions, etag, modified)
  if (isUnchanged(call.conditions, etag, modified)) return unchanged(snapshot, reading, call.resource, etag, modified)
  return item ?? (yield* showItem(snapshot, view, row, reading))
}

/** What `getItem` is going to read, if the row alone may be enough. */
export function itemAhead(call: Call, reading: ReadEnvironment, cache: RepresentationCache | null): Ahead | undefined {
  const { resource, parent } = call
  if (parent !== null || resource.options.ephemeral !== null) return undefined
  const guard = reading.permissions.read(resource)
  const view = viewOf(resource, call.shape)
  if (!guard.open && !guard.test) return undefined
  const id = rowId(call)
  if (cache !== null && isCacheable(view) && cache.get(view, id)) return { row: null }
  return view.isAlone ? { row: [resource, id] } : undefined
}

/** The same with the cache. The rule is evaluated on the cached row, so a hit needs no query. */
function* getKept(
  snapshot: Snapshot,
  call: Call,
  reading: ReadEnvironment,
  cache: RepresentationCache,
  view: View,
): Work<Item | Unchanged> {
  const id = rowId(call)
  const { terms, ctx } = reading
  let kept = cache.get(view, id)
  const test = kept && reading.permissions.read(call.resource).test
  // Without a cached row, or with a rule that needs other rows, the store decides.
  if (!kept || !test) {
    const row = yield* visibleRow(snapshot, call, reading)
    if (!kept) {
      const { body, etag, cut } = yield* showItem(snapshot, view, row, reading)
      kept = { row, body, etag, cut }
      // While we waited for the store, another reader may have moved the cache on; what we read may then be too old for it.
      if (cache.isAt(snapshot, terms)) cache.put(view, id, kept)
    }
  } else if (!test(kept.row)) throw rowNotFound(call.resource, id)
  const { body, etag, cut } = kept
  const modified = modifiedOf(kept.row, ctx.now)
  checkRead(call.conditions, etag, modified)
  if (isUnchanged(call.conditions, etag, modified)) return unchanged(snapshot, reading, call.resource, etag, modified)
  const position = terms.position(snapshot.position)
  return { kind: 'item', created: false, resource: call.resource, ids: [id], body, etag, modified, position, cut }
}

/** The client has the current version (RFC 9110 §15.4.5). */
export function unchanged(
  snapshot: Snapshot,
  { terms }: ReadEnvironment,
  resource: Resource,
  etag: string,
  modified: number | null = null,
): Unchanged {
  return { kind: 'unchanged', resource, etag, modified, position: terms.position(snapshot.position) }
}

const none: readonly string[] = Object.freeze([])

/** The representation of one row, with its versions and header values. `created` is false. */
export function* showItem(
  snapshot: Snapshot,
  view: View,
  row: Row,
  reading: ReadEnvironment,
): Work<Item & { readonly etag: string }> {
  const { permissions, terms, ctx } = reading
  const loader = view.isAlone ? null : new RelatedLoader(snapshot, reading)
  const related = loader ? yield* loader.load(view, [row]) : noRelations
  const body = writeRow(view, row, related, ctx)
  const byBody = isTaggedByBody(view, permissions)
  return {
    kind: 'item',
    created: false,
    resource: view.resource,
    ids: [row[ID] as Id],
    body,
    etag: byBody ? yield* shownTag(snapshot, view, { row, body }, reading) : itemTag(terms, view, row, snapshot),
    modified: byBody && isMasked(view.resource, permissions) ? null : modifiedOf(row, ctx.now),
    position: terms.position(snapshot.position),
    cut: loader?.cut ?? none,
  }
}

/**
 * The row, if it exists, the caller may see it and, for a nested URI, it belongs to the parent. Throws ApiError `not_found`
 * otherwise: a hidden row looks like a missing one.
 */
export function* visibleRow(snapshot: Snapshot, call: CallTarget, reading: ReadEnvironment): Work<Row> {
  const { resource } = call
  const id = rowId(call)
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

/** The error for a row that does not exist, and for one that the caller may not see: they must look alike. */
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
  const pairs = yield* wait(snapshot.pairs(field.join, field.side, [parent.id], null, reading.visits))
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
  const { resource, query } = call
  if (!query) throw new TypeError('a list has a query')
  // A parent that the caller may not see is 404 before anything is said about the list, its version included.
  const scoped = yield* scope(snapshot, call, reading)
  const view = viewOf(resource, call.shape)
  const read: ListRead = { snapshot, view, query, audience: audienceOf(view, query, reading.permissions), reading }
  const version = listTag(read)
  const byBody = isListTaggedByBody(read)
  // Where rules hide nothing, the tag is known before the list is made, and most conditional requests end here.
  if (!byBody) {
    checkRead(call.conditions, version, null)
    if (isUnchanged(call.conditions, version, null)) return unchanged(snapshot, reading, resource, version)
  }
  const isKept = lists !== null && !read.audience?.isOpaque && !call.parent && !call.unbounded && isStored(view, query)
  const list = isKept ? yield* keptList(read, scoped, version, lists) : yield* makeList(read, scoped, version)
  // A list that is kept without an audience may have been made for a caller with tags of the other kind.
  const etag = read.audience !== null ? list.etag : byBody ? shownListTag(list) : version
  if (byBody) {
    checkRead(call.conditions, etag, null)
    if (isUnchanged(call.conditions, etag, null)) return unchanged(snapshot, reading, resource, etag)
  }
  return etag === list.etag ? list : { ...list, etag }
}

/** The tag that a list would have now. */
export function* tagOfList(snapshot: Snapshot, call: Call, reading: ReadEnvironment): Work<string> {
  const list = yield* getList(snapshot, { ...call, conditions: null }, reading)
  return list.etag
}

/** The list from the cache, if it was kept since the last change to anything that it reads; otherwise makes it. */
function* keptList(read: ListRead, scoped: Predicate, version: string, lists: ListCache): Work<List> {
  const { snapshot, view, query, audience, reading } = read
  // Callers who share an audience object have the same rights; the version says whether they still see the same.
  const reader = audience ?? query
  const kept = lists.get(reader, view, version)
  if (kept) return { ...kept, position: reading.terms.position(snapshot.position) }
  const list = yield* makeList(read, scoped, version)
  lists.offer(reader, view, version, list)
  return list
}

/** Reads the list. `version` is its tag, unless rules decide what it shows: then the tag is made of what it shows. */
function* makeList(read: ListRead, scoped: Predicate, version: string): Work<List> {
  const { snapshot, view, query, audience, reading } = read
  const { resource } = view
  const where = allOf(narrowed(resource, query.where, reading.permissions), scoped)
  const whole = yield* pageOf(read, where)
  const { rows, related } = yield* relatedOfPage(read, whole.rows)
  const most = query.limit === null ? Infinity : reading.listBytes
  const backwards = query.cursor?.before ?? false
  const total = query.total ? yield* totalOf(read, where) : null
  // The cursors of a shortened page may need other rows, and what is within a transaction ends in this turn.
  const pauses = (): boolean => reading.visits?.account != null && query.sort.every(({ path }) => path.length === 1)
  const written = yield* writePage(view, rows, { related, ctx: reading.ctx, most, backwards, pauses })
  const page = yield* shortened(read, whole, written.rows)
  const list = {
    kind: 'list' as const,
    resource,
    body: written.body,
    ids: showsId(view) ? null : page.rows.map(row => row[ID] as Id),
    count: page.rows.length,
    position: reading.terms.position(snapshot.position),
    next: page.next,
    previous: page.previous,
    total,
    limit: query.limit,
  }
  return { ...list, etag: audience === null ? version : shownListTag(list) }
}

/** How many rows match. If a rule is a function, they have to be inspected one by one. */
function* totalOf({ snapshot, view: { resource }, reading }: ListRead, where: Predicate): Work<number> {
  const { permissions, visits } = reading
  const { opaque } = permissions.read(resource)
  if (!opaque) return yield* wait(snapshot.count(resource, where, visits))
  const room = roomToCompute(reading)
  const rows = yield* wait(
    snapshot.select(resource, { where, sort: [], limit: null, offset: 0, cursor: null, visits, room }),
  )
  if (room?.isFull) throw tooManyBytes(reading.bounds.computed)
  return rows.filter(opaque).length
}
