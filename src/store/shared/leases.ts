import type { SharedState } from './shared-state.ts'
import type { Store } from '../store.ts'
import type { Maybe } from '../work.ts'

/** How often a lease is renewed while it lasts. */
const RENEWALS = 3
/** The most milliseconds between two attempts to take a lease that somebody else has. */
const MOST_PAUSE = 100
/** Milliseconds for which the number of a lease is remembered after its end. */
const REMEMBERED = 86_400_000

/** The right to do something that only one process does at a time. */
export interface Lease {
  readonly name: string
  /**
   * Grows with each holder (fencing token). Whoever writes what others may write too compares it, because a process that hung
   * does not know yet that its lease is over.
   */
  readonly number: number
  /** Aborted when the lease is over, for whatever reason. */
  readonly over: AbortSignal
  /** Gives it back before its time. Does nothing if it is over. */
  release(): Promise<void>
}

interface Held {
  readonly by: string
  readonly number: number
  /** Milliseconds since 1970. */
  readonly until: number
}

export interface LeasesOptions {
  readonly store: Pick<Store, 'shared'>
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds after which a lease is over whose process has died or hangs. Default: 10,000. */
  readonly duration?: number
}

/** The leases that this process holds. They last as long as it lives and the database answers. */
export class Leases {
  readonly #store: Pick<Store, 'shared'>
  readonly #duration: number
  readonly #me: string
  readonly #held = new Set<HeldLease>()
  #taken = 0

  constructor({ store, random, duration = 10_000 }: LeasesOptions) {
    this.#store = store
    this.#duration = duration
    this.#me = Buffer.from(random(12)).toString('hex')
  }

  /** Takes a lease; null if somebody else has it. */
  async take(name: string): Promise<Lease | null> {
    // A name for this holder alone: a process may ask for the same lease twice.
    const by = `${this.#me} ${++this.#taken}`
    const asked = performance.now()
    const number = await this.#store.shared.update(keyOf(name), (text, now) => {
      const held = read(text)
      if (held && held.until > now) return { value: null }
      const next: Held = { by, number: (held?.number ?? 0) + 1, until: now + this.#duration }
      return { value: next.number, ...kept(next) }
    })
    if (number === null) return null
    const lease = new HeldLease({ name, number, by, texts: this.#store.shared, duration: this.#duration })
    this.#held.add(lease)
    lease.over.addEventListener('abort', () => this.#held.delete(lease), { once: true })
    lease.renewed(asked)
    return lease
  }

  /** Takes a lease as soon as nobody else has it. Rejects with the signal's reason. */
  async wait(name: string, signal: AbortSignal | null = null): Promise<Lease> {
    for (let pause = 10; ; pause = Math.min(2 * pause, MOST_PAUSE)) {
      signal?.throwIfAborted()
      const lease = await this.take(name)
      if (lease) return lease
      await new Promise(resolve => void setTimeout(resolve, pause))
    }
  }

  /** Whether somebody has a lease now. */
  isHeld(name: string): Maybe<boolean> {
    return this.#store.shared.update(keyOf(name), (text, now) => {
      const held = read(text)
      return { value: held !== null && held.until > now }
    })
  }

  /** Gives all leases back. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#held, lease => lease.release().catch(() => undefined)))
  }
}

const keyOf = (name: string): string => `lease ${name}`
const read = (text: string | undefined): Held | null => (text === undefined ? null : (JSON.parse(text) as Held))
const kept = (held: Held): { text: string; until: number } => ({
  text: JSON.stringify(held),
  until: held.until + REMEMBERED,
})

interface HeldLeaseOptions {
  readonly name: string
  readonly number: number
  readonly by: string
  readonly texts: SharedState
  readonly duration: number
}

class HeldLease implements Lease {
  readonly name: string
  readonly number: number
  readonly #isOver = new AbortController()
  readonly #options: HeldLeaseOptions
  /** Ends the lease here before it can be over elsewhere. */
  #end: NodeJS.Timeout | undefined
  #renewal: NodeJS.Timeout | undefined

  constructor(options: HeldLeaseOptions) {
    this.#options = options
    this.name = options.name
    this.number = options.number
  }

  get over(): AbortSignal {
    return this.#isOver.signal
  }

  /** Counts from when the database was asked, which is before it counted. */
  renewed(asked: number): void {
    if (this.over.aborted) return
    const { duration } = this.#options
    const left = asked + duration - performance.now()
    clearTimeout(this.#end)
    this.#end = setTimeout(() => this.#stop(), left).unref()
    this.#renewal = setTimeout(() => void this.#renew(), duration / RENEWALS).unref()
  }

  async #renew(): Promise<void> {
    const asked = performance.now()
    try {
      if (await this.#change(now => now + this.#options.duration)) this.renewed(asked)
      else this.#stop()
    } catch {
      // The database does not answer. The lease lasts a little longer; perhaps it comes back in time.
      if (!this.over.aborted) this.#renewal = setTimeout(() => void this.#renew(), this.#options.duration / 10).unref()
    }
  }

  /** Changes when the lease is over. False if it is somebody else's by now. */
  async #change(until: (now: number) => number): Promise<boolean> {
    const { texts, name, by, number } = this.#options
    return texts.update(keyOf(name), (text, now) => {
      const held = read(text)
      if (held?.by !== by || held.until <= now) return { value: false }
      return { value: true, ...kept({ by, number, until: until(now) }) }
    })
  }

  async release(): Promise<void> {
    if (this.over.aborted) return
    this.#stop()
    await this.#change(now => now)
  }

  #stop(): void {
    clearTimeout(this.#end)
    clearTimeout(this.#renewal)
    this.#isOver.abort(new Error(`the lease ${this.name} is over`))
  }
}
