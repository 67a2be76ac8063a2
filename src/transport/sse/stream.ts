import { ApiError } from '../../protocol/error.ts'
import type { Batch, Frame } from '../../live/event.ts'
import type { Live } from '../../live/live.ts'
import { Mailbox, type Wire } from '../../live/mailbox.ts'
import type { Kind } from '../../live/source.ts'
import type { Listener, Shown, Subscription } from '../../live/subscription.ts'
import type { ByteStream } from '../http/exchange.ts'
import { batchFrame, heartbeat, hello, problemFrame, snapshotFrame } from './frames.ts'

/** Milliseconds between comments: less than what proxies and clients take for silence. */
const HEARTBEAT = 15_000

export interface StreamOptions {
  readonly live: Live
  readonly limits: { readonly mailbox: number; readonly stall: number }
  /** Sends the header section, when it is known that there is something to follow. */
  readonly open: () => ByteStream
}

/** One subscription on its own connection: the listener of the subscription and the wire of its mailbox. */
export class SseStream implements Listener, Wire {
  readonly #options: StreamOptions
  readonly #mailbox: Mailbox
  #stream: ByteStream | null = null
  #heartbeat: NodeJS.Timeout | null = null
  #carried: Subscription<Kind> | null = null
  #isClosed = false

  constructor(options: StreamOptions) {
    const { live, limits } = options
    this.#options = options
    this.#mailbox = new Mailbox(this, live.postman, { bytes: limits.mailbox, stall: limits.stall })
    this.#mailbox.onDrained = () => this.#carried?.drained()
  }

  /** What it carries from now on; it is released with the connection. */
  carry(carried: Subscription<Kind>): void {
    this.#carried = carried
    if (this.#isClosed) carried.close()
    // Something may have been left out, and the connection have taken the rest, before it was known.
    else carried.drained()
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Sends something that is no part of a subscription. */
  send(frame: Frame): boolean {
    this.#begin()
    return this.#mailbox.push(frame)
  }

  /** Sends what must not be left out. */
  answer(frame: Frame): void {
    this.#begin()
    this.#mailbox.answer(frame)
  }

  snapshot(rows: readonly Shown[], position: string, reset: boolean): void {
    this.answer(snapshotFrame(rows, position, reset))
  }

  resumed(): void {
    this.#begin()
  }

  batch(batch: Batch): boolean {
    if (batch.events.length === 0) return true
    return this.#mailbox.push(batchFrame(batch, this.#options.live.epoch))
  }

  isBusy(): boolean {
    return this.#mailbox.isBusy
  }

  end(error: ApiError): void {
    this.#mailbox.answer(problemFrame(error))
    this.#mailbox.flush()
    this.#finish()
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

  /** Called once everything that it holds on to is gone. */
  onClosed: () => void = () => {}

  #begin(): void {
    if (this.#stream || this.#isClosed) return
    const stream = this.#options.open()
    this.#stream = stream
    stream.onDrain = () => this.#mailbox.drained()
    stream.onClose = () => this.#free()
    stream.write(hello)
    this.#heartbeat = setInterval(() => {
      if (this.#mailbox.waiting === 0) stream.write(heartbeat)
    }, HEARTBEAT)
    this.#heartbeat.unref()
  }

  #finish(): void {
    this.#stream?.end()
    this.#free()
  }

  #free(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#heartbeat) clearInterval(this.#heartbeat)
    this.#mailbox.close()
    this.#carried?.close()
    this.onClosed()
  }
}
