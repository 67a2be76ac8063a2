import { Coalesced, type Mode } from './coalesce.ts'
import type { Batch } from '../event.ts'

/** Who is told at a pace. */
export interface Paced {
  /** What is told now is heard by whoever it is for. */
  readonly isFollowing: boolean
  /** The connection has not taken what it was given. */
  readonly isBusy: boolean
  tell(batch: Batch): void
  /** More has come together than is worth keeping. */
  reset(): void
}

/** Tells a subscription less often than things happen: what comes in between is told as one batch. */
export class Pace {
  readonly #mode: Exclude<Mode, 'every'>
  readonly #to: Paced
  readonly #held: Coalesced = new Coalesced()
  #timer: NodeJS.Timeout | null = null

  constructor(mode: Exclude<Mode, 'every'>, to: Paced) {
    this.#mode = mode
    this.#to = to
  }

  /** The first at once; what comes while the connection is busy, or within the interval, together at its end. */
  take(batch: Batch): void {
    const isFree = this.#mode === 'latest' ? !this.#to.isBusy && this.#held.isEmpty : this.#timer === null
    if (isFree) this.#to.tell(batch)
    else if (!this.#held.add(batch)) return this.#to.reset()
    if (this.#mode !== 'latest') this.#wait(this.#mode)
    else if (!this.#to.isBusy) this.#release()
  }

  /** The connection has taken what it was given. */
  drained(): void {
    if (this.#mode === 'latest') this.#release()
  }

  /** What came and was not told; it will not be. Null if that is nothing. */
  untold(): Batch | null {
    return this.#held.take()
  }

  /** Ends it; nothing is told any more, whatever was held back. */
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
