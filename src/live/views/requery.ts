import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError } from '../../protocol/error.ts'
import { ID, SEQ, type Id, type Resource, type Row } from '../../model/model.ts'
import { signaturesOf } from '../../store/signature.ts'
import type { Change, Commit, Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { batchOf, left, shown, type Batch, type LiveEvent, type Presented } from '../event.ts'
import { averaged } from './commit-costs.ts'
import type { Group } from './group.ts'
import { digestOf } from '../incremental/step/telling.ts'
import { isDerived, readsOf, relatedReadsOf } from './maintenance.ts'

interface Seen {
  readonly seq: number
  readonly digest: number
}

/** Queries that take longer than this many milliseconds cannot be followed. */
const MOST = 1_000

/**
 * A view that can only be kept up to date by running its query again. After commits that may affect it, the query runs once,
 * however many commits there were, and the result is compared with the last one.
 */
export class Requery {
  readonly group: Group
  /** The resources whose changes may affect the view. */
  readonly reads: ReadonlySet<Resource>
  /** Whether it reads rows that change without a record of their own. */
  readonly #isDerived: boolean
  /** Whether each row is selected and shown by its own fields alone. */
  readonly #isByRow: boolean
  /** The rows of the last result, in order; null before the first snapshot. */
  #seen: Map<Id, Seen> | null = null
  /** Changes of the resource's rows since the last result. */
  #changes = new Map<Id, Change[]>()
  /** The idempotency keys of writes since the last result, with their callers. */
  #by: readonly string[] = []
  #isDue = false
  /** How long the query takes on average, in milliseconds. */
  cost: number = 0
  /** When it last ran, in milliseconds of a monotonic clock. */
  asked: number = -Infinity

  constructor(group: Group) {
    this.group = group
    this.reads = readsOf(group.interest)
    this.#isDerived = [...this.reads].some(isDerived)
    this.#isByRow = relatedReadsOf(group.interest).size === 0
  }

  /** Whether commits have happened since it last ran. */
  get isDue(): boolean {
    return this.#isDue
  }

  /** Whether somebody has seen the view. */
  get isSeen(): boolean {
    return this.#seen !== null
  }

  see(rows: readonly Row[], presented: readonly Presented[]): ReadonlyMap<Id, Seen> {
    const seen = new Map<Id, Seen>()
    for (const [i, { body }] of presented.entries()) {
      const row = rows[i]
      if (row) seen.set(row[ID] as Id, { seq: row[SEQ] as number, digest: digestOf(body) })
    }
    this.#seen = seen
    return seen
  }

  forget(): void {
    this.#seen = null
    this.#changes.clear()
    this.#by = []
    this.#isDue = false
  }

  /** Whether commits may affect the view. */
  isConcernedBy(commits: readonly Commit[]): boolean {
    if (this.#isDerived) return commits.length > 0
    return commits.some(({ changes }) =>
      changes.some(change => this.reads.has(change.resource) && (!this.#isByRow || this.group.isConcernedBy(change))),
    )
  }

  /** Notes commits that may affect the view. True if the query is due from now on. */
  note(commits: readonly Commit[]): boolean {
    if (this.#seen === null) return false
    const { resource } = this.group.interest
    this.#by = [...this.#by, ...signaturesOf(commits)]
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

  /** Runs the query and returns the difference from the last result; null if there is none. */
  *ask(snapshot: Snapshot): Work<Batch | null> {
    const seen = this.#seen
    const changes = this.#changes
    const by = this.#by
    this.#changes = new Map()
    this.#by = []
    this.#isDue = false
    if (!seen) return null
    const begin = performance.now()
    const rows = yield* this.group.rows(snapshot, Infinity)
    const presented = yield* this.group.present(snapshot, rows)
    const now = this.see(rows, presented)
    this.asked = performance.now()
    this.measured(this.asked - begin)
    // If rules decide what a row shows, a new version with the same body is not told: it would reveal a hidden change.
    const { isMasked, resource } = this.group.interest
    const byBody = this.group.isGuarded || isMasked
    const isSame = (was: Seen, is: Seen): boolean => was.digest === is.digest && (byBody || was.seq === is.seq)
    const events: LiveEvent[] = []
    for (const [id, was] of seen) {
      if (now.has(id)) continue
      const own = changes.get(id) ?? []
      events.push(left(own, id, isMasked ? snapshot.position : (own.at(-1)?.seq ?? was.seq)))
    }
    for (const [i, one] of presented.entries()) {
      const row = rows[i]
      const id = row?.[ID] as Id
      const was = seen.get(id)
      if (!row || (was && isSame(was, getOrThrow(now, id)))) continue
      events.push(shown(was ? 'change' : 'enter', row, one, changes.get(id) ?? []))
    }
    const { tellsOrder } = this.group.upkeep
    const isMoved = tellsOrder && !isSameOrder(seen.keys(), now.keys())
    if (events.length === 0 && !isMoved) return null
    const order = tellsOrder ? [...now.keys()] : null
    return batchOf(resource, { position: snapshot.position, by }, events, order)
  }

  /** Throws ApiError `too_complex` if the query takes too long to run after every commit. */
  checkBounded(): void {
    if (this.cost <= MOST) return
    throw new ApiError('too_complex', {
      detail: `this query takes ${Math.round(this.cost)} ms, and would be asked again after each commit, as ${this.group.upkeep.reason}; filter more, or sort by stored fields`,
    })
  }

  measured(milliseconds: number): void {
    this.cost = averaged(this.cost === 0 ? null : this.cost, milliseconds)
  }
}

function isSameOrder(a: Iterable<Id>, b: Iterable<Id>): boolean {
  const others = b[Symbol.iterator]()
  for (const id of a) if (others.next().value !== id) return false
  return others.next().done === true
}
