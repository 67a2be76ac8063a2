import type { Id, Resource, Row } from '../../model/model.ts'
import type { Snapshot, Store } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { View } from '../read/view.ts'

/** A representation that was made, and the row that it shows, by which a rule decides who may have it. */
export interface Kept {
  readonly row: Row
  readonly body: string
  readonly etag: string
  readonly cut: readonly string[]
}

/** What an entry costs beside its text: its row, its places in maps. */
const OVERHEAD = 400
/** Changes that are taken in one by one; further behind, all is forgotten. */
const CLOSE = 1_000

type Representations = Map<Resource, Map<View, Map<Id, Kept>>>

/**
 * Representations of rows up to one position of the log. Whoever asks at a later position has it take in the changes in
 * between first, each of which drops what it changed; so it is never older than the snapshot that it is asked with,
 * whoever wrote, and is not told of anything. Bounded: of two halves, the one that was filled longer ago is let go.
 */
export class Cache {
  readonly #store: Store
  readonly #most: number
  #young: Representations = new Map()
  #old: Representations = new Map()
  #size = 0
  #epoch = ''
  #position = -1

  constructor(store: Store, bytes: number) {
    this.#store = store
    this.#most = bytes / 2
  }

  /** Brings it to the position of a snapshot. False if it cannot serve it: it is ahead. */
  *follow(snapshot: Snapshot, epoch: string): Work<boolean> {
    if (snapshot.position === this.#position && epoch === this.#epoch) return true
    if (epoch !== this.#epoch) return this.#restart(snapshot.position, epoch)
    if (snapshot.position < this.#position) return false
    const from = this.#position
    const commits = yield* wait(this.#store.commits(from, CLOSE))
    // Somebody else may have brought it further while this one waited.
    if (this.#position !== from || epoch !== this.#epoch) return snapshot.position === this.#position
    const last = commits?.at(-1)
    if (!commits || !last || last.position < snapshot.position) return this.#restart(snapshot.position, epoch)
    // A commit beyond the snapshot drops too much, which is no harm.
    for (const { changes } of commits) for (const { resource, id } of changes) this.#drop(resource, id)
    this.#position = snapshot.position
    return true
  }

  /** Whether it is where a snapshot is. */
  isAt(snapshot: Snapshot, epoch: string): boolean {
    return snapshot.position === this.#position && epoch === this.#epoch
  }

  get(view: View, id: Id): Kept | undefined {
    const found = this.#young.get(view.resource)?.get(view)?.get(id)
    if (found) return found
    const older = this.#old.get(view.resource)?.get(view)?.get(id)
    if (older) this.#put(view, id, older)
    return older
  }

  /** Keeps what was read from a snapshot, if the cache is still there. */
  put(snapshot: Snapshot, epoch: string, view: View, id: Id, kept: Kept): void {
    if (this.isAt(snapshot, epoch)) this.#put(view, id, kept)
  }

  #put(view: View, id: Id, kept: Kept): void {
    this.#size += kept.body.length + OVERHEAD
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

  #restart(position: number, epoch: string): true {
    this.#young = new Map()
    this.#old = new Map()
    this.#size = 0
    this.#position = position
    this.#epoch = epoch
    return true
  }
}

const known = new WeakMap<View, boolean>()

/**
 * Whether a representation is the same for all who may see the row, and changes with the row's version only: nothing
 * calculated, nothing of other rows but ids that everybody may see. Tables of others may change without a record.
 */
export function isKeepable(view: View): boolean {
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
