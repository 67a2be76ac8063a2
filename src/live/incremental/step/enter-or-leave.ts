import type { Id, Row } from '../../../model/model.ts'
import type { Followed, Move } from '../followed.ts'
import type { Images, Target } from '../routing/group-index.ts'
import { holds } from '../routing/holds.ts'
import { OrderedList } from '../lists/ordered-list.ts'
import type { Entry, Sorting } from '../lists/sorting.ts'
import type { State } from './state.ts'
import type { Step, Touched } from './step.ts'

/** A row that a step touched or that others moved, before and after. */
export interface MovedRow extends Images {
  readonly id: Id
  /** What the log says of the row itself; null = other rows moved it. */
  readonly touched: Touched | null
  /** No predicate of a group sees a difference between the images: whoever had it in view has it still. */
  readonly isStill: boolean
  /** Its places by sorting, before and after, once a list asks for them. */
  places: Map<Sorting, Places> | null
  /** What groups are told of it, if they are told nothing else. */
  readonly told: { enter?: readonly Move[]; change?: readonly Move[]; leave?: readonly Move[] }
}

interface Places {
  readonly old: Entry | null
  readonly next: Entry | null
}

/** What became of a row for one target. */
export interface Verdict<G extends Followed> {
  readonly target: Target<G>
  readonly row: MovedRow
  readonly was: boolean
  readonly is: boolean
  /** Where a list holds it; -1 = it does not. */
  readonly at: number
}

/** What a moved row means to a group or a list; null = nothing, as it neither was nor is in it. Free of effects. */
export function judge<G extends Followed>(target: Target<G>, row: MovedRow, step: Step): Verdict<G> | null {
  return target instanceof OrderedList ? judgeList(target, row, step) : judgeGroup(target, row, step)
}

/** Whether nothing changed of a row that is in these slots. One that is deleted and made again is another in all of them. */
export function isUnread({ changes }: Touched, slots: ReadonlySet<number>): boolean {
  return changes.every(({ before, after, changed }) => before && after && !changed.some(slot => slots.has(slot)))
}

/** The places of a row in lists that are sorted alike: found once for all of them. */
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

function judgeGroup<G extends Followed>(target: G, row: MovedRow, step: Step): Verdict<G> | null {
  const { before, after, isStill } = row
  const is = after !== null && isIn(target, after, step.after)
  const was = isStill && target.interest.opaque === null ? is : before !== null && isIn(target, before, step.before)
  return was || is ? { target, row, was, is, at: -1 } : null
}

/** A list knows its rows: whether one was in it is asked of its place. What lies beyond it need not match. */
function judgeList<G extends Followed>(list: OrderedList, row: MovedRow, step: Step): Verdict<G> | null {
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

function isIn(target: Followed | OrderedList, row: Row, state: State): boolean {
  const { where, resource, opaque } = target instanceof OrderedList ? target.definition : target.interest
  return holds(where, resource, row, state) && (opaque === null || opaque(row))
}
