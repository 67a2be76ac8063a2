import type { ApiError } from '../../../protocol/error.ts'
import type { RequestId } from '../../../protocol/frames.ts'
import type { Batch } from '../../../live/event.ts'
import type { Live } from '../../../live/live.ts'
import type { Mailbox } from '../../../live/mailbox.ts'
import type { Listener, Shown, Subscription } from '../../../live/subscription.ts'
import { commitFrame, doneFrame, endFrame, labelOf, resumedFrame, snapshotFrame, type Label } from './write-frame.ts'

/** What one subscription of a connection hears, as frames in its mailbox. */
export class Subscriber implements Listener {
  readonly id: RequestId
  readonly #label: Label
  readonly #live: Live
  readonly #mailbox: Mailbox
  readonly #ended: (subscriber: Subscriber) => void
  /** The answer to the request has been queued. */
  #isAnswered = false
  /** null until it has begun. */
  subscription: Subscription | null = null

  constructor(id: RequestId, live: Live, mailbox: Mailbox, ended: (subscriber: Subscriber) => void) {
    this.id = id
    this.#label = labelOf(id, live.epoch)
    this.#live = live
    this.#mailbox = mailbox
    this.#ended = ended
  }

  snapshot(rows: readonly Shown[], position: string, reset: boolean): void {
    const isNew = this.#answer()
    this.#mailbox.answer(snapshotFrame(this.id, rows, this.#live.epoch, position, reset || !isNew))
  }

  resumed(position: string): void {
    this.#answer()
    this.#mailbox.answer(resumedFrame(this.id, position))
  }

  batch(batch: Batch): boolean {
    return this.#mailbox.push(commitFrame(this.#label, batch))
  }

  isBusy(): boolean {
    return this.#mailbox.isBusy
  }

  end(error: ApiError): void {
    this.#mailbox.answer(endFrame(this.id, error))
    this.#ended(this)
  }

  drained(): void {
    this.subscription?.drained()
  }

  stop(): void {
    if (this.subscription) this.#live.unsubscribe(this.subscription)
  }

  /** True the first time. */
  #answer(): boolean {
    if (this.#isAnswered) return false
    this.#isAnswered = true
    this.#mailbox.answer(doneFrame(this.id))
    return true
  }
}
