import type { Resource, Row } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { wait, type Work } from '../../../store/work.ts'
import type { Room } from '../../../store/room.ts'
import type { Visits } from '../../../store/store.ts'
import { tooManyVisits } from '../../../store/too-many-visits.ts'
import type { PresentState } from '../step/state.ts'
import type { SortEntry, Sorting } from './sorting.ts'

/** What a list contains, and in which order. */
export interface ListDefinition {
  readonly resource: Resource
  readonly where: Predicate
  /** The part of a rule that is a function of the row; no query can express it. */
  readonly opaque: ((row: Row) => boolean) | null
  readonly sorting: Sorting
  /** How many rows a read may visit. */
  readonly visits: Visits
}

/** A part of a list that is read. */
export interface ListPart {
  /** It begins beside this entry; default: at the beginning of the list. */
  readonly from?: SortEntry
  /** It ends there, instead of beginning there. */
  readonly before?: boolean
  /** How many rows; Infinity = all. */
  readonly limit: number
  /** How many rows to leave out at its beginning. */
  readonly offset?: number
  /** How much may be read; absent: however much it takes. */
  readonly room?: Room | undefined
}

/** Rows in the order of the list. */
export interface ReadRows {
  readonly rows: readonly Row[]
  /** There are no more rows in that direction. */
  readonly isAll: boolean
}

/** Rows of the first read if a function filters them. Each read is that many times longer than the one before. */
const PAGE = 200
const LONGER = 4

/** Reads a part of a list from the store. */
export function* readPart(present: PresentState, definition: ListDefinition, part: ListPart): Work<ReadRows> {
  const { resource, where, opaque, sorting, visits } = definition
  if (opaque) return yield* readAllowed(present, definition, part, opaque)
  const { from, before = false, limit, offset = 0, room } = part
  const cursor = from ? { before, keys: sorting.cursorOf(from) } : null
  const { sort } = sorting
  const most = Number.isFinite(limit) ? limit : null
  const select = { where, sort, limit: most, offset, cursor, visits, room }
  const rows = yield* wait(present.snapshot.select(resource, select))
  return { rows, isAll: rows.length < limit && !room?.isFull }
}

/** Reads rows that a function filters. The store cannot count them, so it reads page by page until enough are found. */
function* readAllowed(
  present: PresentState,
  definition: ListDefinition,
  { from, before = false, limit, offset = 0, room }: ListPart,
  opaque: (row: Row) => boolean,
): Work<ReadRows> {
  const { resource, where, sorting, visits } = definition
  const { sort } = sorting
  const found: Row[] = []
  let skip = offset
  let read = 0
  for (let [at, size] = [from, PAGE]; ; size *= LONGER) {
    const cursor = at ? { before, keys: sorting.cursorOf(at) } : null
    const select = { where, sort, limit: size, offset: 0, cursor, visits, room }
    const page = yield* wait(present.snapshot.select(resource, select))
    read += page.length
    if (read > visits.most) throw tooManyVisits(resource, { where, sort }, visits.most)
    if (before) page.reverse()
    for (const row of page) {
      // One row more than asked for tells whether there are more.
      if (found.length > limit || !opaque(row)) continue
      if (skip > 0) skip--
      else found.push(row)
    }
    if (found.length > limit || page.length < size) break
    at = (yield* sortEntriesOf(present, definition, page.slice(-1)))[0]
  }
  const isMore = found.length > limit
  if (isMore) found.pop()
  const isAll = !isMore && !room?.isFull
  return { rows: before ? found.toReversed() : found, isAll }
}

/** The entries of rows. Sort keys of related rows may have to be loaded for that. */
export function* sortEntriesOf(
  present: PresentState,
  { sorting }: ListDefinition,
  rows: readonly Row[],
): Work<SortEntry[]> {
  return yield* present.settled(() => rows.map(row => sorting.entryOf(row, present)))
}
