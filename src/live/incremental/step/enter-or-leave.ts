import type { Id, Row } from '../../../model/model.ts'
import type { Followed, Move } from '../followed.ts'
import type { RoutingTarget } from '../routing/group-index.ts'
import { holds } from '../routing/holds.ts'
import { OrderedList } from '../lists/ordered-list.ts'
import type { SortEntry, Sorting } from '../lists/sorting.ts'
import type { Images, RowState } from './state.ts'
import type { Step, Touched } from './step.ts'

/** A row that a step may have moved, before and after it. */
export interface MovedRow extends Images {
  readonly id: Id
  /** The log records about the row itself; null if only other rows changed. */
  readonly touched: Touched | null
  /** No predicate reads what changed, so a row that was in view before is still in view. */
  readonly isStill: boolean
  /** Its places in sorted lists, by sorting. Computed when the first list asks. */
  places: Map<Sorting, Places> | null
  /** What a group is told if this row is the only one. Groups share it. */
  readonly told: { enter?: readonly Move[]; change?: readonly Move[]; leave?: readonly Move[] }
}

interface Places {
  readonly old: SortEntry | null
  readonly next: SortEntry | null
}

/** What happened to a row for one target. */
export interface MoveVerdict<G extends Followed> {
  readonly target: RoutingTarget<G>
  readonly row: MovedRow
  readonly was: boolean
  readonly is: boolean
  /** The index at which a list holds the row; -1 if it does not. */
  readonly at: number
}

/**
 * What a moved row means to a group or a list; null = it was not in it and is not now. It has no side effects, because it may
 * run again when data is missing.
 */
export function judge<G extends Followed>(target: RoutingTarget<G>, row: MovedRow, step: Step): MoveVerdict<G> | null {
  return target instanceof OrderedList ? judgeList(target, row, step) : judgeGroup(target, row, step)
}

/** Whether none of these slots changed. A row that was deleted and created again counts as changed in all. */
export function isUnread({ changes }: Touched, slots: ReadonlySet<number>): boolean {
  return changes.every(({ before, after, changed }) => before && after && !changed.some(slot => slots.has(slot)))
}

/** The places of a row in lists with the same sorting, computed once for all of them. */
export function placesOf(row: MovedRow, sorting: Sorting, step: Step): Places {
  const { before, after, places } = row
  const known = places?.get(sorting)
  if (known) return known
  const found: Places = {
    old: before && sorting.entryOf(before, step.before),
    next: after && sorting.entryOf(after, step.after),
  }
  row.places ??= new Map()
  row.places.set(sorting, found)
  return found
}

function judgeGroup<G extends Followed>(target: G, row: MovedRow, step: Step): MoveVerdict<G> | null {
  const { before, after, isStill } = row
  const is = after !== null && isIn(target, after, step.after)
  const was = isStill && target.interest.opaque === null ? is : before !== null && isIn(target, before, step.before)
  return was || is ? { target, row, was, is, at: -1 } : null
}

/**
 * A list knows its rows, so its own entries tell whether the row was in it. Beyond the reach of the list, it does not matter
 * whether the row matches.
 */
function judgeList<G extends Followed>(list: OrderedList, row: MovedRow, step: Step): MoveVerdict<G> | null {
  if (!list.isLoaded) return null
  const { sorting, opaque } = list.definition
  const { old, next } = placesOf(row, sorting, step)
  const at = old ? list.find(old) : -1
  const isCounted = old !== null && at < 0 && list.counts(old)
  const was = at >= 0 || (isCounted && isIn(list, row.before!, step.before))
  let is = next !== null && list.reaches(next)
  if (is) {
    const isKnown = row.isStill && opaque === null && old !== null && list.reaches(old)
    is = isKnown ? was : isIn(list, row.after!, step.after)
  }
  return was || is ? { target: list, row, was, is, at } : null
}

// Inside the reach before and after, and nothing changed that the predicate reads.
function isIn(target: Followed | OrderedList, row: Row, state: RowState): boolean {
  const { where, resource, opaque } = target instanceof OrderedList ? target.definition : target.interest
  return holds(where, resource, row, state) && (opaque === null || opaque(row))
}
