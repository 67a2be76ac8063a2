import type { Batch, Frame } from '../../../live/event.ts'
import type { Rows } from '../../../live/source.ts'
import type { Shown, Subscription } from '../../../live/subscription.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Teller } from '../../socket/dialect.ts'
import type { Session } from '../../socket/session.ts'
import { instanceFrame, pushFrame, type PushedAction } from './frames.ts'
import type { Stream } from './streams.ts'

/** Tells one event of the rows of a stream. What there is was never told, so what is missed cannot be either. */
export class ActionTeller implements Teller<Rows> {
  readonly #stream: Stream
  readonly #action: PushedAction
  readonly #session: Session<string>

  constructor(stream: Stream, action: PushedAction, session: Session<string>) {
    this.#stream = stream
    this.#action = action
    this.#session = session
  }

  snapshot(_rows: readonly Shown[], _position: string, _reset: boolean, isFirst: boolean): null {
    if (!isFirst) this.#session.end(new ApiError('gone', { detail: 'events were lost: read anew' }), 'slow_consumer')
    return null
  }

  batch(batch: Batch, subscription: Subscription | null): Frame | null {
    return subscription && pushFrame(batch, subscription.followed, this.#stream, this.#action)
  }
}

/** Tells of one row, by the request_id that asked for it. */
export class InstanceTeller implements Teller<Rows> {
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
