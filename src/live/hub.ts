import type { Resource, Row, Value } from '../model/model.ts'
import type { Change, Commit, Snapshot } from '../store/store.ts'
import type { Work } from '../store/work.ts'
import type { Batch } from './event.ts'
import { each, minus, plus, type Few } from './few.ts'
import { Group, type Member, type Surroundings } from './group.ts'
import type { Interest } from './interest.ts'

/** Where a group waits for changes: under a value that its rows have, or with those that are asked about every change. */
interface Index {
  readonly byValue: Map<number, Map<Value, Few<Group>>>
  readonly rest: Set<Group>
  /** Groups of other resources' rows that show or filter by this one. */
  readonly readers: Set<Group>
}

/**
 * Knows who is interested in what. A change is looked up by the values of its two images, so a commit costs
 * what its matching groups cost, however many others there are.
 */
export class Hub {
  readonly #groups = new Map<string, Group>()
  readonly #indexes = new Map<Resource, Index>()
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

  /** Hears of all commits, whole and in order; of null where the log cannot tell. Returns how to stop. */
  tap(listener: (commits: readonly Commit[] | null) => void): () => void {
    const own = (commits: readonly Commit[] | null): void => listener(commits)
    this.#taps.add(own)
    return () => void this.#taps.delete(own)
  }

  get groups(): number {
    return this.#groups.size
  }

  /** The group with this key, made at the first call. */
  group(key: string, make: () => Interest): Group {
    let group = this.#groups.get(key)
    if (!group) {
      group = new Group(make(), this.#surroundings)
      this.#groups.set(key, group)
      this.#place(group, true)
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
    this.#place(group, false)
  }

  /**
   * Matches commits, in order, and hands the batches to the members of the groups that they concern; those of ephemeral
   * rows come behind, and followers of the log do not hear of them.
   */
  *dispatch(snapshot: Snapshot, logged: readonly Commit[], fleeting: readonly Commit[] = []): Work<void> {
    if (logged.length > 0) for (const tap of this.#taps) this.#safely(() => tap(logged))
    const commits = fleeting.length > 0 ? [...logged, ...fleeting] : logged
    const concerned = this.#concerned(commits)
    for (const [group, changes] of concerned) {
      let batches: Batch[]
      try {
        batches = yield* group.match(snapshot, commits, changes)
      } catch (error) {
        this.#onFault(error)
        each(group.members, member => this.#safely(() => member.reset()))
        continue
      }
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
  }

  /** The log cannot tell what happened: everyone takes a new snapshot. */
  resetAll(): void {
    for (const tap of this.#taps) this.#safely(() => tap(null))
    for (const group of this.#groups.values()) each(group.members, member => this.#safely(() => member.reset()))
  }

  #safely(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#onFault(error)
    }
  }

  /** The groups that commits may concern, each with its candidate changes by commit. */
  #concerned(commits: readonly Commit[]): Map<Group, Map<Commit, Change[]>> {
    const concerned = new Map<Group, Map<Commit, Change[]>>()
    const add = (group: Group, commit: Commit, change: Change | null): void => {
      let byCommit = concerned.get(group)
      if (!byCommit) concerned.set(group, (byCommit = new Map()))
      if (!change) return
      const list = byCommit.get(commit)
      if (!list) byCommit.set(commit, [change])
      else if (list[list.length - 1] !== change) list.push(change)
    }
    for (const commit of commits)
      for (const change of commit.changes) {
        const index = this.#indexes.get(change.resource)
        if (!index) continue
        for (const group of index.rest) add(group, commit, change)
        for (const group of index.readers) add(group, commit, null)
        for (const [slot, groups] of index.byValue) {
          const before = valueAt(change.before, slot)
          const after = valueAt(change.after, slot)
          if (before !== undefined) each(groups.get(before), group => add(group, commit, change))
          if (after !== undefined && after !== before) each(groups.get(after), group => add(group, commit, change))
        }
      }
    return concerned
  }

  #place(group: Group, add: boolean): void {
    const index = this.#index(group.interest.resource)
    const { term } = group
    if (!term) put(index.rest, group, add)
    else {
      let byValue = index.byValue.get(term.slot)
      if (!byValue) index.byValue.set(term.slot, (byValue = new Map()))
      for (const value of term.values) {
        const groups = byValue.get(value) ?? null
        const now = add ? plus(groups, group) : minus(groups, group)
        if (now === null) byValue.delete(value)
        else byValue.set(value, now)
      }
      if (byValue.size === 0) index.byValue.delete(term.slot)
    }
    for (const resource of group.decides) put(this.#index(resource).readers, group, add)
    for (const resource of group.shows) put(this.#index(resource).readers, group, add)
  }

  #index(resource: Resource): Index {
    let index = this.#indexes.get(resource)
    if (!index) this.#indexes.set(resource, (index = { byValue: new Map(), rest: new Set(), readers: new Set() }))
    return index
  }
}

function put(groups: Set<Group>, group: Group, add: boolean): void {
  if (add) groups.add(group)
  else groups.delete(group)
}

function valueAt(row: Row | null, slot: number): Value | undefined {
  return row === null ? undefined : row[slot]
}
