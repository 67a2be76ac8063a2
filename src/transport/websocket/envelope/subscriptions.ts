import { ApiError } from '../../../protocol/error.ts'
import type { Credentials, Standing } from '../../../auth/principal.ts'
import type { Call, Principal } from '../../../engine/call.ts'
import type { Id } from '../../../model/model.ts'
import { everything } from '../../../query/predicate.ts'
import type { Batch } from '../../../live/event.ts'
import { isId } from '../../../live/interest.ts'
import { askedBy } from '../../../live/asked-by.ts'
import type { Live } from '../../../live/live.ts'
import type { Mailbox } from '../../../live/mailbox.ts'
import type { Listener, Shown, Subscription } from '../../../live/subscription.ts'
import { instanceFrame, pushFrame, type PushedAction } from './frames.ts'
import type { Stream } from './streams.ts'

export interface Surroundings {
  readonly live: Live
  /** Most of them on a connection. */
  readonly most: number
  readonly mailbox: Mailbox
  readonly credentials: Credentials
  readonly principal: () => Principal | null
  readonly standing: () => Standing | null
  /** Something that was pushed cannot be told: the client must read anew. */
  readonly lost: () => void
}

/** What is followed. */
type Wanted =
  | { readonly kind: 'action'; readonly stream: Stream; readonly action: PushedAction; readonly pk: Id | null }
  | { readonly kind: 'instance'; readonly stream: Stream; readonly pk: Id; readonly requestId: unknown }

interface Held {
  readonly wanted: Wanted
  live: Subscription | null
  call: Call | null
}

/** The subscriptions of one connection: to an event of a stream, of all rows or of one, and to rows by request_id. */
export class Subscriptions {
  readonly #around: Surroundings
  readonly #held = new Map<string, Held>()
  #isClosed = false

  constructor(around: Surroundings) {
    this.#around = around
  }

  get size(): number {
    return this.#held.size
  }

  /** From here on; `begun` is called before the first push. Twice is as good as once. */
  async subscribe(wanted: Wanted, begun: () => void): Promise<void> {
    // What was asked before may have waited for its turn.
    if (this.#isClosed) throw new ApiError('gone', { detail: 'the connection is closed' })
    const key = keyOf(wanted)
    if (this.#held.has(key)) return begun()
    const { most } = this.#around
    if (this.#held.size >= most) {
      throw new ApiError('too_many_subscriptions', { detail: `at most ${most} subscriptions on one connection` })
    }
    const held: Held = { wanted, live: null, call: null }
    this.#held.set(key, held)
    try {
      await this.#begin(held, begun)
    } catch (error) {
      if (this.#held.get(key) === held) this.#held.delete(key)
      throw error
    }
    if (this.#held.get(key) !== held) this.#end(held)
  }

  unsubscribe(wanted: Wanted): void {
    const key = keyOf(wanted)
    const held = this.#held.get(key)
    this.#held.delete(key)
    if (held) this.#end(held)
  }

  /** The connection has taken what waited. */
  drained(): void {
    for (const { live } of this.#held.values()) live?.drained()
  }

  /** Another caller from now on: what that comes to is told. */
  async become(): Promise<void> {
    const { principal, standing } = this.#around
    for (const { live: subscription, call } of this.#held.values())
      if (subscription && call) await subscription.handOver(askedBy(call, principal()), standing())
  }

  close(): void {
    this.#isClosed = true
    for (const held of this.#held.values()) this.#end(held)
    this.#held.clear()
  }

  #end(held: Held): void {
    if (held.live) this.#around.live.unsubscribe(held.live)
    held.live = null
  }

  async #begin(held: Held, begun: () => void): Promise<void> {
    const { live, credentials, principal, standing } = this.#around
    const { wanted } = held
    const { resource } = wanted.stream
    const common = {
      resource,
      parent: null,
      shape: { depth: 1, include: [], fields: null },
      mode: 'drf',
      conditions: null,
      principal: principal(),
      credentials,
      permitted: true,
    } as const
    if (wanted.kind === 'instance') {
      const call = { ...common, operation: 'get', id: wanted.pk, query: null } as const
      held.call = call
      held.live = await live.subscribe(call, this.#instance(held, begun), null, 'every', standing())
      return
    }
    // Rows that are not there yet may be followed: one of them is a filter, not an item.
    const where = wanted.pk === null ? everything : isId(resource, wanted.pk)
    const query = { where, sort: [], limit: null, offset: 0, cursor: null, total: false }
    const call = { ...common, operation: 'list', id: null, query } as const
    // What there is now is not told, so it need not be read: it begins as if it had been here before.
    held.call = call
    held.live = await live.subscribe(call, this.#action(held, begun), await live.now(), 'every', standing())
  }

  #action(held: Held, begun: () => void): Listener {
    const { mailbox, lost } = this.#around
    const wanted = held.wanted as Wanted & { kind: 'action' }
    let isBegun = false
    const begin = (): void => {
      if (isBegun) return lost()
      isBegun = true
      begun()
    }
    return {
      snapshot: begin,
      resumed: begin,
      batch: batch => {
        const group = held.live?.followed ?? null
        if (!group) return true
        const frame = pushFrame(batch, group, wanted.stream, wanted.action)
        return frame === null || mailbox.push(frame)
      },
      isBusy: () => mailbox.isBusy,
      end: () => this.#ended(held),
    }
  }

  #instance(held: Held, begun: () => void): Listener {
    const { mailbox } = this.#around
    const { stream, requestId } = held.wanted as Wanted & { kind: 'instance' }
    let isBegun = false
    return {
      snapshot: (rows: readonly Shown[]) => {
        if (!isBegun) {
          isBegun = true
          return begun()
        }
        for (const row of rows) mailbox.answer(instanceFrame([{ ...row, ...unchanged }], stream, requestId))
      },
      resumed: () => {},
      batch: (batch: Batch) => mailbox.push(instanceFrame(batch.events, stream, requestId)),
      isBusy: () => mailbox.isBusy,
      end: () => this.#ended(held),
    }
  }

  #ended(held: Held): void {
    const key = keyOf(held.wanted)
    if (this.#held.get(key) === held) this.#held.delete(key)
  }
}

const unchanged = { kind: 'change', born: false, dead: false, changes: [] } as const

function keyOf(wanted: Wanted): string {
  const { stream, pk } = wanted
  const last = wanted.kind === 'action' ? wanted.action : JSON.stringify(wanted.requestId)
  return `${wanted.kind}\n${stream.name}\n${JSON.stringify(pk)}\n${last}`
}
