import type { Batch, Frame } from '../../live/event.ts'
import type { RowsKind } from '../../live/subscriptions/source.ts'
import type { Shown } from '../../live/subscriptions/subscription.ts'
import type { Group } from '../../live/views/group.ts'
import { ApiError } from '../../protocol/error.ts'
import type { SocketTeller } from '../../transport/socket/dialect.ts'
import type { SocketSession } from '../../transport/socket/session.ts'
import { instanceFrame, pushFrame, type PushedAction } from './frames.ts'
import type { Stream } from './streams.ts'

/**
 * Sends events of a stream's rows, in the order in which they happened. Clients never get a snapshot. If events are lost, or the
 * subscription ends by itself, the connection is closed, so that the client reads everything again.
 */
export class EventsTeller implements SocketTeller<RowsKind> {
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

  batch(batch: Batch, group: Group): Frame {
    return pushFrame(batch, group, this.#stream, this.#actions)
  }

  end(error: ApiError): null {
    this.#session.end(error)
    return null
  }
}

/**
 * Sends events of one row, with the request_id of its subscription. If the subscription ends by itself, the connection is closed.
 */
export class InstanceTeller implements SocketTeller<RowsKind> {
  readonly #stream: Stream
  readonly #requestId: unknown
  readonly #session: SocketSession<string>

  constructor(stream: Stream, requestId: unknown, session: SocketSession<string>) {
    this.#stream = stream
    this.#requestId = requestId
    this.#session = session
  }

  snapshot(rows: readonly Shown[], _position: string, _reset: boolean, isFirst: boolean): Frame | null {
    return isFirst ? null : instanceFrame(rows, this.#stream, this.#requestId)
  }

  batch({ events }: Batch): Frame {
    return instanceFrame(events, this.#stream, this.#requestId)
  }

  end(error: ApiError): null {
    this.#session.end(error)
    return null
  }
}
