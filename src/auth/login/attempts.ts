import { createHash } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'

/** How many failed logins are allowed within a window. 0 = no limit. */
export interface AttemptLimits {
  /** For one account from one address. Default: 10. */
  readonly account?: number
  /** From one address, for all accounts. Default: 100. */
  readonly address?: number
  /** The window in seconds. Default: 900. */
  readonly window?: number
}

interface Count {
  failed: number
  /** End of the window, in milliseconds since the epoch. */
  readonly until: number
}

const most = 50_000

/**
 * Counts failed logins. An account is never locked, because an attacker could then lock out its owner: the owner can still log
 * in from another address (OWASP ASVS 5 V6.3.1). The counts are in memory, so each process has its own.
 */
export class Attempts {
  readonly #account: number
  readonly #address: number
  readonly #window: number
  readonly #counts = new Map<string, Count>()

  constructor(limits: AttemptLimits = {}) {
    this.#account = limits.account ?? 10
    this.#address = limits.address ?? 100
    this.#window = (limits.window ?? 900) * 1000
  }

  /** Begins an attempt. It counts as failed until `succeeded` is called. Throws ApiError `rate_limited`. */
  begin(address: string, account: string, now: number): void {
    const keys = this.#keys(address, account)
    for (const [key, limit] of keys) {
      const count = this.#counts.get(key)
      if (!count || count.until <= now || count.failed < limit) continue
      const seconds = Math.ceil((count.until - now) / 1000)
      throw new ApiError('rate_limited', {
        detail: 'too many failed attempts, try later',
        headers: { 'retry-after': String(seconds) },
      })
    }
    for (const [key] of keys) this.#add(key, now)
  }

  /** Takes back the attempt, because the login succeeded. */
  succeeded(address: string, account: string): void {
    const [own, network] = this.#keys(address, account)
    if (own) this.#counts.delete(own[0])
    const count = network && this.#counts.get(network[0])
    if (count) count.failed--
  }

  #keys(address: string, account: string): (readonly [key: string, limit: number])[] {
    const network = networkOf(address)
    const name = createHash('sha256').update(account).digest('base64url')
    const keys: (readonly [string, number])[] = [
      [`${name} ${network}`, this.#account || Infinity],
      [network, this.#address || Infinity],
    ]
    return keys
  }

  #add(key: string, now: number): void {
    const count = this.#counts.get(key)
    if (count && count.until > now) {
      count.failed++
      return
    }
    this.#counts.delete(key)
    if (this.#counts.size >= most) this.#tidy(now)
    this.#counts.set(key, { failed: 1, until: now + this.#window })
  }

  /** Removes ended windows and, if that is not enough, the oldest ones. */
  #tidy(now: number): void {
    for (const [key, { until }] of this.#counts) if (until <= now) this.#counts.delete(key)
    for (const key of this.#counts.keys()) {
      if (this.#counts.size < most) break
      this.#counts.delete(key)
    }
  }
}

/** The network that counts as one client: an IPv4 address, or a /64 of IPv6, which is what one household or server gets. */
export function networkOf(address: string): string {
  const text = address.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (mapped) return mapped[1]!
  if (!text.includes(':')) return text
  const [head = '', tail = ''] = text.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const groups = text.includes('::')
    ? [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'), ...after]
    : before
  return groups
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
