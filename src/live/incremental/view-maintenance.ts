import { ID, type Id, type Resource, type Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Batch } from '../event.ts'
import { climb } from './routing/climb.ts'
import type { Followed, Move } from './followed.ts'
import type { KnownPairs } from './step/known-pairs.ts'
import { OrderedList, type Extent } from './lists/ordered-list.ts'
import { TimeSlice } from './step/time-slice.ts'
import { Registry, type ShownPlan } from './routing/registry.ts'
import { shownOtherwise } from './step/shown-rows.ts'
import { Present } from './step/state.ts'
import type { Step, Touched } from './step/step.ts'
import { digestOf, seqOf, Telling } from './step/telling.ts'
import { isUnread, judge, placesOf, type MovedRow, type Verdict } from './step/enter-or-leave.ts'
import { movesOfWindow, orderOfWindow, type WindowedList } from './lists/windows.ts'

/** Rows that are looked into before it is asked whether the turn is over. */
const CHUNK = 256
/** The same of lists and groups for which little is to be done. */
const MANY = 32

/** What was found out of a step. */
interface Judged<G extends Followed> {
  /** Rows that are shown otherwise, by what shows them. */
  readonly shown: Map<ShownPlan, ReadonlySet<Id>>
  /** By group; null = its evaluation failed. */
  readonly moves: Map<G, Moves | null>
  /** Lists in which something moved, or that show rows otherwise. */
  readonly lists: Set<WindowedList<G>>
  /** Also what nobody has seen is judged. */
  readonly everyone: boolean
}

/** What a group is told. A list of one is shared by all who are told the same. */
type Moves = readonly Move[]

/** Hears what a step means to a group; null = that cannot be told. */
export type Deliver<G> = (group: G, batch: Batch | null) => void

