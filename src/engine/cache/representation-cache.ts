import type { Id, Resource, Row } from '../../model/model.ts'
import type { Snapshot, Store } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'
import { wait, type Work } from '../../store/work.ts'
import type { View } from '../read/view.ts'

/** A cached representation, and the row that it shows: a rule is evaluated on the row to decide who may have it. */
export interface CachedRepresentation {
  readonly row: Row
  readonly body: string
  readonly etag: string
  readonly cut: readonly string[]
}

/** The estimated size of an entry beside its text, in bytes: the row, and the places in the maps. */
const OVERHEAD = 400
/** How many changes the cache catches up with one by one. If it is further behind, it starts empty: that is cheaper. */
const CLOSE = 1_000

type Representations = Map<Resource, Map<View, Map<Id, CachedRepresentation>>>

/**
 * A cache of representations of rows, valid up to one position of the log. A reader at a later position first applies the
 * changes in between, each of which drops what it changed. So an entry is never older than the reader's snapshot, whichever
 * process wrote, and nobody has to notify the cache. It has two halves; when the younger one is full, the older one is dropped.
 */
export class RepresentationCache {
  readonly #store: Store
  readonly #most: number
  #young: Representations = new Map()
  #old: Representations = new Map()
  #size = 0
  /** `terms.history` when it was filled: if it has changed, earlier positions have lost their meaning. */
  #history = -1
  #position = -1

  constructor(store: Store, bytes: number) {
    this.#store = store
    this.#most = bytes / 2
  }

  /** Brings the cache up to the position of a snapshot. False if the cache is already past it and therefore cannot serve it. */
  *follow(snapshot: Snapshot, { history }: Terms): Work<boolean> {
    if (snapshot.position === this.#position && history === this.#history) return true
    if (history !== this.#history) return this.#restart(snapshot.position, history)
    if (snapshot.position < this.#position) return false
    if (this.#size === 0) return this.#restart(snapshot.position, history)
    const from = this.#position
    const commits = yield* wait(this.#store.commits(from, CLOSE))
    // Another reader may have brought it further while we waited for the store.
    if (this.#position !== from || history !== this.#history) return snapshot.position === this.#position
    const last = commits?.at(-1)
    if (!commits || !last || last.position < snapshot.position) return this.#restart(snapshot.position, history)
    // The last commit may lie beyond the snapshot. Then a few entries too many are dropped, which does no harm.
    for (const { changes } of commits) for (const { resource, id } of changes) this.#drop(resource, id)
    this.#position = snapshot.position
    return true
  }

  /** Whether the cache is exactly at the position of a snapshot. */
  isAt(snapshot: Snapshot, { history }: Terms): boolean {
    return snapshot.position === this.#position && history === this.#history
  }

  get(view: View, id: Id): CachedRepresentation | undefined {
    const found = this.#young.get(view.resource)?.get(view)?.get(id)
    if (found) return found
    const older = this.#old.get(view.resource)?.get(view)?.get(id)
    if (older) this.put(view, id, older) // used again: move it to the young half
    return older
  }

  /** Stores a representation. It must be of a snapshot at the position of the cache (`isAt`), or it would be served too long. */
  put(view: View, id: Id, kept: CachedRepresentation): void {
    this.#size += kept.body.length + OVERHEAD
    // Half of the cache goes at once. To keep an order of use instead would cost every read, and there are many reads to a write.
    if (this.#size > this.#most) {
      this.#old = this.#young
      this.#young = new Map()
      this.#size = kept.body.length + OVERHEAD
    }
    let views = this.#young.get(view.resource)
    if (!views) this.#young.set(view.resource, (views = new Map()))
    let entries = views.get(view)
    if (!entries) views.set(view, (entries = new Map()))
    entries.set(id, kept)
  }

  #drop(resource: Resource, id: Id): void {
    for (const half of [this.#young, this.#old]) {
      const views = half.get(resource)
      if (views) for (const entries of views.values()) entries.delete(id)
    }
  }

  #restart(position: number, history: number): true {
    this.#young = new Map()
    this.#old = new Map()
    this.#size = 0
    this.#position = position
    this.#history = history
    return true
  }
}

/** Whether the representations of a view may be cached: computed once per view. */
const known = new WeakMap<View, boolean>()

/**
 * Whether a representation is the same for everybody who may see the row, and changes only when the row's version does. So it
 * has nothing calculated, and of other rows nothing but ids that everybody may see. Tables that other programs may change
 * without a log record are excluded.
 */
export function isCacheable(view: View): boolean {
  let keepable = known.get(view)
  if (keepable === undefined) known.set(view, (keepable = decide(view)))
  return keepable
}

function decide({ resource, parts, loads }: View): boolean {
  if (resource.options.foreign !== null || resource.options.ephemeral !== null) return false
  if (Object.values(resource.rules?.fields ?? {}).some(field => field.read)) return false
  if (parts.some(part => part.kind === 'calc')) return false
  return loads.every(load => load.kind === 'ids' && load.shown && load.field.ids && load.field.target.rules === null)
}
