import type { Row } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Change, Snapshot, Store } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import {
  rowId,
  type Call,
  type EarlierPosition,
  type HistoryRange,
  type Item,
  type List,
  type Showing,
  type Unchanged,
} from '../call/call.ts'
import { historyOf, type PastSource } from './history.ts'
import { ChangesSince } from './changes-since.ts'
import { PastSnapshot } from './past-snapshot.ts'
import { getItem, getList, unchanged } from '../read/read.ts'
import { refuseUnknown, unknownIn } from './unknown-fields.ts'
import { seqOfParameter } from './position-parameter.ts'
import { isUnchanged } from '../read/preconditions.ts'
import { shownListTag } from '../read/entity-tags.ts'
import { viewOf } from '../read/view.ts'
import { endOfCommit } from './end-of-commit.ts'

/** How many changes one request may undo, and how many bytes their records may have. */
const MOST = 10_000
const BYTES = 8_388_608
/** How many log records are read at a time: of all rows, and of one. */
const STEP = 500
const STEP_OF_ROW = 10

/** Whether a call reads the past: a state at a position, or the history of a row. */
export function isPast({ at, history }: Showing): boolean {
  return (at ?? null) !== null || (history ?? null) !== null
}

/** Reads the state at the position that the call names, or the history of its row. */
export function* readPast(source: PastSource, call: Call): Work<Item | List | Unchanged> {
  const { resource, history, at, operation } = call
  if (resource.options.ephemeral)
    throw new ApiError('not_found', { detail: `${resource.name} is not in the log: it has no past` })
  if (history) return yield* getHistory(source, call, history)
  const past = at ? yield* pastOf(source, call, at) : source.now
  return operation === 'list' ? yield* getList(past, call, source.reading) : yield* getItem(past, call, source.reading)
}

function* getHistory(source: PastSource, call: Call, range: HistoryRange): Work<List | Unchanged> {
  const { now, reading } = source
  const { resource } = call
  const { records, next } = yield* historyOf(source, { resource, id: rowId(call) }, range)
  const body = JSON.stringify(records)
  const etag = shownListTag({ body, next, previous: null, total: null })
  if (isUnchanged(call.conditions, etag, null)) return unchanged(now, reading, resource, etag)
  return {
    kind: 'list',
    resource,
    body,
    ids: null,
    count: records.length,
    etag,
    position: reading.terms.position(now.position),
    next,
    previous: null,
    total: null,
    limit: range.limit,
  }
}

/**
 * The state at the position that a read names (`at`). Throws ApiError `validation` if it is not a position of this history, and
 * `gone` if the log no longer reaches back to it; the error names the oldest position that it reaches.
 */
function* pastOf({ store, now }: PastSource, call: Call, { position, named }: EarlierPosition): Work<Snapshot> {
  const asked = seqOfParameter(store, position, named)
  if (asked > now.position)
    throw new ApiError('validation', { issues: [{ ...named, code: 'range', detail: 'has not come yet' }] })
  const reach = yield* wait(store.oldestPosition())
  if (asked < reach) throw beyond(store, reach)
  const at = asked === reach ? asked : yield* endOfCommit(store, asked)
  if (at >= now.position) return now
  // A single row that shows nothing of other rows only needs its own records, however long ago that was.
  const alone = call.operation === 'get' && call.parent === null && viewOf(call.resource, call.shape).loads.length === 0
  return alone ? yield* ofOneRow(store, now, at, call) : yield* ofAll(store, now, at, call)
}

function beyond(store: Store, reach: number): ApiError {
  const oldest = store.terms.position(reach)
  return new ApiError('gone', { detail: `the log reaches back to ${oldest}`, members: { oldest } })
}

/** Undoes the changes of one row only: its records are found by an index. */
function* ofOneRow(store: Store, now: Snapshot, at: number, call: Call): Work<Snapshot> {
  const { resource } = call
  const id = rowId(call)
  let before = now.position + 1
  let was: Row | null | undefined
  let oldest: Change | null = null
  const undone = new Undone()
  for (;;) {
    const records = yield* wait(store.history(resource, id, before, STEP_OF_ROW))
    for (const record of records) {
      undone.add(1, record.bytes)
      if (record.seq <= at) break
      was = record.op === 'create' ? null : record.before
      oldest = record
      before = record.seq
    }
    const last = records.at(-1)
    if (!last || records.length < STEP_OF_ROW || last.seq <= at) break
  }
  if (oldest !== null && was) refuseUnknown(call, new Map([[resource, new Set(unknownIn(oldest, 'before'))]]))
  const rows = new Map(was === undefined ? [] : [[resource, new Map([[id, was]])]])
  return new PastSnapshot(now, at, { rows, pairs: new Map() })
}

/** Undoes all changes since a position. */
function* ofAll(store: Store, now: Snapshot, at: number, call: Call): Work<Snapshot> {
  const since = new ChangesSince()
  const undone = new Undone()
  for (let from = at; from < now.position;) {
    const commits = yield* wait(store.commits(from, STEP))
    if (commits === null) throw beyond(store, yield* wait(store.oldestPosition()))
    if (commits.length === 0) break
    for (const { position, changes, bytes } of commits) {
      from = position
      if (position > now.position) break
      undone.add(changes.length, bytes)
      for (const change of changes) since.add(change)
    }
  }
  refuseUnknown(call, since.unknown)
  return new PastSnapshot(now, at, since.differences())
}

/** What a request has undone so far. */
class Undone {
  #changes = 0
  #bytes = 0

  /** Throws ApiError `too_complex` if that is too much for one request. */
  add(changes: number, bytes: number = 0): void {
    this.#changes += changes
    this.#bytes += bytes
    if (this.#changes > MOST || this.#bytes > BYTES)
      throw new ApiError('too_complex', {
        detail: `more than ${this.#changes > MOST ? `${MOST} changes` : `${BYTES} bytes of changes`} lie between then and now`,
      })
  }
}