/**
 * Keeps the views of one resource's groups up to date from what commits change (incremental view maintenance). A row
 * that a commit moves, itself or through others, is looked up by the values that its paths end at, before and after.
 * Whether it was in a view and is in it follows from the two states; no query is asked again.
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

  /** Somebody sees a group's view, at the position that was told last: from now on it is known what they were told. */
  *seen(group: G, snapshot: Snapshot, rows: readonly Row[], bodies: readonly string[]): Work<void> {
    const { registry } = this
    const list = registry.listOf(group)
    if (list) {
      yield* list.load(new Present(snapshot, this.#known), list.extent)
      registry.index.moved(list)
    }
    if (group.isGuarded)
      registry.digests.set(group, new Map(rows.map((row, i) => [row[ID] as Id, digestOf(bodies[i]!)])))
  }

  /** Whether all is known of a group's view that following it needs. */
  isSeen(group: G): boolean {
    const list = this.registry.listOf(group)
    if (list && !(list.isLoaded && list.covers(list.extent))) return false
    return !group.isGuarded || this.registry.digests.has(group)
  }

  /** What a step means to all groups. */
  *advance(step: Step, slice: TimeSlice, deliver: Deliver<G>): Work<void> {
    const { shown, moves, lists } = yield* this.#judge(step, slice)
    const orders = new Map<G, Id[]>()
    const changes = new Map<Id, Moves>()
    let looked = 0
    for (const list of lists) {
      if (looked++ % MANY === 0 && slice.isOver) yield* slice.pause()
      if (!list.isLoaded || list.windows.size === 0) continue
      const { extent } = list
      if (!list.fits(extent) && !(yield* this.#extend(list, extent, step, moves))) continue
      this.#note(list, step, shown, moves, orders, changes)
      list.settled()
    }
    yield* this.#tell(step, slice, moves, orders, deliver)
  }

  /** Whether a step means anything to any group, whatever was told. */
  *concerns(step: Step): Work<boolean> {
    const { shown, moves, lists } = yield* this.#judge(step, TimeSlice.unhurried, true)
    return moves.size > 0 || lists.size > 0 || shown.size > 0
  }

  /** Takes a step over into the lists, telling nobody. */
  *take(step: Step): Work<void> {
    yield* this.#judge(step, TimeSlice.unhurried)
  }

  /** Asks of each row that moved whom it concerns, and notes what it means to them; `everyone` = also to the unseen. */
  *#judge(step: Step, slice: TimeSlice, everyone = false): Work<Judged<G>> {
    const { resource, index, plan, shownPlans } = this.registry
    const judged: Judged<G> = { shown: new Map(), moves: new Map(), lists: new Set(), everyone }
    const { shown, moves, lists } = judged
    for (const shownPlan of shownPlans) {
      const ids = yield* shownOtherwise(shownPlan.plan, step)
      if (ids.size > 0) shown.set(shownPlan, ids)
    }
    const own = step.touched.get(resource)
    const others = yield* climb(plan, step, (path, value) => index.has(path, value))
    /** Own rows that other rows may have moved. */
    const pulled = new Set<Id>()
    if (own) for (const id of own.keys()) if (others.delete(id)) pulled.add(id)
    for (const ids of shown.values()) for (const id of ids) if (!own?.has(id)) others.add(id)
    const ids = [...(own?.keys() ?? []), ...others]
    for (let from = 0; from < ids.length; from += CHUNK) {
      if (from > 0 && slice.isOver) yield* slice.pause()
      const chunk = ids.slice(from, from + CHUNK)
      yield* step.present.load(resource, chunk)
      for (const verdict of yield* step.present.settled(() => this.#verdicts(chunk, own, pulled, step, moves)))
        this.#apply(verdict, step, judged)
    }
    // A list shows rows otherwise that did not move in it.
    if (shown.size > 0)
      for (const list of this.registry.lists)
        if (list.isLoaded && [...list.windows].some(window => shown.has(this.registry.shownBy(window)!)))
          lists.add(list)
    return judged
  }

  /** Free of effects but for faults, which reset a group whatever else is found. */
  #verdicts(
    ids: readonly Id[],
    own: ReadonlyMap<Id, Touched> | undefined,
    pulled: ReadonlySet<Id>,
    step: Step,
    moves: Map<G, Moves | null>,
  ): Verdict<G>[] {
    const { resource, index, plan } = this.registry
    const verdicts: Verdict<G>[] = []
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

  #apply({ target, row, was, is, at }: Verdict<G>, step: Step, { shown, moves, lists, everyone }: Judged<G>): void {
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
    const plan = this.registry.shownBy(target)
    const isOther = !was || !is || touched !== null || (plan !== undefined && shown.get(plan)?.has(id))
    if (!isOther) return
    const list = moves.get(target)
    if (list === null) return
    const kind = is ? (was ? 'change' : 'enter') : 'leave'
    const only = (row.told[kind] ??= [{ kind, id, row: is ? after : null, seq: seqOf(before ?? after) }])
    if (!list) moves.set(target, only)
    else if (list.length === 1) moves.set(target, [list[0]!, only[0]!])
    else (list as Move[]).push(only[0]!)
  }

  /** Reads what a list lacks. False = that failed. */
  *#extend(list: WindowedList<G>, extent: Extent, step: Step, moves: Map<G, Moves | null>): Work<boolean> {
    try {
      yield* list.extend(step.present, extent)
      this.registry.index.moved(list)
      return true
    } catch (error) {
      this.#fail(list, error, moves)
      return false
    }
  }

  /** Notes what a list means to its windows. */
  #note(
    list: WindowedList<G>,
    step: Step,
    shown: ReadonlyMap<ShownPlan, ReadonlySet<Id>>,
    moves: Map<G, Moves | null>,
    orders: Map<G, Id[]>,
    changes: Map<Id, Moves>,
  ): void {
    const { resource, digests } = this.registry
    const touched = step.touched.get(resource)
    for (const window of list.windows) {
      if (window.isGuarded && !digests.has(window)) continue
      const plan = shown.size > 0 ? this.registry.shownBy(window) : undefined
      const found = movesOfWindow(list, window, touched, plan && shown.get(plan), changes)
      const hasOrder = window.tellsOrder && (found.isReordered || found.moves.length > 0)
      if (hasOrder) orders.set(window, orderOfWindow(list, window))
      if (found.moves.length > 0 || hasOrder) moves.set(window, found.moves)
    }
  }

  *#tell(
    step: Step,
    slice: TimeSlice,
    moves: ReadonlyMap<G, Moves | null>,
    orders: ReadonlyMap<G, Id[]>,
    deliver: Deliver<G>,
  ): Work<void> {
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

  /** What one target's evaluation threw harms nobody else: whoever follows it begins anew. */
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
