import { ApiError } from '../../protocol/error.ts'
import { ID, SEQ, type Id, type Resource, type Row } from '../../model/model.ts'
import type { Change, Commit, Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { batchOf, left, shown, type Batch, type LiveEvent } from '../event.ts'
import type { Group } from './group.ts'
import { digestOf } from '../incremental/step/telling.ts'
import { readsOf, relatedReadsOf } from './reads.ts'

interface Seen {
  readonly seq: number
  readonly digest: number
}

/** Milliseconds beyond which a query is not followed. */
const MOST = 1_000

/** How much of a new measurement goes into the average. */
const WEIGHT = 0.3

/**
 * A view that only its query can tell: it is asked again after commits that may concern it, and compared with what was
 * seen. However many commits there were meanwhile, it is asked once.
 */
export class Requery {
  readonly group: Group
  /** Resources whose changes may alter the view. */
  readonly reads: ReadonlySet<Resource>
  /** Each row is decided and shown by its own fields alone. */
  readonly #isByRow: boolean
  /** What was seen, in its order; null before the first snapshot. */
  #seen: Map<Id, Seen> | null = null
  /** Changes of own rows since, by row. */
  #changes = new Map<Id, Change[]>()
  #isDue = false
  /** Milliseconds that asking takes, on average. */
  cost: number = 0
  /** When it was asked last, in milliseconds of a monotonic clock. */
  asked: number = -Infinity

  constructor(group: Group) {
    this.group = group
    this.reads = readsOf(group.interest)
    this.#isByRow = relatedReadsOf(group.interest).size === 0
  }

  /** Commits happened, and it was not asked since. */
  get isDue(): boolean {
    return this.#isDue
  }

  /** Somebody has seen the view. */
  get isSeen(): boolean {
    return this.#seen !== null
  }

  see(rows: readonly Row[], bodies: readonly string[]): void {
    this.#seen = new Map(
      rows.map((row, i) => [row[ID] as Id, { seq: row[SEQ] as number, digest: digestOf(bodies[i]!) }]),
    )
  }

  forget(): void {
    this.#seen = null
    this.#changes.clear()
    this.#isDue = false
  }

  /** Whether commits may alter the view. */
  isConcernedBy(commits: readonly Commit[]): boolean {
    return commits.some(({ changes }) =>
      changes.some(change => this.reads.has(change.resource) && (!this.#isByRow || this.group.isConcernedBy(change))),
    )
  }

  /** Notes commits that concern it; true = it is due from now on. */
  note(commits: readonly Commit[]): boolean {
    if (this.#seen === null) return false
    const { resource } = this.group.interest
    for (const { changes } of commits)
      for (const change of changes) {
        if (change.resource !== resource) continue
        const own = this.#changes.get(change.id)
        if (own) own.push(change)
        else this.#changes.set(change.id, [change])
      }
    this.#isDue = true
    return true
  }

  /** Asks, and says what is different from what was seen. */
  *ask(snapshot: Snapshot): Work<Batch | null> {
    const seen = this.#seen
    const changes = this.#changes
    this.#changes = new Map()
    this.#isDue = false
    if (!seen) return null
    const begin = performance.now()
    const rows = yield* this.group.rows(snapshot, Infinity)
    const bodies = yield* this.group.present(snapshot, rows)
    this.see(rows, bodies)
    this.asked = performance.now()
    this.measured(this.asked - begin)
    const now = this.#seen!
    // Where rules decide what a row shows, a version that nobody can see the reason of is not told.
    const isSame = this.group.isGuarded
      ? (was: Seen, is: Seen): boolean => was.digest === is.digest
      : (was: Seen, is: Seen): boolean => was.digest === is.digest && was.seq === is.seq
    const events: LiveEvent[] = []
    for (const [id, was] of seen) if (!now.has(id)) events.push(left(changes.get(id) ?? [], id, was.seq))
    rows.forEach((row, i) => {
      const id = row[ID] as Id
      const was = seen.get(id)
      if (was && isSame(was, now.get(id)!)) return
      events.push(shown(was ? 'change' : 'enter', row, bodies[i]!, changes.get(id) ?? []))
    })
    const { tellsOrder } = this.group.upkeep
    const isMoved = tellsOrder && !isSameOrder(seen.keys(), now.keys())
    if (events.length === 0 && !isMoved) return null
    const order = tellsOrder ? [...now.keys()] : null
    return batchOf(this.group.interest.resource, snapshot.position, events, order)
  }

  /** Throws ApiError `too_complex` for a query that takes too long to be asked after each commit. */
  checkBounded(): void {
    if (this.cost <= MOST) return
    throw new ApiError('too_complex', {
      detail: `this query takes ${Math.round(this.cost)} ms, and would be asked again after each commit, as ${this.group.upkeep.reason}; filter more, or sort by stored fields`,
    })
  }

  measured(milliseconds: number): void {
    this.cost = this.cost === 0 ? milliseconds : this.cost + WEIGHT * (milliseconds - this.cost)
  }
}

function isSameOrder(a: Iterable<Id>, b: Iterable<Id>): boolean {
  const others = b[Symbol.iterator]()
  for (const id of a) if (others.next().value !== id) return false
  return others.next().done === true
}
