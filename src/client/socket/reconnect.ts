/** The longest time between two attempts to connect, in milliseconds. */
const LONGEST = 10_000

/**
 * Waits before the next attempt to connect: longer each time, and at random, so that all clients of a server that restarts do
 * not come back at once. It does not wait any longer when the network is back or somebody looks at the page.
 */
export interface Reconnect {
  readonly isWaiting: boolean
  /** Connects after a while: a part, at random, of a time that is `least` milliseconds at the beginning. */
  later(least?: number): void
  /** An attempt has succeeded: the next one does not wait long. */
  succeeded(): void
  close(): void
}

export function reconnecting(connect: () => void, random: () => number = Math.random): Reconnect {
  let tries = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const cancel = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  const attempt = (): void => {
    cancel()
    connect()
  }
  const hurry = (): void => {
    if (timer === undefined || globalThis.document?.hidden) return
    tries = 0
    attempt()
  }
  const over = new AbortController()
  globalThis.addEventListener?.('online', hurry, over)
  globalThis.document?.addEventListener?.('visibilitychange', hurry, over)
  return {
    get isWaiting() {
      return timer !== undefined
    },
    later(least = 0) {
      timer = setTimeout(attempt, random() * Math.max(least, Math.min(LONGEST, 250 * 2 ** tries++)))
    },
    succeeded() {
      tries = 0
    },
    close() {
      cancel()
      over.abort()
    },
  }
}
