import { SEQ, type Row } from '../../../model/model.ts'
import type { Room } from '../../../store/room.ts'
import type { Work } from '../../../store/work.ts'
import { sortEntriesOf, readPart, type ListDefinition } from './read-list.ts'
import type { SortEntry } from './sorting.ts'
import type { PresentState } from '../step/state.ts'

/** The part of a list that its windows need, from the lowest offset to the highest end. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** The entries of a list before a step. */
export interface FormerEntries {
  readonly entries: readonly SortEntry[]
  readonly first: number
}

/**
 * A part of a sorted list: every matching row between two bounds, and how many rows come before it. Rows that come or go are
 * inserted or removed by binary search. Only if the part becomes too short are more rows read, starting at its bound. It holds
 * a few more rows than its windows need, so that most steps read nothing.
 */
export class OrderedList {
  mark = 0
  readonly definition: ListDefinition
  entries: SortEntry[] = []
  /** How many matching rows come before the entries. */
  first = 0
  /** Matching rows before this entry are counted but not held; null if there are none. */
  #low: SortEntry | null = null
  /** Matching rows after this entry are not held; null if there are none. */
  #high: SortEntry | null = null
  #isLoaded = false
  /** The entries before the step; null until something moves in it. */
  former: FormerEntries | null = null
  /** Indexes of rows that changed but kept their place. Only used while nothing moves. */
  stayed: number[] = []

  constructor(definition: ListDefinition) {
    this.definition = definition
  }

  /** Whether the entries are loaded. They are not until somebody follows a window. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** The last entry that it reaches; null = it reaches the end of the list. */
  get high(): SortEntry | null {
    return this.#high
  }

  /** Whether the step changed anything that has to be sent. */
  get isChanged(): boolean {
    return this.former !== null || this.stayed.length > 0
  }

