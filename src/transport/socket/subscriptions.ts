import type { Principal, Standing } from '../../auth/principal.ts'
import type { FollowingClient } from '../../live/event.ts'
import type { Kind } from '../../live/subscriptions/source.ts'
import type { Listener, Subscription } from '../../live/subscriptions/subscription.ts'
import type { Mailbox } from '../../live/subscriptions/backpressure.ts'
import type { Id } from '../../model/model.ts'
import { outlineOf, sortOrders } from '../../model/outline.ts'
import { ApiError } from '../../protocol/error.ts'
import type { FollowedOutline } from '../../protocol/outline.ts'
import type { AskedSubscription, Follow, Key, SocketTeller } from './dialect.ts'
import type { SocketHost } from './host.ts'

/** The owner of subscriptions: a session. */
export interface Subscriber {
  readonly host: SocketHost
  readonly mailbox: Mailbox
  readonly principal: Principal | null
  /** Tells who the caller is at a position; null if the caller cannot change. */
  readonly standing: Standing | null
}

/** The subscriptions of one connection, by the keys that its client has chosen. */
export class Subscriptions {
  readonly #subscriber: Subscriber
  readonly #held = new Map<Key, Held>()
  /** The requests about each key, which are carried out one after the other; null if there are none. */
  #turns: Map<Key, Promise<unknown>> | null = null
  #isClosed = false

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber
  }

  /** Whose they are; null = nobody is logged in. */
  get who(): Id | null {
    return this.#subscriber.principal?.id ?? null
  }

  get size(): number {
    return this.#held.size
  }

  get keys(): Key[] {
    return [...this.#held.keys()]
  }

  /** The tellers of all subscriptions. */
  *tellers(): Iterable<SocketTeller<Kind> | null> {
    for (const held of this.#held.values()) yield held.teller
  }

  /**
   * Begins a subscription, once `admit` lets it begin. Throws ApiError if that is not possible or there are too many.
   */
  subscribe(
    asked: AskedSubscription,
    admit: (work: () => Promise<void>) => Promise<void> = work => work(),
  ): Promise<void> {
    return this.#inTurn(asked.key, () => admit(() => this.#subscribe(asked)))
  }

  /**
   * Ends a subscription or a part of it. False if there is none with the key. If the subscription is just beginning, it waits,
   * so that nothing is told after the end.
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
    // The request may have waited for its turn until the connection was closed.
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
    // It may have been ended while it was beginning.
    if (this.#held.get(key) !== held) held.close()
    else asked.done?.(held.position)
  }

  /** Called when the connection has taken what it was given. */
  drained(): void {
    for (const held of this.#held.values()) held.drained()
  }

  /** Tells what is held back for the sake of a pace. */
  flush(): void {
    for (const held of this.#held.values()) held.flush()
  }

  /** Gives all subscriptions to the current caller. Each is told what that changes. */
  async handOver(): Promise<void> {
    for (const held of this.#held.values()) await held.handOver(this.#subscriber)
  }

  /** Ends all subscriptions for good. */
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
    const turns = (this.#turns ??= new Map())
    const before = turns.get(key)
    const turn = before ? before.then(work) : work()
    const settled: Promise<void> = turn.then(
      () => this.#settle(key, settled),
      () => this.#settle(key, settled),
    )
    turns.set(key, settled)
    return turn
  }

  #settle(key: Key, turn: Promise<unknown>): void {
    if (this.#turns?.get(key) !== turn) return
    this.#turns.delete(key)
    if (this.#turns.size === 0) this.#turns = null
  }

  /** Removes a subscription that has ended by itself. */
  forget(held: Held): void {
    if (this.#held.get(held.key) === held) this.#held.delete(held.key)
  }
}

/** One subscription: the listener that passes what it hears to the mailbox, in the words of its dialect. */
class Held implements Listener<Kind> {
  readonly key: Key
  /** The position that it began at. */
  position = ''
  teller: SocketTeller<Kind> | null = null
  readonly #mailbox: Mailbox
  readonly #among: Subscriptions
  /** What is followed; null until it has begun. */
  #asked: Kind['asked'] | null = null
  #subscription: Subscription<Kind> | null = null
  /** Tells the client that it has begun; null once that has been told. */
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
      const { call, since, mode, waits } = follow
      this.#asked = call
      this.#subscription = await host.live.subscribe(call, this, { since, mode, standing, waits })
    } else {
      const { uri, mustExist, owner, since } = follow
      const followed = { uri, mustExist, owner, principal }
      const subscription = await host.published.subscribe(followed, this, since, standing)
      this.#asked = subscription.followed
      this.#subscription = subscription
    }
    // Something may have been left out, and then the rest taken, before the subscription was known here.
    this.#subscription.drained()
  }

  async handOver({ host, principal, standing }: Subscriber): Promise<void> {
    if (this.#asked && this.#subscription)
      await host.live.handOver(this.#subscription, { ...this.#asked, principal }, standing)
  }

  drained(): void {
    this.#subscription?.drained()
  }

  flush(): void {
    this.#subscription?.flush()
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

  batch(step: unknown, followed: unknown): boolean {
    const frame = this.teller!.batch(step, followed)
    return frame === null || frame.length === 0 || this.#mailbox.push(frame)
  }

  behind(): void {
    const frame = this.#isClosed ? null : this.teller!.behind?.()
    if (frame) this.#mailbox.answer(frame)
  }

  isBusy(): boolean {
    return this.#mailbox.isBusy
  }

  reader(): FollowingClient {
    return { who: this.#among.who, waiting: this.#mailbox.waiting }
  }

  end(error: ApiError): void {
    const frame = this.#isClosed ? null : this.teller!.end(error)
    if (frame) this.#mailbox.answer(frame)
    this.#among.forget(this)
  }

  /** Notes the position and tells the client that it has begun. True the first time. */
  #begin(position: string): boolean {
    this.position = position
    const begun = this.#begun
    this.#begun = null
    begun?.()
    return begun !== null
  }
}

/** What a client is told of the resource that it begins to follow; null if functions serve it. */
export function outlineFor(follow: Follow): FollowedOutline | null {
  if (!('call' in follow)) return null
  const { resource, query } = follow.call
  return { ...outlineOf(resource), sort: sortOrders(resource, query?.sort ?? []) }
}
