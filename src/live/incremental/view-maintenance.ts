import { ID, type Id, type Resource, type Row } from '../../model/model.ts'
import { tooManyBytes } from '../../engine/read/too-many-bytes.ts'
import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { Room } from '../../store/room.ts'
import type { Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { Batch, Presented } from '../event.ts'
import { climb } from './routing/climb.ts'
import type { Followed, Move } from './followed.ts'
import type { KnownPairs } from './step/known-pairs.ts'
import { OrderedList, type Extent } from './lists/ordered-list.ts'
import { TimeSlice } from './step/time-slice.ts'
import { Registry, type ShownPlan } from './routing/registry.ts'
import { shownOtherwise } from './step/shown-rows.ts'
import { PresentState } from './step/state.ts'
import type { Step } from './step/step.ts'
import { digestOf, versionOf, Telling, type NewOrder } from './step/telling.ts'
import { isUnread, judge, placesOf, type MovedRow, type MoveVerdict } from './step/enter-or-leave.ts'
import { extentOf, movesOfWindow, orderOfWindow, type WindowedList, type WindowStep } from './lists/windows.ts'

/** How many rows are checked between two looks at the clock. */
const CHUNK = 256
/** The same for lists and groups, which take less time each. */
const MANY = 32

/** What was found out about a step. All parts of the maintenance add to it. */
interface Judged<G extends Followed> extends WindowStep {
  readonly step: Step
  /** Changed rows that changes of other rows affect as well. */
  readonly pulled: Set<Id>
  /** The rows of windows whose order has to be told. */
  readonly orders: Map<G, NewOrder>
  /** Rows that look different because of other rows, by what shows them. */
  readonly shown: Map<ShownPlan, ReadonlySet<Id>>
  /** What each group is told; null if its evaluation failed. */
  readonly moves: Map<G, Moves | null>
  /** Lists in which rows moved or look different. */
  readonly lists: Set<WindowedList<G>>
  /** Groups that nobody follows are included. */
  readonly everyone: boolean
}

/** What a group is told. An array with one element is shared by all groups that are told the same. */
type Moves = readonly Move[]

/** Receives what a step means to a group; null = it cannot be told, and the group has to begin anew. */
export type Deliver<G> = (group: G, batch: Batch | null) => void

/**
 * Keeps the views of a resource's groups up to date from what commits change (incremental view maintenance). A row that
 * changed, or that is affected by changes of others, is looked up by the values at the end of its paths, before and after the
 * step. The two states decide whether it was in a view and whether it is now; no query runs again.
 */
export class ViewMaintenance<G extends Followed> {
  readonly registry: Registry<G>
  readonly #known: KnownPairs
  readonly #onFault: (error: unknown) => void

  constructor(resource: Resource, known: KnownPairs, onFault: (error: unknown) => void) {
    this.registry = new Registry(resource)
    this.#known = known
    this.#onFault = onFault
  }

  /**
   * The rows of a window, or of a sorted list of which it has `most` at most, at the position that was sent last. Those that
   * the list has are not searched for again. null if the group follows none. Throws ApiError `too_complex` if they have too
   * many bytes.
   */
  *window(group: G, snapshot: Snapshot, most: number): Work<readonly Row[] | null> {
    const { index } = this.registry
    const list = this.registry.listOf(group)
    if (!list) return null
    const { start, end } = list.extent
    const room = new Room(group.stepBytes)
    const extent = { start, end: Math.min(end, start + most) }
    const read = yield* list.load(new PresentState(snapshot, this.#known), extent, { room })
    index.moved(list)
    const ids = orderOfWindow(list, group)
    const rows = new Map(read.map(row => [row[ID] as Id, row]))
    const missing = ids.filter(id => !rows.has(id))
    if (missing.length > 0)
      for (const row of yield* wait(snapshot.many(this.registry.resource, missing, room))) rows.set(row[ID] as Id, row)
    if (room.isFull && !(list.covers(extentOf(group)) && ids.every(id => rows.has(id))))
      throw tooManyBytes(group.stepBytes)
    return ids.map(id => getOrThrow(rows, id))
  }

  /** Called when somebody begins to follow a view with these rows. From now on it is remembered what they were sent. */
  seen(group: G, rows: readonly Row[], presented: readonly Presented[]): void {
    const { registry } = this
    if (group.isGuarded)
      registry.digests.set(group, new Map(rows.map((row, i) => [row[ID] as Id, digestOf(presented[i]?.body ?? '')])))
  }

  /** Whether everything is known that is needed to follow a group's view. */
  isSeen(group: G): boolean {
    const list = this.registry.listOf(group)
    if (list && !(list.isLoaded && list.covers(list.extent))) return false
    return !group.isGuarded || this.registry.digests.has(group)
  }

  /** Computes what a step means to all groups, and delivers it. */
  *advance(step: Step, slice: TimeSlice, deliver: Deliver<G>): Work<void> {
    const judged = yield* this.#judge(step, slice)
    let looked = 0
    for (const list of judged.lists) {
      if (looked++ % MANY === 0 && slice.isOver) yield* slice.pause()
      if (!list.isLoaded || list.windows.size === 0) continue
      const { extent } = list
      if (!list.fits(extent) && !(yield* this.#extend(list, extent, judged))) continue
      this.#note(list, judged)
      list.settled()
    }
    yield* this.#tell(judged, slice, deliver)
  }

  /** Whether a step means anything to any group, even to those that nobody follows. */
  *concerns(step: Step): Work<boolean> {
    const { shown, moves, lists } = yield* this.#judge(step, TimeSlice.unhurried, true)
    return moves.size > 0 || lists.size > 0 || shown.size > 0
  }

  /** Applies a step to the lists without telling anybody. */
  *take(step: Step): Work<void> {
    yield* this.#judge(step, TimeSlice.unhurried)
  }

  /**
   * Finds the groups that each moved row affects, and collects what it means to them. `everyone` includes groups that nobody
   * follows.
   */
  *#judge(step: Step, slice: TimeSlice, everyone = false): Work<Judged<G>> {
    const { resource, index, plan, shownPlans } = this.registry
    const judged: Judged<G> = {
      step,
      touched: step.touched.get(resource),
      pulled: new Set(),
      shown: new Map(),
      moves: new Map(),
      lists: new Set(),
      orders: new Map(),
      changes: new Map(),
      everyone,
    }
    const { shown, lists, touched: own } = judged
    for (const shownPlan of shownPlans) {
      const ids = yield* shownOtherwise(shownPlan.plan, step)
      if (ids.size > 0) shown.set(shownPlan, ids)
    }
    const others = yield* climb(plan, step, (path, value) => index.has(path, value))
    if (own) for (const id of own.keys()) if (others.delete(id)) judged.pulled.add(id)
    for (const ids of shown.values()) for (const id of ids) if (!own?.has(id)) others.add(id)
    const ids = [...(own?.keys() ?? []), ...others]
    for (let from = 0; from < ids.length; from += CHUNK) {
      if (from > 0 && slice.isOver) yield* slice.pause()
      const chunk = ids.slice(from, from + CHUNK)
      yield* step.present.load(resource, chunk)
      for (const verdict of yield* step.present.settled(() => this.#verdicts(chunk, judged)))
        this.#apply(verdict, judged)
    }
    // A list may show rows that look different although they did not move in it.
    if (shown.size > 0)
      for (const list of this.registry.lists)
        if (list.isLoaded && [...list.windows].some(window => this.#shownIn(window, judged))) lists.add(list)
    return judged
  }

  /** The rows that a group shows and that look different because of other rows; undefined if there are none. */
  #shownIn(group: G, { shown }: Judged<G>): ReadonlySet<Id> | undefined {
    const plan = shown.size > 0 ? this.registry.shownBy(group) : undefined
    return plan && shown.get(plan)
  }

  /** Has no side effects except that a group whose evaluation throws is reset. */
  #verdicts(ids: readonly Id[], { step, touched: own, pulled, moves }: Judged<G>): MoveVerdict<G>[] {
    const { resource, index, plan } = this.registry
    const verdicts: MoveVerdict<G>[] = []
    for (const id of ids) {
      const touched = own?.get(id) ?? null
      const after = touched ? touched.after : step.after.row(resource, id)
      const before = touched ? touched.before : after
      if (!before && !after) continue
      const isStill = touched !== null && !pulled.has(id) && isUnread(touched, plan.root.slots)
      const row: MovedRow = { id, touched, isStill, before, after, places: null, told: {} }
      index.visit(row, step.before, step.after, target => {
        try {
          const verdict = judge(target, row, step)
          if (verdict) verdicts.push(verdict)
        } catch (error) {
          this.#fail(target, error, moves)
        }
      })
    }
    return verdicts
  }

  #apply({ target, row, was, is, at }: MoveVerdict<G>, judged: Judged<G>): void {
    const { step, moves, lists, everyone } = judged
    const { id, touched, before, after } = row
    if (target instanceof OrderedList) {
      const list = target as WindowedList<G>
      if (was && is && !touched && !list.definition.sorting.isRelational) return
      const { old, next } = placesOf(row, list.definition.sorting, step)
      list.move(was ? old : null, is ? next : null, at)
      if (list.isChanged) lists.add(list)
      return
    }
    if (target.isGuarded && !everyone && !this.registry.digests.has(target)) return
    const isOther = !was || !is || touched !== null || this.#shownIn(target, judged)?.has(id)
    if (!isOther) return
    const list = moves.get(target)
    if (list === null) return
    const kind = is ? (was ? 'change' : 'enter') : 'leave'
    const only = (row.told[kind] ??= [{ kind, id, row: is ? after : null, seq: versionOf(before ?? after) }])
    if (!list) moves.set(target, only)
    else if (list.length === 1) moves.set(target, [...list, ...only])
    else (list as Move[]).push(...only)
    // Lists of one are shared between groups; from the second move on, a group gets its own array.
  }

  /** Reads the entries that a list lacks. False if that failed. */
  *#extend(list: WindowedList<G>, extent: Extent, { step, moves }: Judged<G>): Work<boolean> {
    try {
      yield* list.extend(step.present, extent)
      this.registry.index.moved(list)
      return true
    } catch (error) {
      this.#fail(list, error, moves)
      return false
    }
  }

  /** Collects what changes in a list mean to its windows. */
  #note(list: WindowedList<G>, judged: Judged<G>): void {
    const { digests } = this.registry
    const { moves, orders } = judged
    for (const window of list.windows) {
      if (window.isGuarded && !digests.has(window)) continue
      const found = movesOfWindow(list, window, judged, this.#shownIn(window, judged))
      const hasOrder = window.tellsOrder && (found.isReordered || found.moves.length > 0)
      if (hasOrder) orders.set(window, { ids: orderOfWindow(list, window), isReordered: found.isReordered })
      if (found.moves.length > 0 || hasOrder) moves.set(window, found.moves)
    }
  }

  /** Makes the batches and delivers them. Between two of them it may pause, so that a commit with many followers blocks nobody. */
  *#tell({ step, moves, orders }: Judged<G>, slice: TimeSlice, deliver: Deliver<G>): Work<void> {
    const { resource, digests } = this.registry
    const telling = new Telling<G>(resource, step)
    yield* telling.prepare(moves)
    let told = 0
    for (const [group, list] of moves) {
      const known = list && !orders.has(group) && !digests.has(group) ? telling.known(group, list) : null
      if ((!known || told++ % MANY === 0) && slice.isOver) yield* slice.pause()
      if (known || list === null) {
        deliver(group, known)
        continue
      }
      try {
        const batch = yield* telling.batch(group, list, digests.get(group) ?? null, orders.get(group))
        if (batch) deliver(group, batch)
      } catch (error) {
        this.#fail(group, error, new Map())
        deliver(group, null)
      }
    }
  }

  /** Handles an error in the evaluation of one target. Others are not affected; subscribers of this one begin anew. */
  #fail(target: G | OrderedList, error: unknown, moves: Map<G, Moves | null>): void {
    this.#onFault(error)
    if (target instanceof OrderedList) {
      target.forget()
      for (const window of (target as WindowedList<G>).windows) moves.set(window, null)
    } else {
      this.registry.digests.delete(target)
      moves.set(target, null)
    }
  }
}
