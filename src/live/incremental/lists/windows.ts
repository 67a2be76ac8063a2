import { SEQ, type Id } from '../../../model/model.ts'
import type { Followed, Move } from '../followed.ts'
import { OrderedList, type Extent } from './ordered-list.ts'
import type { ListDefinition } from './read-list.ts'
import type { SortEntry } from './sorting.ts'
import type { Touched } from '../step/step.ts'

/** A list with the windows that are followed on it. */
export class WindowedList<G extends Followed> extends OrderedList {
  readonly key: string
  readonly windows: Set<G> = new Set()

  constructor(key: string, definition: ListDefinition) {
    super(definition)
    this.key = key
  }

  /** The part of the list that all windows together show. */
  get extent(): Extent {
    let start = Infinity
    let end = 0
    for (const window of this.windows) {
      const own = extentOf(window)
      start = Math.min(start, own.start)
      end = Math.max(end, own.end)
    }
    return { start: Math.min(start, end), end }
  }
}

/** The part of its list that a window shows. */
export function extentOf({ interest: { offset, limit } }: Followed): Extent {
  return { start: offset, end: limit === null ? Infinity : offset + limit }
}

/** What a step did to a window. */
export interface WindowMoves {
  readonly moves: readonly Move[]
  /** Rows that stayed in the window changed their order. */
  readonly isReordered: boolean
}

/** What all windows of a step share. */
export interface WindowStep {
  /** The rows that the step changed; undefined if there are none. */
  readonly touched: ReadonlyMap<Id, Touched> | undefined
  /** The result for windows in which a single row changed and nothing else. */
  readonly changes: Map<Id, readonly Move[]>
}

/**
 * The rows that entered a window, changed in it, or left it. `shown` are rows that look different because of other rows;
 * undefined if there are none.
 */
export function movesOfWindow(
  list: OrderedList,
  window: Followed,
  step: WindowStep,
  shown: ReadonlySet<Id> | undefined,
): WindowMoves {
  const { entries, first, former, stayed } = list
  // By far the most frequent case: one row changed and kept its place.
  const [at] = stayed
  if (!former && !shown && stayed.length === 1 && at !== undefined) {
    const { offset, limit } = window.interest
    const isIn = first + at >= offset && (limit === null || first + at < offset + limit)
    return isIn ? { moves: changeOf(idAt(entries, at), step), isReordered: false } : nothing
  }
  const now = stretchOf(entries, first, window)
  const moves: Move[] = []
  const tell = (kind: 'enter' | 'change', id: Id): void => {
    moves.push({ kind, id, row: step.touched?.get(id)?.after ?? null, seq: 0 })
  }
  let isReordered = false
  if (former) {
    const old = stretchOf(former.entries, former.first, window)
    const { gone, come, changed, isReordered: isOther } = differences(old, now)
    isReordered = isOther
    for (const entry of gone) moves.push({ kind: 'leave', id: entry[0] as Id, row: null, seq: entry[SEQ] as number })
    for (const entry of now)
      if (come.has(entry)) tell('enter', entry[0] as Id)
      else if (changed.has(entry)) tell('change', entry[0] as Id)
  } else
    for (const at of stayed) {
      const entry = entries[at]
      if (entry && now.includes(entry)) tell('change', entry[0] as Id)
    }
  if (shown && now.some(([id]) => shown.has(id as Id))) {
    const told = new Set(moves.map(({ id }) => id))
    for (const [id] of now) if (shown.has(id as Id) && !told.has(id as Id)) tell('change', id as Id)
  }
  return { moves, isReordered }
}

const nothing: WindowMoves = { moves: [], isReordered: false }

function changeOf(id: Id, { touched, changes }: WindowStep): readonly Move[] {
  let moves = changes.get(id)
  if (!moves) changes.set(id, (moves = [{ kind: 'change', id, row: touched?.get(id)?.after ?? null, seq: 0 }]))
  return moves
}

function idAt(entries: readonly SortEntry[], at: number): Id {
  return entries[at]?.[0] as Id
}

/** The ids in a window, in order. */
export function orderOfWindow({ entries, first }: OrderedList, window: Followed): Id[] {
  return stretchOf(entries, first, window).map(([id]) => id as Id)
}

function stretchOf(entries: readonly SortEntry[], first: number, { interest }: Followed): readonly SortEntry[] {
  const { offset, limit } = interest
  return entries.slice(Math.max(0, offset - first), limit === null ? undefined : Math.max(0, offset + limit - first))
}

interface Differences {
  readonly gone: Iterable<SortEntry>
  /** Entries that were not there before. */
  readonly come: ReadonlySet<SortEntry>
  /** Entries of rows that have a new version. */
  readonly changed: ReadonlySet<SortEntry>
  readonly isReordered: boolean
}

/**
 * Compares two states of a window. The parts at the beginning and the end that are equal are skipped first, which is usually
 * almost everything.
 */
function differences(old: readonly SortEntry[], now: readonly SortEntry[]): Differences {
  let begin = 0
  while (begin < old.length && begin < now.length && old[begin] === now[begin]) begin++
  let [oldEnd, nowEnd] = [old.length, now.length]
  while (oldEnd > begin && nowEnd > begin && old[oldEnd - 1] === now[nowEnd - 1]) {
    oldEnd--
    nowEnd--
  }
  const gone = new Map<Id, SortEntry>()
  for (const entry of old.slice(begin, oldEnd)) gone.set(entry[0] as Id, entry)
  const come = new Set<SortEntry>()
  const changed = new Set<SortEntry>()
  const stayed: Id[] = []
  for (const entry of now.slice(begin, nowEnd)) {
    const was = gone.get(entry[0] as Id)
    if (!was) come.add(entry)
    else {
      stayed.push(entry[0] as Id)
      if (was[SEQ] !== entry[SEQ]) changed.add(entry)
    }
  }
  // If the common rows come in the same order in both, they were only joined or left by others.
  let next = 0
  for (const id of gone.keys()) if (stayed[next] === id) next++
  for (const id of stayed) gone.delete(id)
  return { gone: gone.values(), come, changed, isReordered: next < stayed.length }
}
