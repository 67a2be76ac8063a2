import { digest } from './session.ts'
import type { Identity } from '../principal.ts'

const most = 10_000

/**
 * Tickets for connections whose first request cannot carry a token, such as a browser's WebSocket. A ticket may be part of a
 * URI, because it can be used only once and expires after some seconds. Tickets are in memory.
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
      // The oldest is first, because all are valid for the same time.
      if (until > now && this.#open.size < most) break
      this.#open.delete(key)
    }
    const ticket = Buffer.from(this.#random(32)).toString('base64url')
    this.#open.set(digest(ticket), { identity, until: now + this.#seconds * 1000 })
    return ticket
  }

  /** Uses up a ticket and returns its caller. null = it is unknown, was used, or is too old. */
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
