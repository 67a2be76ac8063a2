import { SEQ, type Resource, type Row } from '../../../model/model.ts'
import type { Predicate } from '../../../query/predicate.ts'
import { wait, type Work } from '../../../store/work.ts'
import type { Entry, Sorting } from './sorting.ts'
import type { Present } from '../step/state.ts'

/** The entries that windows need of a list: from the first offset on, up to the last end. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** What defines a list. */
export interface ListDefinition {
  readonly resource: Resource
  readonly where: Predicate
  /** The part of a rule that is a function of the row. */
  readonly opaque: ((row: Row) => boolean) | null
  readonly sorting: Sorting
}

/** The entries of a list before a step. */
export interface FormerEntries {
  readonly entries: readonly Entry[]
  readonly first: number
}

/**
 * A stretch of a sorted list: every matching row between two bounds, and how many lie before it. Rows that come and go
 * are put in their places by binary search; only where the stretch becomes too short are more rows read, from its bound
 * on. It holds a little more than the windows need, so that most steps read nothing.
 */
export class OrderedList {
  mark = 0
  readonly definition: ListDefinition
  entries: Entry[] = []
  /** How many matching rows lie before the entries. */
  first = 0
  /** Matching rows below it are counted, not held; null = there are none. */
  #low: Entry | null = null
  /** Matching rows above it are not held; null = there are none. */
  #high: Entry | null = null
  #isLoaded = false
  /** As it was before the step, once something moved. */
  former: FormerEntries | null = null
  /** Places of rows that changed and stayed, as long as nothing moved. */
  stayed: number[] = []

  constructor(definition: ListDefinition) {
    this.definition = definition
  }

  /** Somebody has seen it; otherwise nothing is held. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** How far it reaches; null = to the end of the list. */
  get high(): Entry | null {
    return this.#high
  }

  /** Something is to be told. */
  get isChanged(): boolean {
    return this.former !== null || this.stayed.length > 0
  }

  /** Whether it holds all that windows show. */
  covers({ start, end }: Extent): boolean {
    return this.first <= start && (this.#high === null || this.first + this.entries.length >= end)
  }

  /** Whether it holds what windows show, and not much more. */
  fits(extent: Extent): boolean {
    if (!this.covers(extent)) return false
    const most = 2 * spareOf(extent)
    return extent.start - this.first <= most && this.first + this.entries.length - extent.end <= most
  }

  /** Reads what windows need, in the state that was told last; `spare` = entries more on each side. */
  *load(present: Present, extent: Extent, spare: number = spareOf(extent)): Work<void> {
    if (!this.#isLoaded) {
      const offset = Math.max(0, extent.start - spare)
      const rows = yield* this.#read(present, null, false, extent.end + spare - offset, offset)
      this.entries = yield* this.#entriesOf(present, rows.rows)
      this.first = offset
      this.#low = offset === 0 ? null : (this.entries[0] ?? null)
      this.#high = rows.isAll ? null : this.entries.at(-1)!
      // Behind the end of the list nothing tells how long it is.
      if (offset > 0 && this.entries.length === 0) yield* this.#loadFromStart(present, extent, spare)
      this.#isLoaded = true
    } else {
      yield* this.extend(present, extent, spare)
      this.settled()
    }
  }

  /** Everything of the step was applied: what is missing is read, what is too much is let go. */
  *extend(present: Present, extent: Extent, spare: number = spareOf(extent)): Work<void> {
    const { start, end } = extent
    if (this.first > start && this.#low) {
      const from = this.entries[0] ?? this.#low
      const { rows, isAll } = yield* this.#read(present, from, true, this.first - start + spare, 0)
      const more = yield* this.#entriesOf(present, rows)
      this.#keepFormer()
      this.entries.unshift(...more)
      this.first = isAll ? 0 : this.first - more.length
      this.#low = isAll ? null : (more[0] ?? this.#low)
    }
    const missing = end - (this.first + this.entries.length)
    if (missing > 0 && this.#high) {
      const { rows, isAll } = yield* this.#read(present, this.#high, false, missing + spare, 0)
      const more = yield* this.#entriesOf(present, rows)
      this.#keepFormer()
      for (const entry of more) this.entries.push(entry)
      this.#high = isAll ? null : this.entries.at(-1)!
    }
    this.#trim(start, end, spare)
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#isLoaded = false
    this.entries = []
    this.first = 0
    this.#low = this.#high = null
    this.settled()
  }

  /** The step was told. */
  settled(): void {
    this.former = null
    if (this.stayed.length > 0) this.stayed = []
  }

  /** Where a row with this place is held; -1 = it is not. */
  find(entry: Entry): number {
    if (!this.#isHeld(entry)) return -1
    const at = this.#place(entry)
    return this.entries[at]?.[0] === entry[0] ? at : -1
  }

  /** Whether a row at this place is counted, not held, if it matches. */
  counts(entry: Entry): boolean {
    return this.#isBefore(entry)
  }

  /** Whether a row at this place would be held, or counted. */
  reaches(entry: Entry): boolean {
    return this.#high === null || this.definition.sorting.compare(entry, this.#high) <= 0
  }

  /** A row leaves one place and takes another; null = it has none. `at` = where it was found. */
  move(old: Entry | null, next: Entry | null, at: number): void {
    if (at >= 0 && this.entries[at]?.[0] !== old?.[0]) at = -1
    if (at < 0 && old) at = this.find(old)
    const isHeld = next !== null && this.#isHeld(next)
    const shift =
      this.#low === null
        ? 0
        : Number(next !== null && this.#isBefore(next)) - Number(old !== null && this.#isBefore(old))
    if (at < 0 && !isHeld && shift === 0) return
    if (at >= 0 && isHeld && this.former === null && this.#staysAt(next, at)) {
      const isOther = this.entries[at]![SEQ] !== next[SEQ]
      this.entries[at] = next
      // Related rows that sort it may have changed, and left it where it is.
      if (isOther) this.stayed.push(at)
      return
    }
    this.#keepFormer()
    this.first += shift
    if (at >= 0) this.entries.splice(at, 1)
    if (isHeld) this.entries.splice(this.#place(next), 0, next)
  }

  #keepFormer(): void {
    if (this.former !== null) return
    const entries = this.entries.slice()
    // What changed and stayed is told as a change: its former version is no version.
    for (const at of this.stayed) entries[at] = entries[at]!.with(1, -1)
    this.stayed = []
    this.former = { entries, first: this.first }
  }

  /** Whether an entry may take the place of the one that is there. */
  #staysAt(entry: Entry, at: number): boolean {
    const { compare } = this.definition.sorting
    const [previous, following] = [this.entries[at - 1], this.entries[at + 1]]
    return (!previous || compare(previous, entry) < 0) && (!following || compare(entry, following) < 0)
  }

  #isBefore(entry: Entry): boolean {
    return this.#low !== null && this.definition.sorting.compare(entry, this.#low) < 0
  }

  #isHeld(entry: Entry): boolean {
    return !this.#isBefore(entry) && this.reaches(entry)
  }

