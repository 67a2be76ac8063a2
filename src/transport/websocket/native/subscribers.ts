import type { Principal, Standing } from '../../../auth/principal.ts'
import type { Call } from '../../../engine/call.ts'
import { askedBy } from '../../../live/asked-by.ts'
import type { Live } from '../../../live/live.ts'
import type { Mailbox } from '../../../live/mailbox.ts'
import type { Mode } from '../../../live/coalesce.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { RequestId } from '../../../protocol/frames.ts'
import { PublishedSubscriber } from './published-subscriber.ts'
import type { NativeOptions } from './options.ts'
import { Subscriber } from './subscriber.ts'

interface Held {
  readonly subscriber: Subscriber | PublishedSubscriber
  /** What it follows, for following it as somebody else; null until it has begun, and of what functions serve. */
  call: Call | null
}

/** The subscriptions of one connection by the ids that the client gave them. */
export class Subscribers {
  readonly #options: NativeOptions
  readonly #live: Live
  readonly #mailbox: Mailbox
  readonly #held = new Map<RequestId, Held>()
  #standing: Standing | null = null
  #isClosed = false

  constructor(options: NativeOptions, mailbox: Mailbox) {
    this.#options = options
    this.#live = options.live
    this.#mailbox = mailbox
  }

  get size(): number {
    return this.#held.size
  }

  /**
   * Takes a place. Throws ApiError `too_many_subscriptions` where there is none, `conflict` for an id that has one, `gone`
   * once it is closed: what was asked before may have waited for its turn.
   */
  reserve(id: RequestId): Subscriber {
    return this.#place(new Subscriber(id, this.#live, this.#mailbox, ended => this.forget(ended)))
  }

  #place<S extends Subscriber | PublishedSubscriber>(subscriber: S): S {
    const { id } = subscriber
    if (this.#isClosed) throw new ApiError('gone', { detail: 'the connection is closed' })
    if (this.#held.has(id)) throw new ApiError('conflict', { detail: 'a subscription has this id already' })
    if (this.#held.size >= this.#options.engine.limits.subscriptions) throw new ApiError('too_many_subscriptions')
    this.#held.set(id, { subscriber, call: null })
    return subscriber
  }

  async begin(subscriber: Subscriber, call: Call, since: string | null, mode: Mode): Promise<void> {
    const subscription = await this.#live.subscribe(call, subscriber, since, mode, this.#standing)
    const held = this.#held.get(subscriber.id)
    // Meanwhile it was given up, or the connection closed.
    if (held?.subscriber !== subscriber) return this.#live.unsubscribe(subscription)
    subscriber.subscription = subscription
    held.call = call
    if (subscription.behind && !this.#mailbox.isBusy) subscription.drained()
  }

  /** Takes a place for what functions serve at a URI, and begins; throws as `reserve` does, or what stands in the way. */
  async follow(id: RequestId, uri: string, principal: Principal | null, since: string | null): Promise<void> {
    const around = {
      options: this.#options,
      mailbox: this.#mailbox,
      ended: (one: PublishedSubscriber) => this.forget(one),
    }
    const subscriber = this.#place(new PublishedSubscriber(id, uri, around))
    try {
      await subscriber.begin({ principal, standing: this.#standing }, since)
    } catch (thrown) {
      this.forget(subscriber)
      throw thrown
    }
  }

  forget(subscriber: Subscriber | PublishedSubscriber): void {
    if (this.#held.get(subscriber.id)?.subscriber === subscriber) this.#held.delete(subscriber.id)
  }

  /** False if there is none with the id. */
  stop(id: RequestId): boolean {
    const held = this.#held.get(id)
    if (!held) return false
    this.#held.delete(id)
    held.subscriber.stop()
    return true
  }

  /** Ends all of them, for good. */
  close(): void {
    this.#isClosed = true
    for (const id of this.#held.keys()) this.stop(id)
  }

  drained(): void {
    for (const { subscriber } of this.#held.values()) subscriber.drained()
  }

  /** Who asks from now on. */
  identify(standing: Standing | null): void {
    this.#standing = standing
  }

  /** Everything is followed by somebody else from now on. */
  async become(principal: Principal | null): Promise<void> {
    for (const { subscriber, call } of this.#held.values()) {
      if (subscriber instanceof PublishedSubscriber) await subscriber.become({ principal, standing: this.#standing })
      else if (call) await subscriber.subscription?.handOver(askedBy(call, principal), this.#standing)
    }
  }
}
