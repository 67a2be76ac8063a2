import type { Principal } from '../../auth/principal.ts'
import type { Batch, Frame } from '../../live/event.ts'
import type { ValuesKind } from '../../live/subscriptions/published.ts'
import type { Resource } from '../../model/model.ts'
import type { RowsKind } from '../../live/subscriptions/source.ts'
import type { Shown } from '../../live/subscriptions/subscription.ts'
import type { ApiError } from '../../protocol/error.ts'
import { keysOf } from '../../store/signature.ts'
import type { Published } from '../../store/store.ts'
import type { SocketTeller } from '../../transport/socket/dialect.ts'
import type { UriTarget } from '../../transport/uri-target.ts'
import { batchFrame, behindPacket, valueEventFrame, rowsEventFrame, valueStateFrame, type Spelling } from './frames.ts'

/** The connection of a subscription. */
interface Connection {
  /** Its caller, who may become another. */
  readonly principal: Principal | null
  /** The events of a batch that were not yet sent on this connection. */
  withoutRepeats(batch: Batch, resource: Resource): Batch
  /** Sends an error that answers no message, and closes the connection. */
  end(error: ApiError): void
}

/**
 * Sends what a subscription to rows is told. There is no word for the end of one subscription, so if it ends by itself, the
 * connection is closed: the client comes back, subscribes again, and is told then what is wrong.
 */
export class SocketIoRows implements SocketTeller<RowsKind> {
  readonly target: UriTarget
  readonly #connection: Connection
  readonly #to: Spelling

  constructor(connection: Connection, to: Spelling, target: UriTarget) {
    this.target = target
    this.#connection = connection
    this.#to = to
  }

  /** Whether it has a name of its own, so that it gets its events whatever others get. */
  get isNamed(): boolean {
    return this.#to.isNamed
  }

  snapshot(rows: readonly Shown[], position: string, reset: boolean): Frame {
    return rowsEventFrame(rows, position, reset, this.#to)
  }

  batch(batch: Batch): Frame {
    if (!this.isNamed) return batchFrame(this.#connection.withoutRepeats(batch, this.target.resource), this.#to)
    return batchFrame(batch, this.#to, keysOf(batch.by, this.#connection.principal))
  }

  behind(): Frame | null {
    return behindPacket(this.#to)
  }

  end(error: ApiError): null {
    this.#connection.end(error)
    return null
  }
}

/** Sends what a subscription to a handled resource is told. */
export class SocketIoValues implements SocketTeller<ValuesKind> {
  readonly #connection: Connection
  readonly #to: Spelling
  readonly #uri: string

  constructor(connection: Connection, to: Spelling, uri: string) {
    this.#connection = connection
    this.#to = to
    this.#uri = uri
  }

  snapshot(body: string | null, position: string, reset: boolean): Frame | null {
    return valueStateFrame(body, position, reset, this.#to)
  }

  batch(record: Published): Frame {
    return valueEventFrame(record, this.#uri, this.#to)
  }

  behind(): Frame | null {
    return behindPacket(this.#to)
  }

  end(error: ApiError): null {
    this.#connection.end(error)
    return null
  }
}