  /** Whether it holds everything that its windows show. */
  covers({ start, end }: Extent): boolean {
    return this.first <= start && (this.#high === null || this.first + this.entries.length >= end)
  }

  /** Whether it holds what its windows show and not much more. */
  fits(extent: Extent): boolean {
    if (!this.covers(extent)) return false
    const most = 2 * spareOf(extent)
    return extent.start - this.first <= most && this.first + this.entries.length - extent.end <= most
  }

  /**
   * Reads what the windows need, in the state that was sent last, as far as there is room. Returns the rows that it has read.
   * `spare` is the number of extra entries on each side.
   */
  *load(
    present: PresentState,
    extent: Extent,
    { spare = spareOf(extent), room }: HowToLoad = {},
  ): Work<readonly Row[]> {
    if (!this.#isLoaded) {
      const offset = Math.max(0, extent.start - spare)
      const limit = extent.end + spare - offset
      const { rows, isAll } = yield* readPart(present, this.definition, { limit, offset, room })
      this.entries = yield* sortEntriesOf(present, this.definition, rows)
      this.first = offset
      this.#low = offset === 0 ? null : (this.entries[0] ?? null)
      this.#high = isAll ? null : this.#last
      // If the offset is beyond the end, only the rows before it tell how long the list is.
      if (offset > 0 && this.entries.length === 0) yield* this.#loadFromStart(present, extent, spare)
      this.#isLoaded = true
      return rows
    }
    const rows = yield* this.extend(present, extent, { spare, room })
    this.settled()
    return rows
  }

  /**
   * Called when a step was applied completely: reads entries that are missing and drops those that are too many. Returns the
   * rows that it has read.
   */
  *extend(
    present: PresentState,
    extent: Extent,
    { spare = spareOf(extent), room }: HowToLoad = {},
  ): Work<readonly Row[]> {
    const { start, end } = extent
    const read: Row[] = []
    if (this.first > start && this.#low) {
      const from = this.entries[0] ?? this.#low
      const { rows, isAll } = yield* readPart(present, this.definition, {
        from,
        before: true,
        limit: this.first - start + spare,
        room,
      })
      for (const row of rows) read.push(row)
      const more = yield* sortEntriesOf(present, this.definition, rows)
      this.#keepFormer()
      this.entries.unshift(...more)
      this.first = isAll ? 0 : this.first - more.length
      this.#low = isAll ? null : (more[0] ?? this.#low)
    }
    const missing = end - (this.first + this.entries.length)
    if (missing > 0 && this.#high) {
      const { rows, isAll } = yield* readPart(present, this.definition, {
        from: this.#high,
        limit: missing + spare,
        room,
      })
      for (const row of rows) read.push(row)
      const more = yield* sortEntriesOf(present, this.definition, rows)
      this.#keepFormer()
      for (const entry of more) this.entries.push(entry)
      this.#high = isAll ? null : this.#last
    }
    this.#trim(start, end, spare)
    return read
  }

  /** Forgets all entries, so that they are read again. */
  forget(): void {
    this.#isLoaded = false
    this.entries = []
    this.first = 0
    this.#low = this.#high = null
    this.settled()
  }

  /** Called when the step was sent. */
  settled(): void {
    this.former = null
    if (this.stayed.length > 0) this.stayed = []
  }

  /** The index of an entry; -1 if it is not held. */
  find(entry: SortEntry): number {
    if (!this.#isHeld(entry)) return -1
    const at = this.#place(entry)
    return this.entries[at]?.[0] === entry[0] ? at : -1
  }

  /** Whether a matching row at this place would be counted but not held. */
  counts(entry: SortEntry): boolean {
    return this.#isBefore(entry)
  }

  /** Whether a matching row at this place would be held or counted. */
  reaches(entry: SortEntry): boolean {
    return this.#high === null || this.definition.sorting.compare(entry, this.#high) <= 0
  }

  /** Moves a row from one place to another; null = no place. `at` is the index where it was found, or -1. */
  move(old: SortEntry | null, next: SortEntry | null, at: number): void {
    if (at >= 0 && this.entries[at]?.[0] !== old?.[0]) at = -1
    if (at < 0 && old) at = this.find(old)
    const isHeld = next !== null && this.#isHeld(next)
    const shift =
      this.#low === null
        ? 0
        : Number(next !== null && this.#isBefore(next)) - Number(old !== null && this.#isBefore(old))
    if (at < 0 && !isHeld && shift === 0) return
    if (at >= 0 && isHeld && this.former === null && this.#staysAt(next, at)) {
      const isOther = this.entries[at]?.[SEQ] !== next[SEQ]
      this.entries[at] = next
      // A change of a related row may leave both the version and the place of this row as they were.
      if (isOther) this.stayed.push(at)
      return
    }
    this.#keepFormer()
    this.first += shift
    if (at >= 0) this.entries.splice(at, 1)
    if (isHeld) this.entries.splice(this.#place(next), 0, next)
  }

  get #last(): SortEntry | null {
    return this.entries.at(-1) ?? null
  }

  #keepFormer(): void {
    if (this.former !== null) return
    const entries = this.entries.slice()
    // A row that changed in place has to be sent as changed. An impossible version makes it differ.
    for (const at of this.stayed) {
      const entry = entries[at]
      if (entry) entries[at] = entry.with(SEQ, -1)
    }
    this.stayed = []
    this.former = { entries, first: this.first }
  }

  /** Whether an entry may replace the one at an index without breaking the order. */
  #staysAt(entry: SortEntry, at: number): boolean {
    const { compare } = this.definition.sorting
    const [previous, following] = [this.entries[at - 1], this.entries[at + 1]]
    return (!previous || compare(previous, entry) < 0) && (!following || compare(entry, following) < 0)
  }

  #isBefore(entry: SortEntry): boolean {
    return this.#low !== null && this.definition.sorting.compare(entry, this.#low) < 0
  }

  #isHeld(entry: SortEntry): boolean {
    return !this.#isBefore(entry) && this.reaches(entry)
  }

  /** Binary search: how many entries come before this one. */
  #place(entry: SortEntry): number {
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
    // Trimming would shift the indexes of the rows that changed in place.
    if (this.stayed.length > 0) return
    const before = start - this.first - 2 * spare
    if (before > 0 && this.entries.length > before + spare) {
      this.entries.splice(0, before + spare)
      this.first += before + spare
      this.#low = this.entries[0] ?? null
    }
    const behind = this.first + this.entries.length - end - 2 * spare
    if (behind > 0) {
      this.entries.length -= behind + spare
      this.#high = this.#last
    }
  }

  /** Loads the list from its beginning, because the offset is beyond its end and the length is not known. */
  *#loadFromStart(present: PresentState, extent: Extent, spare: number): Work<void> {
    const { rows, isAll } = yield* readPart(present, this.definition, { limit: extent.end + spare })
    this.entries = yield* sortEntriesOf(present, this.definition, rows)
    this.first = 0
    this.#low = null
    this.#high = isAll ? null : this.#last
  }
}

/** How much is loaded. */
export interface HowToLoad {
  /** Extra entries on each side. */
  readonly spare?: number
  readonly room?: Room | undefined
}

/** Extra entries that are held on each side. They replace most rows that leave without a read. */
function spareOf({ start, end }: Extent): number {
  return end === Infinity ? 0 : Math.min(20, Math.max(4, (end - start) >> 2))
}
