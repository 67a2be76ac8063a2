import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Row } from '../../model/model.ts'
import type { Commit, Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Batch, Presented } from '../event.ts'
import { CommitCosts } from './commit-costs.ts'
import { forEachMember, PlainGroups, withMember, withoutMember } from '../incremental/routing/group-index.ts'
import { Group, type Member, type GroupEnvironment } from './group.ts'
import { TimeSlice, SlicedWork } from '../incremental/step/time-slice.ts'
import { PresentState } from '../incremental/step/state.ts'
import type { ViewMaintenance } from '../incremental/view-maintenance.ts'
import type { MaintenancePlan } from './maintenance.ts'
import type { Interest } from './interest.ts'
import { MaintainedGroups } from './maintained-groups.ts'
import { Requery } from './requery.ts'
import { RequeryQueue } from './requery-queue.ts'

/**
 * Knows all groups, and passes on to them what commits mean. A change is looked up by the values of the row, so the cost of a
 * commit depends on what it changes for somebody, and not on how many subscriptions there are.
 */
export class Hub {
  readonly #groups = new Map<string, Group>()
  readonly #plain = new PlainGroups<Group>()
  readonly #maintained: MaintainedGroups
  readonly #requeries = new Map<Group, Requery>()
  readonly #due: RequeryQueue = new RequeryQueue()
  readonly #costs = new CommitCosts<Group>()
  /** Receives what the evaluation of a group threw. That group is reset, and others are not affected. */
  readonly #onFault: (error: unknown) => void
  readonly #surroundings: GroupEnvironment
  /** Functions that follow the log itself. */
  readonly #taps = new Set<(commits: readonly Commit[] | null) => void>()

