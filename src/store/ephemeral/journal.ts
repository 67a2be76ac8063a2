import { ApiError } from '../../protocol/error.ts'
import type { Model, Resource } from '../../model/model.ts'
import { applied } from '../memory/apply.ts'
import { Log } from '../memory/log.ts'
import { emptyState, type State } from '../memory/state.ts'
import type { Change, Commit, RowChange } from '../store.ts'
import { ephemeralOf } from './sides.ts'

/** Ephemeral rows after some unit, and how many there are of each resource. */
export interface Kept {
  readonly state: State
  readonly sizes: ReadonlyMap<Resource, number>
}

/** What a unit did to ephemeral rows. */
export interface Entry {
  readonly kept: Kept
  readonly changes: readonly Change[]
}

/** A unit of the store, from its beginning to its commit. */
interface Pending extends Entry {
  readonly unit: object
  readonly before: Kept
}

/** Changes that are kept for whoever follows; who is further behind begins anew. */
const LOGGED = 10_000

/**
 * The ephemeral rows through units that write one after the other and commit together: what a unit did is seen by those
 * behind it, by readers once it is committed, and taken back with everything behind it if it fails or runs again.
 */
export class Journal {
  readonly #log = new Log(LOGGED)
  readonly #pending: Pending[] = []
  #committed: Kept
  readonly #onCommit: (changes: readonly Change[]) => void

  /** `base` is above every seq of earlier runs, so that no version comes again. */
  constructor(model: Model, base: number, onCommit: (changes: readonly Change[]) => void) {
    const state: State = { ...emptyState(ephemeralOf(model)), position: base }
    this.#committed = { state, sizes: new Map() }
    this.#log.restart(base)
    this.#onCommit = onCommit
  }

  /** What readers see. */
  get committed(): Kept {
    return this.#committed
  }

  /** What a unit that begins now sees. */
  get latest(): Kept {
    return this.#pending.at(-1)?.kept ?? this.#committed
  }

  /** Commits after a seq, oldest first; null if more have passed than are kept. */
  after(seq: number): Commit[] | null {
    return this.#log.after(seq, Infinity)
  }

  /** What a unit has done by now. */
  write(unit: object, entry: Entry): void {
    const at = this.#indexOf(unit)
    if (at < 0) this.#pending.push({ unit, before: this.latest, ...entry })
    else this.#pending[at] = { ...this.#pending[at]!, ...entry }
  }

  /** A unit is undone, and whatever came after it with it. */
  undo(unit: object): void {
    const at = this.#indexOf(unit)
    if (at >= 0) this.#pending.length = at
  }

  /** A unit is committed, and so is what came before it. True if it did anything. */
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

/** Rows after changes. Throws ApiError `conflict` where keys would not be unique, `too_many_rows` beyond the bound. */
export function changed(kept: Kept, changes: readonly RowChange[], at: number): Entry {
  const { state, records } = applied(kept.state, changes, [], at)
  const sizes = new Map(kept.sizes)
  for (const { resource, op } of changes) {
    const more = op === 'create' ? 1 : op === 'delete' ? -1 : 0
    if (more !== 0) sizes.set(resource, (sizes.get(resource) ?? 0) + more)
  }
  for (const [resource, size] of sizes) {
    const { max } = resource.options.ephemeral!
    if (size > max && size > (kept.sizes.get(resource) ?? 0))
      throw new ApiError('too_many_rows', { detail: `there are ${max} rows of ${resource.name} already` })
  }
  return { kept: { state, sizes }, changes: records }
}
