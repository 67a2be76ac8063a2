import type { Resource, Row } from '../model/model.ts'
import type { Commit, Snapshot } from '../store/store.ts'
import type { Work } from '../store/work.ts'
import type { Batch } from './event.ts'
import { each, minus, plus } from './few.ts'
import { Group, type Member, type Surroundings } from './group.ts'
import { History } from './incremental/history.ts'
import { KnownPairs } from './incremental/known-pairs.ts'
import { TimeSlice, SlicedWork } from './incremental/time-slice.ts'
import { Present } from './incremental/state.ts'
import { singleSteps, wholeStep } from './incremental/step.ts'
import { ViewMaintenance } from './incremental/view-maintenance.ts'
import type { Interest } from './interest.ts'
import { PlainGroups } from './plain-groups.ts'
import { Requery } from './requery.ts'
import { RequeryQueue } from './requery-queue.ts'

/** Ids of joins that are kept from step to step, so that long lists are not read again and again. */
const KNOWN_PAIRS = 500_000

/** Views of one resource that are maintained: those told commit by commit, and those told by steps. */
interface Maintained {
  readonly exact: ViewMaintenance<Group>
  readonly merged: ViewMaintenance<Group>
}

/**
 * Knows who is interested in what. A change is looked up by the values of its images, so a commit costs what it changes
 * for somebody, however many others there are.
 */
export class Hub {
  readonly #groups = new Map<string, Group>()
  readonly #plain = new PlainGroups()
  readonly #maintained = new Map<Resource, Maintained>()
  readonly #requeries = new Map<Group, Requery>()
  readonly #due: RequeryQueue = new RequeryQueue()
  readonly #known: KnownPairs = new KnownPairs(KNOWN_PAIRS)
  /** Called with what a group's evaluation threw; the group is reset, nobody else notices. */
  readonly #onFault: (error: unknown) => void
  readonly #surroundings: Surroundings
  /** Followers of the log itself. */
  readonly #taps = new Set<(commits: readonly Commit[] | null) => void>()

  constructor(surroundings: Surroundings, onFault: (error: unknown) => void) {
    this.#surroundings = surroundings
    this.#onFault = onFault
  }

  /** Nobody is interested in anything. */
  get isIdle(): boolean {
    return this.#groups.size === 0 && this.#taps.size === 0
  }

  /** Some views are yet to be asked again. */
  get isBehind(): boolean {
    return !this.#due.isEmpty
  }

  get groups(): number {
    return this.#groups.size
  }