  constructor(surroundings: GroupEnvironment, onFault: (error: unknown) => void) {
    this.#surroundings = surroundings
    this.#onFault = onFault
    const onLost = (lost: ViewMaintenance<Group>): void => {
      for (const group of this.#groups.values()) if (this.maintenanceOf(group) === lost) this.#reset(group)
    }
    this.#maintained = new MaintainedGroups(this.#costs, onFault, onLost)
  }

  /** Whether nobody follows anything. */
  get isIdle(): boolean {
    return this.#groups.size === 0 && this.#taps.size === 0
  }

  /** Whether there are queries that still have to run again. */
  get isBehind(): boolean {
    return !this.#due.isEmpty
  }

  get groups(): number {
    return this.#groups.size
  }

  /** How many groups are kept up to date in each way. */
  get upkeep(): Readonly<Record<MaintenancePlan['kind'], number>> {
    const counts = { rows: 0, maintained: 0, requeried: 0 }
    for (const { upkeep } of this.#groups.values()) counts[upkeep.kind]++
    return counts
  }

  /** All groups by their keys. */
  followed(): Iterable<[string, Group]> {
    return this.#groups
  }

  /** The queries that run again after commits. */
  get requeries(): Iterable<Requery> {
    return this.#requeries.values()
  }

  /** Average milliseconds of a commit that concerns the group with this key; null = nobody follows it, or none was measured. */
  costBy(key: string): number | null {
    const group = this.#groups.get(key)
    if (!group) return null
    const requery = this.#requeries.get(group)
    return requery ? (requery.isSeen ? requery.cost : null) : this.#costs.of(group)
  }

  /**
   * Follows the log itself: the function receives all commits in order, or null if the log cannot tell. Returns a function that
   * stops it.
   */
  tap(listener: (commits: readonly Commit[] | null) => void): () => void {
    // A function of its own, so that the same listener may tap twice.
    const own = (commits: readonly Commit[] | null): void => listener(commits)
    this.#taps.add(own)
    return () => void this.#taps.delete(own)
  }

  /** The group with this key. Made if it does not exist yet. */
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
    group.members = withMember(group.members, member)
  }

  /** Removes a member. The group goes with its last member. */
  leave(key: string, group: Group, member: Member): void {
    group.members = withoutMember(group.members, member)
    if (group.members !== null || this.#groups.get(key) !== group) return
    this.#groups.delete(key)
    this.#delete(group)
  }

  /** Reads a group's view. From now on, changes are compared with it. null if it has more than `most` rows. */
  *take(snapshot: Snapshot, group: Group, most: number): Work<{ rows: readonly Row[]; presented: Presented[] } | null> {
    const requery = this.#requeries.get(group)
    // Those who already follow it must first be told what happened before this snapshot.
    yield* this.catchUp(snapshot, group)
    const begin = performance.now()
    const maintenance = this.maintenanceOf(group)
    const window = maintenance ? yield* maintenance.window(group, snapshot, most + 1) : null
    const rows = window ?? (yield* group.rows(snapshot, most + 1))
    if (rows.length > most) return null
    const presented = yield* group.present(snapshot, rows)
    if (requery) {
      requery.measured(performance.now() - begin)
      requery.checkBounded()
      requery.see(rows, presented)
    } else maintenance?.seen(group, rows, presented)
    return { rows, presented }
  }

  /** Runs a group's query again if it is due, so that its members have been told everything up to the snapshot. */
  *catchUp(snapshot: Snapshot, group: Group): Work<void> {
    const requery = this.#requeries.get(group)
    if (!requery?.isDue) return
    this.#due.delete(requery)
    this.#told(requery, yield* requery.ask(snapshot))
  }

  /** Prepares to follow a group's view without sending a snapshot of it. False if it has too many rows. */
  *watch(snapshot: Snapshot, group: Group, most: number): Work<boolean> {
    const maintenance = this.maintenanceOf(group)
    const isKnown = maintenance ? maintenance.isSeen(group) : (this.#requeries.get(group)?.isSeen ?? true)
    return isKnown || (yield* this.take(snapshot, group, most)) !== null
  }

  maintenanceOf(group: Group): ViewMaintenance<Group> | undefined {
    return this.#maintained.of(group)
  }

  requeryOf(group: Group): Requery | undefined {
    return this.#requeries.get(group)
  }

  /**
   * Tells the members of all groups what commits mean to them, in order. Commits of ephemeral rows come last, and are not
   * passed to followers of the log. The work pauses if it would hold up the event loop.
   */
  dispatch(snapshot: Snapshot, logged: readonly Commit[], fleeting: readonly Commit[] = []): SlicedWork {
    const slice = new TimeSlice(this.#surroundings.turn)
    const present = new PresentState(snapshot, this.#maintained.known)
    return new SlicedWork(slice, this.#dispatch(present, logged, fleeting, slice), later => present.continueIn(later))
  }

  /**
   * Runs due queries again, as many as fit into the turn. Returns the milliseconds after which more can run; null = all are
   * done.
   */
  *requery(snapshot: Snapshot): Work<number | null> {
    if (this.#requeries.size === 0) return null
    return yield* this.#due.run(snapshot, (query, batch, error) => this.#told(query, batch, error))
  }

  /** The log is followed from another position on: what is known of the store belongs to an earlier one. */
  startAt(): void {
    this.#maintained.known.clear()
  }

  /** Makes everybody read again, because the log cannot tell what happened. */
  resetAll(): void {
    for (const tap of this.#taps) this.#safely(() => tap(null))
    this.#due.clear()
    this.#maintained.forget()
    for (const requery of this.#requeries.values()) requery.forget()
    for (const group of this.#groups.values()) this.#reset(group)
  }

  *#dispatch(
    present: PresentState,
    logged: readonly Commit[],
    fleeting: readonly Commit[],
    slice: TimeSlice,
  ): Work<void> {
    if (logged.length > 0) for (const tap of this.#taps) this.#safely(() => tap(logged))
    const commits = fleeting.length > 0 ? [...logged, ...fleeting] : logged
    yield* this.#dispatchPlain(present.snapshot, commits)
    if (logged.length > 0)
      yield* this.#maintained.advance(present, logged, slice, (group, batch) => {
        if (batch) this.#deliver(group, [batch])
        else this.#reset(group)
      })
    for (const requery of this.#requeries.values())
      if (requery.isConcernedBy(commits) && requery.note(commits)) this.#due.add(requery)
  }

  *#dispatchPlain(snapshot: Snapshot, commits: readonly Commit[]): Work<void> {
    const concerned = this.#plain.concernedBy(commits)
    const costs = concerned.size > 0 && this.#costs.isAsked ? this.#costs : null
    let begin = costs ? performance.now() : 0
    for (const [group, changes] of concerned) {
      let batches: Batch[]
      try {
        batches = yield* group.match(snapshot, changes)
      } catch (error) {
        this.#onFault(error)
        this.#reset(group)
        continue
      }
      this.#deliver(group, batches)
      if (costs) begin = costs.lap(group, begin)
    }
  }

  /** Passes on the result of a query that ran again. */
  #told(query: Requery, batch: Batch | null, error?: unknown): void {
    if (error !== undefined) {
      this.#onFault(error)
      query.forget()
      this.#reset(query.group)
    } else if (batch) this.#deliver(query.group, [batch])
  }

  #deliver(group: Group, batches: readonly Batch[]): void {
    // All batches for one member, then the next member: the data of a connection then stays in the processor's cache.
    forEachMember(group.members, member => {
      try {
        for (const batch of batches) member.deliver(batch)
      } catch (error) {
        this.#onFault(error)
        this.#safely(() => member.reset())
      }
    })
  }

  #reset(group: Group): void {
    forEachMember(group.members, member => this.#safely(() => member.reset()))
  }

  /** Calls a member or tap; what it throws must not affect the others. */
  #safely(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#onFault(error)
    }
  }

  #add(group: Group): void {
    switch (group.upkeep.kind) {
      case 'rows':
        return this.#plain.add(group)
      case 'maintained':
        return this.#maintained.add(group)
      case 'requeried':
        this.#requeries.set(group, new Requery(group))
    }
  }

  #delete(group: Group): void {
    switch (group.upkeep.kind) {
      case 'rows':
        return this.#plain.delete(group)
      case 'maintained':
        return this.#maintained.delete(group)
      case 'requeried':
        this.#due.delete(getOrThrow(this.#requeries, group))
        this.#requeries.delete(group)
    }
  }
}
