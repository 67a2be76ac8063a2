import { Coalesced, type Mode } from './coalesce.ts'
import type { Batch } from '../event.ts'

/** A subscription that is told at a limited pace. */
export interface Paced {
  /** Whether steps can be told now. */
  readonly isFollowing: boolean
  /** Whether the connection still has to take what it was given. */
  readonly isBusy: boolean
  tell(batch: Batch): void
  /** Called when more has come together than is worth keeping. */
  reset(): void
}

/** Limits how often a subscription is told something. What happens in between is merged into one batch. */
export class Pace {
  readonly #mode: Exclude<Mode, 'every'>
  readonly #to: Paced
  readonly #held: Coalesced = new Coalesced()
  #timer: NodeJS.Timeout | null = null

  constructor(mode: Exclude<Mode, 'every'>, to: Paced) {
    this.#mode = mode
    this.#to = to
  }

  /**
   * Tells the first batch at once. Batches that come while the connection is busy, or within the interval, are told together at
   * its end.
   */
  take(batch: Batch): void {
    const isFree = this.#mode === 'latest' ? !this.#to.isBusy && this.#held.isEmpty : this.#timer === null
    if (isFree) this.#to.tell(batch)
    else if (!this.#held.add(batch)) return this.#to.reset()
    if (this.#mode !== 'latest') this.#wait(this.#mode)
    else if (!this.#to.isBusy) this.#release()
  }

  /** Called when the connection has taken what it was given. */
  drained(): void {
    if (this.#mode === 'latest') this.#release()
  }

  /** Tells what came, without waiting any longer. */
  flush(): void {
    this.#release()
  }

  /** Takes what came but was not told; the caller takes care of it. null if there is nothing. */
  takePending(): Batch | null {
    return this.#held.take()
  }

  /** Stops, and drops what was held back. */
  close(): void {
    this.#held.clear()
    if (this.#timer) clearTimeout(this.#timer)
  }

  #wait(interval: number): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#held.isEmpty) return
      if (this.#to.isFollowing) this.#release()
      this.#wait(interval)
    }, interval)
    this.#timer.unref()
  }

  #release(): void {
    const batch = this.#held.take()
    if (batch) this.#to.tell(batch)
  }
}
