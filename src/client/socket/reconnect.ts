/** The longest time between two attempts to connect, in milliseconds. */
const LONGEST = 10_000

/**
 * Waits before the next attempt to connect: longer each time, and at random, so that all clients of a server that restarts do
 * not come back at once. It does not wait any longer when the network is back or somebody looks at the page.
 */
export class Reconnect {
  readonly #connect: () => void
  readonly #random: () => number
  #tries = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #now = (): void => {
    if (this.#timer === undefined || globalThis.document?.visibilityState === 'hidden') return
    this.cancel()
    this.#tries = 0
    this.#connect()
  }

  constructor(connect: () => void, random: () => number = Math.random) {
    this.#connect = connect
    this.#random = random
    globalThis.addEventListener?.('online', this.#now)
    globalThis.document?.addEventListener?.('visibilitychange', this.#now)
  }

  get isWaiting(): boolean {
    return this.#timer !== undefined
  }

  /** Connects after a while. */
  later(least = 0): void {
    const most = Math.max(least, Math.min(LONGEST, 250 * 2 ** this.#tries++))
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#connect()
    }, this.#random() * most)
  }

  /** An attempt has succeeded: the next one does not wait long. */
  succeeded(): void {
    this.#tries = 0
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  close(): void {
    this.cancel()
    globalThis.removeEventListener?.('online', this.#now)
    globalThis.document?.removeEventListener?.('visibilitychange', this.#now)
  }
}