  /** How many entries stand before it. */
  #place(entry: Entry): number {
    const { compare } = this.definition.sorting
    let first = 0
    let end = this.entries.length
    while (first < end) {
      const middle = (first + end) >>> 1
      if (compare(this.entries[middle]!, entry) < 0) first = middle + 1
      else end = middle
    }
    return first
  }

  #trim(start: number, end: number, spare: number): void {
    // Places of rows that stayed would be others.
    if (this.stayed.length > 0) return
    const before = start - this.first - 2 * spare
    if (before > 0 && this.entries.length > before + spare) {
      this.entries.splice(0, before + spare)
      this.first += before + spare
      this.#low = this.entries[0]!
    }
    const behind = this.first + this.entries.length - end - 2 * spare
    if (behind > 0) {
      this.entries.length -= behind + spare
      this.#high = this.entries.at(-1)!
    }
  }

  /** The offset lies behind the end: the last rows tell how many there are. */
  *#loadFromStart(present: Present, extent: Extent, spare: number): Work<void> {
    const { rows, isAll } = yield* this.#read(present, null, false, extent.end + spare, 0)
    this.entries = yield* this.#entriesOf(present, rows)
    this.first = 0
    this.#low = null
    this.#high = isAll ? null : this.entries.at(-1)!
  }

  *#entriesOf(present: Present, rows: readonly Row[]): Work<Entry[]> {
    const { sorting } = this.definition
    return yield* present.settled(() => rows.map(row => sorting.entryOf(row, present)))
  }

  /** Rows from a bound on, in the order of the list; `isAll` = there are no more in that direction. */
  *#read(
    present: Present,
    from: Entry | null,
    before: boolean,
    limit: number,
    offset: number,
  ): Work<{ rows: Row[]; isAll: boolean }> {
    const { resource, where, opaque, sorting } = this.definition
    if (opaque) return yield* this.#readAllowed(present, from, before, limit, offset, opaque)
    const cursor = from && { before, keys: sorting.cursorOf(from) }
    const { sort } = sorting
    const most = Number.isFinite(limit) ? limit : null
    const rows = yield* wait(present.snapshot.select(resource, { where, sort, limit: most, offset, cursor }))
    return { rows, isAll: rows.length < limit }
  }

  /** What a function lets through the store cannot count: it is read page by page, until enough is found. */
  *#readAllowed(
    present: Present,
    from: Entry | null,
    before: boolean,
    limit: number,
    offset: number,
    opaque: (row: Row) => boolean,
  ): Work<{ rows: Row[]; isAll: boolean }> {
    const { resource, where, sorting } = this.definition
    const { sort } = sorting
    const found: Row[] = []
    let skip = offset
    for (let at = from; ;) {
      const cursor = at && { before, keys: sorting.cursorOf(at) }
      const page = yield* wait(present.snapshot.select(resource, { where, sort, limit: PAGE, offset: 0, cursor }))
      if (before) page.reverse()
      for (const row of page) {
        if (found.length > limit || !opaque(row)) continue
        if (skip > 0) skip--
        else found.push(row)
      }
      if (found.length > limit || page.length < PAGE) break
      at = (yield* this.#entriesOf(present, [page.at(-1)!]))[0]!
    }
    const isAll = found.length <= limit
    if (!isAll) found.pop()
    return { rows: before ? found.toReversed() : found, isAll }
  }
}

/** Rows that are read at once where a function lets only some of them through. */
const PAGE = 200

/** Entries beyond the windows that are held on each side: enough that most of what leaves is made up for at once. */
function spareOf({ start, end }: Extent): number {
  return end === Infinity ? 0 : Math.min(20, Math.max(4, (end - start) >> 2))
}
