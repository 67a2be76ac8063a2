import { createHash } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'

/** How many failed logins are borne in a window; 0 = no bound. */
export interface AttemptLimits {
  /** For one account from one address. Default 10. */
  readonly account?: number
  /** From one address, whatever the account. Default 100. */
  readonly address?: number
  /** Seconds. Default 900. */
  readonly window?: number
}

interface Count {
  failed: number
  /** Milliseconds since the epoch. */
  readonly until: number
}

const most = 50_000

/**
 * Counts failed logins. No account is ever locked: its owner comes in from another address all the same
 * (OWASP ASVS 5 V6.3.1). Kept in memory, so each process counts for itself.
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

  /** Takes an attempt, counted as failed until `succeeded` says otherwise. Throws ApiError `rate_limited`. */
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

  /** The attempt that was begun was none. */
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

  /** What has run out goes; if that is not enough, the oldest do. */
  #tidy(now: number): void {
    for (const [key, { until }] of this.#counts) if (until <= now) this.#counts.delete(key)
    for (const key of this.#counts.keys()) {
      if (this.#counts.size < most) break
      this.#counts.delete(key)
    }
  }
}

/** What counts as one client: an IPv4 address, or the /64 that a household or server has of IPv6. */
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
