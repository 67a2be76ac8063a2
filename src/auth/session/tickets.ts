import { digest } from './session.ts'
import type { Identity } from '../principal.ts'

const most = 10_000

/**
 * Single-use tickets for connections whose first request cannot carry a token, such as a browser's WebSocket:
 * a ticket may stand in a URI, as it is worth nothing once it was used or after its seconds. Kept in memory.
 */
export class Tickets {
  readonly #seconds: number
  readonly #clock: () => number
  readonly #random: (bytes: number) => Uint8Array
  readonly #open = new Map<string, { readonly identity: Identity; readonly until: number }>()

  constructor(seconds: number, clock: () => number, random: (bytes: number) => Uint8Array) {
    this.#seconds = Math.min(seconds, 30)
    this.#clock = clock
    this.#random = random
  }

  get seconds(): number {
    return this.#seconds
  }

  issue(identity: Identity): string {
    const now = this.#clock()
    for (const [key, { until }] of this.#open) {
      // Oldest first; all last equally long.
      if (until > now && this.#open.size < most) break
      this.#open.delete(key)
    }
    const ticket = Buffer.from(this.#random(32)).toString('base64url')
    this.#open.set(digest(ticket), { identity, until: now + this.#seconds * 1000 })
    return ticket
  }

  /** Whose ticket it is; null if it is none, was used or is too old. It is used from then on. */
  redeem(ticket: string): Identity | null {
    const key = digest(ticket)
    const found = this.#open.get(key)
    this.#open.delete(key)
    return found && found.until > this.#clock() ? found.identity : null
  }

  close(): void {
    this.#open.clear()
  }
}
