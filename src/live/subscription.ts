import type { ApiError } from '../protocol/error.ts'
import type { Id } from '../model/model.ts'
import type { Batch } from './event.ts'
import type { Group, Member } from './group.ts'

/** A row of a snapshot. */
export interface Shown {
  readonly id: Id
  readonly seq: number
  /** JSON text. */
  readonly body: string
}

/** What a face makes of a subscription: it turns these into frames of its dialect. */
export interface Listener {
  /** All that is in view at a position. `reset` = discard what you have first. */
  snapshot(rows: readonly Shown[], position: string, reset: boolean): void
  /** It continues behind the position that it was resumed from; what happened since follows as batches. */
  resumed(position: string): void
  /** What one step did to the view. False if it was left out because the connection is slow. */
  batch(batch: Batch): boolean
  /** It is over: the row or the right to see it is gone, or the view can no longer be taken. */
  end(error: ApiError): void
}

/** One connection's interest, from its snapshot on. */
export class Subscription implements Member {
  readonly key: string
  readonly group: Group
  readonly listener: Listener
  readonly #resync: (subscription: Subscription) => void
  /** A batch was left out: nothing more is told until a new snapshot. */
  #behind = false
  #closed = false

  constructor(key: string, group: Group, listener: Listener, resync: (subscription: Subscription) => void) {
    this.key = key
    this.group = group
    this.listener = listener
    this.#resync = resync
  }

  get closed(): boolean {
    return this.#closed
  }

  get behind(): boolean {
    return this.#behind
  }

  deliver(batch: Batch): void {
    if (this.#closed || this.#behind) return
    if (!this.listener.batch(batch)) this.#behind = true
  }

  reset(): void {
    if (this.#closed) return
    this.#behind = true
    this.#resync(this)
  }

  /** The connection has taken what waited: whoever was left behind starts anew. */
  drained(): void {
    if (this.#behind && !this.#closed) this.#resync(this)
  }

  /** A new snapshot was told. */
  caughtUp(): void {
    this.#behind = false
  }

  close(): void {
    this.#closed = true
  }
}
