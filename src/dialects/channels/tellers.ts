import type { Batch, Frame } from '../../live/event.ts'
import type { RowsKind } from '../../live/subscriptions/source.ts'
import type { Shown, Subscription } from '../../live/subscriptions/subscription.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Teller } from '../../transport/socket/dialect.ts'
import type { SocketSession } from '../../transport/socket/session.ts'
import { instanceFrame, pushFrame, type PushedAction } from './frames.ts'
import type { Stream } from './streams.ts'

/**
 * Tells events of the rows of a stream, all of them in the order in which they happened. What there is was never told, so
 * what is missed cannot be either.
 */
export class EventsTeller implements Teller<RowsKind> {
  readonly #stream: Stream
  readonly #actions: Set<PushedAction>
  readonly #session: SocketSession<string>

  constructor(stream: Stream, action: PushedAction, session: SocketSession<string>) {
    this.#stream = stream
    this.#actions = new Set([action])
    this.#session = session
  }

  add(action: PushedAction): void {
    this.#actions.add(action)
  }

  drop(action: PushedAction): boolean {
    this.#actions.delete(action)
    return this.#actions.size > 0
  }

  snapshot(_rows: readonly Shown[], _position: string, _reset: boolean, isFirst: boolean): null {
    if (!isFirst) this.#session.end(new ApiError('gone', { detail: 'events were lost: read anew' }), 'slow_consumer')
    return null
  }

  batch(batch: Batch, subscription: Subscription | null): Frame | null {
    return subscription && pushFrame(batch, subscription.followed, this.#stream, this.#actions)
  }
}

/** Tells of one row, by the request_id that asked for it. */
export class InstanceTeller implements Teller<RowsKind> {
  readonly #stream: Stream
  readonly #requestId: unknown

  constructor(stream: Stream, requestId: unknown) {
    this.#stream = stream
    this.#requestId = requestId
  }

  snapshot(rows: readonly Shown[], _position: string, _reset: boolean, isFirst: boolean): Frame | null {
    return isFirst ? null : instanceFrame(rows, this.#stream, this.#requestId)
  }

  batch({ events }: Batch): Frame {
    return instanceFrame(events, this.#stream, this.#requestId)
  }
}
