import type { ApiError } from '../../protocol/error.ts'
import type { Frame, FollowingClient } from '../../live/event.ts'
import type { Id } from '../../model/model.ts'
import type { Live } from '../../live/live.ts'
import { Mailbox, type Wire } from '../../live/subscriptions/backpressure.ts'
import type { Kind } from '../../live/subscriptions/source.ts'
import type { Listener, Subscription } from '../../live/subscriptions/subscription.ts'
import type { ByteStream } from '../http/exchange.ts'
import type { Teller } from '../socket/dialect.ts'
import { behindEvent, heartbeatFrame, retryFrame, problemFrame } from './frames.ts'

/** Milliseconds between heartbeats, so that proxies and clients do not take the connection for dead. */
const HEARTBEAT = 15_000

/** Milliseconds until a stream that goes on tries again to tell its position. */
const RETRY = 250

export interface StreamOptions<K extends Kind> {
  readonly live: Live
  readonly teller: Teller<K>
  readonly limits: { readonly mailbox: number; readonly stall: number }
  /** Sends the header fields. Called when it is known that there is something to follow. */
  readonly open: () => ByteStream
}

/** The source of a stream, usually a subscription. */
export type Carried = Pick<Subscription, 'drained' | 'flush' | 'isFollowing' | 'close'>

/** A subscription with a connection of its own. It is the listener of the subscription and the wire of its mailbox. */
export class SseStream<K extends Kind> implements Listener<K>, Wire {
  readonly #options: StreamOptions<K>
  readonly mailbox: Mailbox
  /** Who reads it; null = nobody is logged in. */
  who: Id | null = null
  #stream: ByteStream | null = null
  #heartbeat: NodeJS.Timeout | null = null
  #carried: Carried | null = null
  #hasBegun = false
  #isResumed = false
  #isClosed = false

  constructor(options: StreamOptions<K>) {
    const { live, limits } = options
    this.#options = options
    this.mailbox = new Mailbox(this, live.postman, { bytes: limits.mailbox, stall: limits.stall })
    this.mailbox.onDrained = () => this.#carried?.drained()
  }

  /** Sets the source. It is closed together with the connection. */
  carry(carried: Carried): void {
    this.#carried = carried
    if (this.#isClosed) carried.close()
    // Something may have been left out, and then the rest taken, before the source was known here.
    else carried.drained()
    if (this.#isResumed && this.#stream) void this.#tellPosition(this.#stream)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  snapshot(state: K['state'], position: string, reset: boolean): void {
    const frame = this.#options.teller.snapshot(state, position, reset, !this.#hasBegun)
    this.#hasBegun = true
    this.#open()
    if (frame) this.mailbox.answer(frame)
  }

  resumed(): void {
    this.#hasBegun = true
    this.#isResumed = true
    this.#open()
  }

  batch(step: K['step']): boolean {
    const frame = this.#options.teller.batch(step, null)
    return frame === null || frame.length === 0 || this.mailbox.push(frame)
  }

  behind(): void {
    this.mailbox.answer(behindEvent)
  }

  isBusy(): boolean {
    return this.mailbox.isBusy
  }

  reader(): FollowingClient {
    return { who: this.who, waiting: this.mailbox.waiting }
  }

  end(error: ApiError): void {
    if (this.#isClosed) return
    this.mailbox.answer(problemFrame(error))
    this.mailbox.flush()
    this.#stream?.end()
    this.#free()
  }

  write(bytes: Frame): void {
    this.#stream?.write(bytes)
  }

  get buffered(): number {
    return this.#stream?.buffered ?? 0
  }

  close(): void {
    this.#stream?.destroy()
    this.#free()
  }

  /** Called once everything has been released. */
  onClosed: () => void = () => {}

  #open(): void {
    if (this.#stream || this.#isClosed) return
    const stream = this.#options.open()
    this.#stream = stream
    stream.onDrain = () => this.mailbox.drained()
    stream.onClose = () => this.#free()
    stream.write(retryFrame())
    this.#heartbeat = setInterval(() => void this.#beat(stream), HEARTBEAT)
    this.#heartbeat.unref()
  }

  /** Shows life, and how far everything was told. */
  async #beat(stream: ByteStream): Promise<void> {
    const position = await this.#position()
    // What waits shows life itself.
    if (!this.#isClosed && this.mailbox.waiting === 0) stream.write(heartbeatFrame(position))
  }

  /**
   * Tells how far everything was told, as soon as that can be said: others may write just now. Streams may end more often than
   * the heart beats, and a client that goes on would otherwise not learn it.
   */
  async #tellPosition(stream: ByteStream): Promise<void> {
    const position = await this.#position()
    if (this.#isClosed) return
    if (position !== null) stream.write(heartbeatFrame(position))
    else setTimeout(() => void this.#tellPosition(stream), RETRY).unref()
  }

  /**
   * The position up to which everything was told. null = that cannot be said now. Some commits tell a view nothing, and a client
   * that waits to hear of its own write would wait for ever without it.
   */
  async #position(): Promise<string | null> {
    // If the store cannot be read, the connection still lives.
    const { live } = this.#options
    const position = await live.told().catch(() => null)
    if (this.#isClosed) return null
    this.#carried?.flush()
    // Positions never go back: what was told meanwhile, or waits, comes with a later one.
    if (this.mailbox.waiting > 0 || !this.#carried?.isFollowing) return null
    return position !== null && live.isLast(position) ? position : null
  }

  #free(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#heartbeat) clearInterval(this.#heartbeat)
    this.mailbox.close()
    this.#carried?.close()
    this.onClosed()
  }
}
