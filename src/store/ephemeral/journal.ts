import { ApiError } from '../../protocol/error.ts'
import type { Model, Resource } from '../../model/model.ts'
import { applied } from '../memory/apply.ts'
import { MemoryLog } from '../memory/log.ts'
import { emptyState, type MemoryState } from '../memory/state.ts'
import type { Change, Commit, RowChange } from '../store.ts'
import { sharesAfter, type Shares } from './shares.ts'
import { ephemeralPart } from './sides.ts'

/** Ephemeral rows in one state, how many each resource has, and who has them. */
export interface EphemeralState {
  readonly state: MemoryState
  readonly sizes: ReadonlyMap<Resource, number>
  readonly shares: ReadonlyMap<Resource, Shares>
}

/** What a unit of work did to ephemeral rows. */
export interface JournalEntry {
  readonly kept: EphemeralState
  readonly changes: readonly Change[]
}

/** A unit of work that is not committed yet. */
interface Pending extends JournalEntry {
  readonly unit: object
  readonly before: EphemeralState
}

/** How many changes are remembered for subscriptions. Whoever is further behind begins anew. */
const LOGGED = 10_000

/**
 * Keeps ephemeral rows consistent with units of work, which write one after the other and are committed together. Later units
 * see what a unit did; readers see it once it is committed. If a unit fails or runs again, its changes are undone, together
 * with those of all later units.
 */
export class Journal {
  readonly #log = new MemoryLog(LOGGED)
  readonly #pending: Pending[] = []
  #committed: EphemeralState
  readonly #onCommit: (changes: readonly Change[]) => void

  /** `base` is higher than any seq of earlier runs, so that no version is used twice. */
  constructor(model: Model, base: number, onCommit: (changes: readonly Change[]) => void) {
    const state: MemoryState = { ...emptyState(ephemeralPart(model)), position: base }
    this.#committed = { state, sizes: new Map(), shares: new Map() }
    this.#log.restart(base)
    this.#onCommit = onCommit
  }

  /** The state that readers see. */
  get committed(): EphemeralState {
    return this.#committed
  }

  /** The state that a new unit sees. */
  get latest(): EphemeralState {
    return this.#pending.at(-1)?.kept ?? this.#committed
  }

  /** The commits after a seq, oldest first; null if some of them have been forgotten. */
  after(seq: number): Commit[] | null {
    return this.#log.after(seq, Infinity)
  }

  /** Records everything that a unit has done so far. */
  write(unit: object, entry: JournalEntry): void {
    const at = this.#indexOf(unit)
    if (at < 0) this.#pending.push({ unit, before: this.latest, ...entry })
    else this.#pending[at] = { ...this.#pending[at]!, ...entry }
  }

  /** Undoes a unit and everything after it, because later units have seen its changes. */
  undo(unit: object): void {
    const at = this.#indexOf(unit)
    if (at >= 0) this.#pending.length = at
  }

  /** Commits a unit and everything before it. True if the unit did anything. */
  commit(unit: object, now: number): boolean {
    const at = this.#indexOf(unit)
    if (at < 0) return false
    for (const { kept, changes } of this.#pending.splice(0, at + 1)) {
      this.#committed = kept
      this.#log.append({ position: kept.state.position, at: now, changes, published: [] })
      this.#onCommit(changes)
    }
    return true
  }

  #indexOf(unit: object): number {
    return this.#pending.findLastIndex(one => one.unit === unit)
  }
}

/**
 * Applies changes to ephemeral rows. Throws ApiError `conflict` if a unique key would be used twice, and `too_many_rows` above
 * the limit of the resource or of a caller.
 */
export function changed(kept: EphemeralState, changes: readonly RowChange[], at: number): JournalEntry {
  const { state, records } = applied(kept.state, changes, [], at)
  const sizes = new Map(kept.sizes)
  for (const { resource, op } of changes) {
    const more = op === 'create' ? 1 : op === 'delete' ? -1 : 0
    if (more !== 0) sizes.set(resource, (sizes.get(resource) ?? 0) + more)
  }
  for (const [resource, size] of sizes) {
    const { max } = resource.options.ephemeral!
    // Units that only delete, or change other rows, must still work when the limit is reached.
    if (size > max && size > (kept.sizes.get(resource) ?? 0))
      throw new ApiError('too_many_rows', { detail: `there are ${max} rows of ${resource.name} already` })
  }
  const shares = new Map(kept.shares)
  for (const resource of new Set(changes.map(one => one.resource)))
    shares.set(resource, sharesAfter(kept.shares.get(resource), resource, changes))
  return { kept: { state, sizes, shares }, changes: records }
}
