import { ApiError } from '../protocol/error.ts'

/** Read work has to begin again where it can go on beside the event loop, because a query visits many rows. */
export class Elsewhere extends Error {
  readonly account: string

  constructor(account: string) {
    super('the query visits many rows')
    this.account = account
  }
}

/** Scans that run at once, and that wait: altogether, and of one account. */
const AT_ONCE = 2
const WAITING = 200
const WAITING_EACH = 20

/** Whose turn it is to scan: one at a time of each account, first come, first served among accounts. */
export class Accounts {
  readonly #running = new Set<string>()
  readonly #waiting = new Map<string, (() => void)[]>()
  #count = 0

  /** Resolves when the account may scan. Throws ApiError `rate_limited` or `unavailable` where too many wait. */
  async enter(account: string): Promise<void> {
    if (!this.#running.has(account) && this.#running.size < AT_ONCE) {
      this.#running.add(account)
      return
    }
    const queue = this.#waiting.get(account) ?? []
    if (queue.length >= WAITING_EACH) throw refusal('rate_limited', 'too many of your searches are under way')
    if (this.#count >= WAITING) throw refusal('unavailable', 'too many searches are under way')
    this.#count++
    this.#waiting.set(account, queue)
    await new Promise<void>(resolve => queue.push(resolve))
  }

  leave(account: string): void {
    this.#running.delete(account)
    for (const [next, queue] of this.#waiting) {
      if (this.#running.size >= AT_ONCE) return
      if (this.#running.has(next)) continue
      // Behind those of other accounts, if it has more.
      this.#waiting.delete(next)
      const start = queue.shift()!
      if (queue.length > 0) this.#waiting.set(next, queue)
      this.#count--
      this.#running.add(next)
      start()
    }
  }
}

function refusal(code: 'rate_limited' | 'unavailable', detail: string): ApiError {
  return new ApiError(code, { detail, headers: { 'retry-after': '1' } })
}
