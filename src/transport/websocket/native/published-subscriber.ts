import type { Principal, Standing } from '../../../auth/principal.ts'
import type { Mailbox } from '../../../live/mailbox.ts'
import type { Values } from '../../../live/published.ts'
import type { Listener, Subscription } from '../../../live/subscription.ts'
import type { ApiError } from '../../../protocol/error.ts'
import type { RequestId } from '../../../protocol/frames.ts'
import type { Published } from '../../../store/store.ts'
import { followHandled } from '../../follow-handled.ts'
import { publishedFrame, stateFrame } from './published-frames.ts'
import type { NativeOptions } from './options.ts'
import { doneFrame, endFrame, labelOf, resumedFrame, type Label } from './write-frame.ts'

/** What a subscriber takes from its connection. */
export interface Surroundings {
  readonly options: NativeOptions
  readonly mailbox: Mailbox
  readonly ended: (subscriber: PublishedSubscriber) => void
}

/** Who follows. */
export interface Caller {
  readonly principal: Principal | null
  /** Null where nothing in the store makes another caller of it. */
  readonly standing: Standing | null
}

/** What one subscription to what functions serve hears, as frames in its connection's mailbox. */
export class PublishedSubscriber implements Listener<Values> {
  readonly id: RequestId
  readonly #uri: string
  readonly #around: Surroundings
  readonly #label: Label
  /** The answer to the request has been queued. */
  #isAnswered = false
  #isStopped = false
  /** null until it has begun. */
  #subscription: Subscription<Values> | null = null

  constructor(id: RequestId, uri: string, around: Surroundings) {
    this.id = id
    this.#uri = uri
    this.#around = around
    this.#label = labelOf(id, around.options.live.epoch)
  }

  /** Throws where the caller may not follow it, and where there is nothing to begin with. */
  async begin({ principal, standing }: Caller, since: string | null): Promise<void> {
    const follower = {
      uri: this.#uri,
      spelled: this.#uri,
      // Each subscription has a name of its own: what concerns two of them is told to both.
      owner: this,
      principal,
      standing,
      since,
      mustExist: true,
    }
    const subscription = await followHandled(this.#around.options.functions!, follower, this)
    this.#subscription = subscription
    // Meanwhile it was given up, or the connection closed.
    if (this.#isStopped) return this.#release()
    // Something may have been left out, and the connection have taken the rest, before this was known.
    subscription.drained()
  }

  /** Asks anew as somebody else: what is refused now ends. */
  async become({ principal, standing }: Caller): Promise<void> {
    const subscription = this.#subscription
    await subscription?.handOver({ ...subscription.followed, principal }, standing)
  }

  snapshot(body: string | null, position: string, reset: boolean): void {
    const isNew = this.#answer()
    if (this.#isStopped) return
    this.#around.mailbox.answer(stateFrame(this.#label, this.#rows(body), position, reset || !isNew))
  }

  resumed(position: string): void {
    this.#answer()
    this.#around.mailbox.answer(resumedFrame(this.id, position))
  }

  batch(record: Published): boolean {
    return this.#around.mailbox.push(publishedFrame(this.#label, record))
  }

  isBusy(): boolean {
    return this.#around.mailbox.isBusy
  }

  end(error: ApiError): void {
    if (this.#isStopped) return
    const { mailbox, options, ended } = this.#around
    if (error.code === 'internal') options.onFault(error)
    mailbox.answer(endFrame(this.id, error))
    ended(this)
  }

  drained(): void {
    this.#subscription?.drained()
  }

  stop(): void {
    this.#isStopped = true
    this.#release()
  }

  #release(): void {
    this.#subscription?.close()
    this.#subscription = null
  }

  /** An item is a list of one. */
  #rows(body: string | null): readonly unknown[] {
    if (body === null) return []
    const value: unknown = JSON.parse(body)
    return this.#uri.endsWith('/') && Array.isArray(value) ? value : [value]
  }

  /** True the first time. */
  #answer(): boolean {
    if (this.#isAnswered) return false
    this.#isAnswered = true
    this.#around.mailbox.answer(doneFrame(this.id))
    return true
  }
}
