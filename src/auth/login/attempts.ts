import { createHash } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'
import type { Store } from '../../store/store.ts'

/** How many failed logins are allowed within a window. 0 = no limit. */
export interface AttemptLimits {
  /** For one account from one address. Default: 10. */
  readonly account?: number
  /** From one address, for all accounts. Default: 100. */
  readonly address?: number
  /** The window in seconds. Default: 900. */
  readonly window?: number
}

/** How many attempts failed within a window. */
interface Count {
  readonly failed: number
  /** End of the window, in milliseconds since the epoch. */
  readonly until: number
}

/**
 * Counts failed logins. An account is never locked, because an attacker could then lock out its owner: the owner can still log
 * in from another address (OWASP ASVS 5 V6.3.1). All nodes count together.
 */
export class Attempts {
  readonly #account: number
  readonly #address: number
  readonly #window: number
  readonly #store: Pick<Store, 'shared'>

  constructor(store: Pick<Store, 'shared'>, limits: AttemptLimits = {}) {
    this.#store = store
    this.#account = limits.account ?? 10
    this.#address = limits.address ?? 100
    this.#window = (limits.window ?? 900) * 1000
  }

  /** Begins an attempt. It counts as failed until `succeeded` is called. Rejects with ApiError `rate_limited`. */
  async begin(address: string, account: string): Promise<void> {
    const { own, network } = keysOf(address, account)
    const begun: string[] = []
    for (const [key, limit] of [
      [own, this.#account],
      [network, this.#address],
    ] as const) {
      const wait = limit === 0 ? null : await this.#count(key, limit)
      begun.push(key)
      if (wait === null) continue
      // What is refused does not count as another attempt.
      for (const other of begun.slice(0, -1)) await this.#takeBack(other)
      throw new ApiError('rate_limited', {
        detail: 'too many failed attempts, try later',
        headers: { 'retry-after': String(Math.ceil(wait / 1000)) },
      })
    }
  }

  /** Takes back the attempt, because the login succeeded. */
  async succeeded(address: string, account: string): Promise<void> {
    const { own, network } = keysOf(address, account)
    if (this.#account > 0) await this.#store.shared.update(own, () => ({ value: undefined, text: null }))
    if (this.#address > 0) await this.#takeBack(network)
  }

  /** Counts an attempt. If there were too many, returns the milliseconds until the window ends. */
  async #count(key: string, limit: number): Promise<number | null> {
    return this.#store.shared.update<number | null>(key, (text, now) => {
      const { failed, until } =
        text === undefined ? { failed: 0, until: now + this.#window } : (JSON.parse(text) as Count)
      return failed < limit ? { value: null, ...kept({ failed: failed + 1, until }) } : { value: until - now }
    })
  }

  async #takeBack(key: string): Promise<void> {
    await this.#store.shared.update(key, text => {
      if (text === undefined) return { value: undefined }
      const { failed, until } = JSON.parse(text) as Count
      return { value: undefined, ...kept({ failed: failed - 1, until }) }
    })
  }
}

function keysOf(address: string, account: string): { own: string; network: string } {
  const network = networkOf(address)
  const name = createHash('sha256').update(account).digest('base64url')
  return { own: `attempts ${name} ${network}`, network: `attempts ${network}` }
}

const kept = (count: Count): { text: string; until: number } => ({ text: JSON.stringify(count), until: count.until })

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
