import type { Principal, Standing } from '../../auth/principal.ts'
import type { Kind } from '../../live/subscriptions/source.ts'
import type { Listener, Subscription } from '../../live/subscriptions/subscription.ts'
import type { Mailbox } from '../../live/subscriptions/mailbox.ts'
import { ApiError } from '../../protocol/error.ts'
import type { AskedSubscription, Follow, Key, Teller } from './dialect.ts'
import type { SocketHost } from './host.ts'

/** Whose subscriptions they are: a session. */
export interface Subscriber {
  readonly host: SocketHost
  readonly mailbox: Mailbox
  readonly principal: Principal | null
  /** Null where nothing in the store makes another caller of it. */
  readonly standing: Standing | null
}

/** The subscriptions of one connection, by the keys that its client gave them. */
export class Subscriptions {
  readonly #subscriber: Subscriber
  readonly #held = new Map<Key, Held>()
  /** What is asked of a key while it begins, one after the other. */
  readonly #turns = new Map<Key, Promise<unknown>>()
  #isClosed = false

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber
  }

  get size(): number {
    return this.#held.size
  }

  get keys(): Key[] {
    return [...this.#held.keys()]
  }

  /** How they are told. */
  *tellers(): Iterable<Teller<Kind> | null> {
    for (const held of this.#held.values()) yield held.teller
  }

  /** Follows what is asked for. Throws ApiError where it cannot be, or there are too many. */
  subscribe(asked: AskedSubscription): Promise<void> {
    return this.#inTurn(asked.key, () => this.#subscribe(asked))
  }

  /**
   * Ends one, or a part of it; false if there is none with the key. Waits for one that begins: nothing is told of it
   * behind its end.
   */
  unsubscribe(key: Key, part?: string): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const isPartly = part !== undefined && this.#held.get(key)?.teller?.drop?.(part)
      return isPartly || this.#end(key)
    })
  }

  async #subscribe(asked: AskedSubscription): Promise<void> {
    const { key } = asked
    const most = this.#subscriber.host.engine.limits.subscriptions
    // What was asked before may have waited for its turn.
    if (this.#isClosed) throw new ApiError('gone', { detail: 'the connection is closed' })
    const known = this.#held.get(key)
    if (known) {
      if (asked.twice === 'keep') {
        if (asked.part !== undefined) known.teller?.add?.(asked.part)
        return asked.begun?.()
      }
      if (asked.twice === 'refuse') throw new ApiError('conflict', { detail: 'a subscription has this id already' })
      this.#end(key)
    }
    if (this.#held.size >= most) {
      throw new ApiError('too_many_subscriptions', { detail: `at most ${most} subscriptions on one connection` })
    }
    const held = new Held(this.#subscriber.mailbox, asked, this)
    this.#held.set(key, held)
    try {
      await held.begin(await asked.follow(), this.#subscriber)
    } catch (error) {
      this.forget(held)
      throw error
    }
    // Meanwhile it was given up, or the connection closed.
    if (this.#held.get(key) !== held) held.close()
    else asked.done?.(held.position)
  }

  /** The connection has taken what it was given. */
  drained(): void {
    for (const held of this.#held.values()) held.drained()
  }

  /** They are another caller's from now on: each tells what that comes to. */
  async handOver(): Promise<void> {
    for (const held of this.#held.values()) await held.handOver(this.#subscriber)
  }

  /** Ends all of them, for good. */
  close(): void {
    this.#isClosed = true
    for (const key of this.#held.keys()) this.#end(key)
  }

  #end(key: Key): boolean {
    const held = this.#held.get(key)
    this.#held.delete(key)
    held?.close()
    return held !== undefined
  }

  #inTurn<T>(key: Key, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(key)
    const turn = before ? before.then(work) : work()
    const settled: Promise<void> = turn.then(
      () => this.#settle(key, settled),
      () => this.#settle(key, settled),
    )
    this.#turns.set(key, settled)
    return turn
  }

  #settle(key: Key, turn: Promise<unknown>): void {
    if (this.#turns.get(key) === turn) this.#turns.delete(key)
  }

  /** One of them has ended by itself. */
  forget(held: Held): void {
    if (this.#held.get(held.key) === held) this.#held.delete(held.key)
  }
}

/** One of them: what it hears goes into the mailbox, in the words of its dialect. */
class Held implements Listener<Kind> {
  readonly key: Key
  /** Where it is, as far as its first words said. */
  position = ''
  teller: Teller<Kind> | null = null
  readonly #mailbox: Mailbox
  readonly #among: Subscriptions
  /** How it is asked for; null until it has begun. */
  #asked: Kind['asked'] | null = null
  #subscription: Subscription<Kind> | null = null
  /** Says that it has begun; null once that was said. */
  #begun: (() => void) | null
  #isClosed = false

  constructor(mailbox: Mailbox, asked: AskedSubscription, among: Subscriptions) {
    this.key = asked.key
    this.#mailbox = mailbox
    this.#begun = () => asked.begun?.()
    this.#among = among
  }

  async begin(follow: Follow, { host, principal, standing }: Subscriber): Promise<void> {
    this.teller = follow.teller
    if ('call' in follow) {
      const { call, since, mode } = follow
      this.#asked = call
      this.#subscription = await host.live.subscribe(call, this, since, mode, standing)
    } else {
      const { uri, mustExist, owner, since } = follow
      const followed = { uri, mustExist, owner, principal }
      const subscription = await host.published.subscribe(followed, this, since, standing)
      this.#asked = subscription.followed
      this.#subscription = subscription
    }
    // Something may have been left out, and the connection have taken the rest, before this was known.
    this.#subscription.drained()
  }

  async handOver({ host, principal, standing }: Subscriber): Promise<void> {
    if (this.#asked && this.#subscription)
      await host.live.handOver(this.#subscription, { ...this.#asked, principal }, standing)
  }

  drained(): void {
    this.#subscription?.drained()
  }

  close(): void {
    this.#isClosed = true
    this.#subscription?.close()
  }

  snapshot(state: unknown, position: string, reset: boolean): void {
    const isFirst = this.#begin(position)
    const frame = this.teller!.snapshot(state, position, reset || !isFirst, isFirst)
    if (frame && !this.#isClosed) this.#mailbox.answer(frame)
  }

  resumed(position: string): void {
    this.#begin(position)
    const frame = this.teller!.resumed?.(position)
    if (frame) this.#mailbox.answer(frame)
  }

  batch(step: unknown): boolean {
    const frame = this.teller!.batch(step, this.#subscription)
    return frame === null || frame.length === 0 || this.#mailbox.push(frame)
  }

  isBusy(): boolean {
    return this.#mailbox.isBusy
  }

  end(error: ApiError): void {
    const frame = this.#isClosed ? null : this.teller!.end?.(error)
    if (frame) this.#mailbox.answer(frame)
    this.#among.forget(this)
  }

  /** True the first time. */
  #begin(position: string): boolean {
    this.position = position
    const begun = this.#begun
    this.#begun = null
    begun?.()
    return begun !== null
  }
}