  /** The groups that are there, and what asking costs where a view is asked again. */
  *explained(): Generator<{ readonly key: string; readonly group: Group; readonly requery: Requery | null }, void> {
    for (const [key, group] of this.#groups) yield { key, group, requery: this.#requeries.get(group) ?? null }
  }

  /** Hears of all commits, whole and in order; of null where the log cannot tell. Returns how to stop. */
  tap(listener: (commits: readonly Commit[] | null) => void): () => void {
    const own = (commits: readonly Commit[] | null): void => listener(commits)
    this.#taps.add(own)
    return () => void this.#taps.delete(own)
  }

  /** The group with this key, made at the first call. */
  group(key: string, make: () => Interest): Group {
    let group = this.#groups.get(key)
    if (!group) {
      group = new Group(make(), this.#surroundings)
      this.#groups.set(key, group)
      this.#add(group)
    }
    return group
  }

  join(group: Group, member: Member): void {
    group.members = plus(group.members, member)
  }

  /** The last member takes the group with it. */
  leave(key: string, group: Group, member: Member): void {
    group.members = minus(group.members, member)
    if (group.members !== null || this.#groups.get(key) !== group) return
    this.#groups.delete(key)
    this.#delete(group)
  }

  /** A group's view as it is: from now on what happens is compared with it. Null if it has more than `most` rows. */
  *take(snapshot: Snapshot, group: Group, most: number): Work<{ rows: Row[]; bodies: string[] } | null> {
    const requery = this.#requeries.get(group)
    // Those who follow it already hear first what happened until now.
    if (requery?.isDue) {
      this.#due.delete(requery)
      this.#told(requery, yield* requery.ask(snapshot))
    }
    const begin = performance.now()
    const rows = yield* group.rows(snapshot, most + 1)
    if (rows.length > most) return null
    const bodies = yield* group.present(snapshot, rows)
    if (requery) {
      requery.measured(performance.now() - begin)
      requery.see(rows, bodies)
    } else yield* this.maintenanceOf(group)?.seen(group, snapshot, rows, bodies) ?? nothing()
    return { rows, bodies }
  }

  /** Somebody follows a group's view from here on without a snapshot of it. False = it has too many rows. */
  *watch(snapshot: Snapshot, group: Group, most: number): Work<boolean> {
    const maintenance = this.maintenanceOf(group)
    const isKnown = maintenance ? maintenance.isSeen(group) : (this.#requeries.get(group)?.isSeen ?? true)
    return isKnown || (yield* this.take(snapshot, group, most)) !== null
  }

  /** What keeps a group's view up to date; undefined = rows tell all, or its query is asked again. */
  maintenanceOf({ interest: { resource }, upkeep }: Group): ViewMaintenance<Group> | undefined {
    if (upkeep.kind !== 'maintained') return undefined
    return this.#maintained.get(resource)?.[upkeep.isExact ? 'exact' : 'merged']
  }

  requeryOf(group: Group): Requery | undefined {
    return this.#requeries.get(group)
  }

  /**
   * Tells members of groups what commits mean to them, in order; those of ephemeral rows come behind, and followers of
   * the log do not hear of them. The work pauses where it would hold the event loop.
   */
  dispatch(snapshot: Snapshot, logged: readonly Commit[], fleeting: readonly Commit[] = []): SlicedWork {
    const slice = new TimeSlice(this.#surroundings.turn)
    const present = new Present(snapshot, this.#known)
    return new SlicedWork(slice, this.#dispatch(present, logged, fleeting, slice), later => present.continueIn(later))
  }

  /** Asks due queries again, as far as a turn allows. Returns the milliseconds after which more can be asked; null = all done. */
  *requery(snapshot: Snapshot): Work<number | null> {
    return yield* this.#due.run(snapshot, (query, batch, error) => this.#told(query, batch, error))
  }

  /** The log cannot tell what happened: everyone takes a new snapshot. */
  resetAll(): void {
    for (const tap of this.#taps) this.#safely(() => tap(null))
    this.#known.clear()
    this.#due.clear()
    for (const { exact, merged } of this.#maintained.values()) {
      exact.registry.forget()
      merged.registry.forget()
    }
    for (const requery of this.#requeries.values()) requery.forget()
    for (const group of this.#groups.values()) this.#reset(group)
  }

  *#dispatch(present: Present, logged: readonly Commit[], fleeting: readonly Commit[], slice: TimeSlice): Work<void> {
    if (logged.length > 0) for (const tap of this.#taps) this.#safely(() => tap(logged))
    const commits = fleeting.length > 0 ? [...logged, ...fleeting] : logged
    yield* this.#dispatchPlain(present.snapshot, commits)
    if (logged.length > 0) yield* this.#maintain(present, logged, slice)
    for (const requery of this.#requeries.values())
      if (requery.isConcernedBy(commits) && requery.note(commits)) this.#due.add(requery)
  }

  *#dispatchPlain(snapshot: Snapshot, commits: readonly Commit[]): Work<void> {
    for (const [group, changes] of this.#plain.concernedBy(commits)) {
      let batches: Batch[]
      try {
        batches = yield* group.match(snapshot, changes)
      } catch (error) {
        this.#onFault(error)
        this.#reset(group)
        continue
      }
      this.#deliver(group, batches)
    }
  }

  *#maintain(present: Present, commits: readonly Commit[], slice: TimeSlice): Work<void> {
    if (this.#maintained.size === 0) return
    const history = new History(commits, present)
    this.#known.drop(history.pairs)
    const deliver = (group: Group, batch: Batch | null): void => {
      if (batch) this.#deliver(group, [batch])
      else this.#reset(group)
    }
    for (const { exact, merged } of this.#maintained.values()) {
      if (!merged.registry.isEmpty)
        yield* this.#guarded(merged, merged.advance(wholeStep(history, present), slice, deliver))
      if (exact.registry.isEmpty) continue
      for (const step of singleSteps(history, present))
        if (!(yield* this.#guarded(exact, exact.advance(step, slice, deliver)))) break
    }
  }

  /** A fault that concerns more than one group resets all that are maintained with it. False = it happened. */
  *#guarded(maintenance: ViewMaintenance<Group>, work: Work<void>): Work<boolean> {
    try {
      yield* work
      return true
    } catch (error) {
      this.#onFault(error)
      this.#known.clear()
      maintenance.registry.forget()
      for (const group of this.#groups.values()) if (this.maintenanceOf(group) === maintenance) this.#reset(group)
      return false
    }
  }

  /** What became of a query that was asked again. */
  #told(query: Requery, batch: Batch | null, error?: unknown): void {
    if (error !== undefined) {
      this.#onFault(error)
      query.forget()
      this.#reset(query.group)
    } else if (batch) this.#deliver(query.group, [batch])
  }

  #deliver(group: Group, batches: readonly Batch[]): void {
    // Member by member: what belongs to a connection is at hand for all that it is told.
    each(group.members, member => {
      try {
        for (const batch of batches) member.deliver(batch)
      } catch (error) {
        this.#onFault(error)
        this.#safely(() => member.reset())
      }
    })
  }

  #reset(group: Group): void {
    each(group.members, member => this.#safely(() => member.reset()))
  }

  #safely(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#onFault(error)
    }
  }

  #add(group: Group): void {
    const { resource } = group.interest
    switch (group.upkeep.kind) {
      case 'rows':
        return this.#plain.add(group)
      case 'maintained': {
        if (!this.#maintained.has(resource)) {
          const make = (): ViewMaintenance<Group> => new ViewMaintenance(resource, this.#known, this.#onFault)
          this.#maintained.set(resource, { exact: make(), merged: make() })
        }
        return this.maintenanceOf(group)!.registry.add(group)
      }
      case 'requeried':
        this.#requeries.set(group, new Requery(group))
    }
  }

  #delete(group: Group): void {
    const { resource } = group.interest
    switch (group.upkeep.kind) {
      case 'rows':
        return this.#plain.delete(group)
      case 'maintained': {
        const { exact, merged } = this.#maintained.get(resource)!
        this.maintenanceOf(group)!.registry.delete(group)
        if (exact.registry.isEmpty && merged.registry.isEmpty) this.#maintained.delete(resource)
        // Nobody hears any more of what changes in lists of ids.
        if (this.#maintained.size === 0) this.#known.clear()
        return
      }
      case 'requeried':
        this.#due.delete(this.#requeries.get(group)!)
        this.#requeries.delete(group)
    }
  }
}

// oxlint-disable-next-line require-yield -- work that needs nothing
function* nothing(): Work<void> {}
