/** Limits the messages of a connection: `rate` per second, `burst` at once. */
export class Bucket {
  readonly #rate: number
  readonly #burst: number
  readonly #clock: () => number
  #left: number
  #at: number
  /** How many messages in a row were refused. */
  refused = 0

  constructor(rate: number, burst: number, clock: () => number) {
    this.#rate = rate
    this.#burst = burst
    this.#clock = clock
    this.#left = burst
    this.#at = clock()
  }

  take(): boolean {
    const now = this.#clock()
    // If the clock is set back, nothing is taken away.
    const passed = Math.max(0, now - this.#at)
    this.#left = Math.min(this.#burst, this.#left + (passed * this.#rate) / 1_000)
    this.#at = now
    if (this.#left < 1) {
      this.refused++
      return false
    }
    this.#left--
    this.refused = 0
    return true
  }

  /** Whether the client has gone on after as many refusals as a burst has. It is then disconnected. */
  get isFlooded(): boolean {
    return this.refused > this.#burst
  }
}
