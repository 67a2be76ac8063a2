import type { Principal } from '../../../auth/principal.ts'
import type { Batch, Frame } from '../../../live/event.ts'
import type { ValuesKind } from '../../../live/subscriptions/published.ts'
import type { RowsKind } from '../../../live/subscriptions/source.ts'
import type { Shown } from '../../../live/subscriptions/subscription.ts'
import type { ApiError } from '../../../protocol/error.ts'
import type { RequestId } from '../../../protocol/frames.ts'
import { keysOf } from '../../../store/signature.ts'
import type { Published } from '../../../store/store.ts'
import type { Teller } from '../../socket/dialect.ts'
import { valueChangeFrame, valueStateFrame } from './published-frames.ts'
import { behindFrame, commitFrame, endFrame, resumedFrame, snapshotFrame, type Label } from './write-frame.ts'
import type { Terms } from '../../../store/terms.ts'

/** The name of a subscription in its frames. There may be very many, so what frames need is computed once. */
class Named implements Label {
  readonly text: string
  readonly key: string
  readonly terms: Terms

  constructor(sub: RequestId, terms: Terms) {
    this.text = JSON.stringify(sub)
    this.key = `native ${this.text}`
    this.terms = terms
  }

  resumed(position: string): Frame {
    return resumedFrame(this, position)
  }

  behind(): Frame {
    return behindFrame(this)
  }

  end(error: ApiError): Frame {
    return endFrame(this, error)
  }
}

/** Tells a subscription to rows. `to` has the caller of the connection, who may become another. */
export class NativeRows extends Named implements Teller<RowsKind> {
  readonly #to: { readonly principal: Principal | null }

  constructor(sub: RequestId, terms: Terms, to: { readonly principal: Principal | null }) {
    super(sub, terms)
    this.#to = to
  }

  snapshot(rows: readonly Shown[], position: string, reset: boolean): Frame {
    return snapshotFrame(this, rows, position, reset)
  }

  batch(batch: Batch): Frame {
    return commitFrame(this, batch, keysOf(batch.by, this.#to.principal))
  }
}

/** Tells a subscription to what functions serve at a URI. */
export class NativeValues extends Named implements Teller<ValuesKind> {
  readonly #uri: string

  constructor(sub: RequestId, uri: string, terms: Terms) {
    super(sub, terms)
    this.#uri = uri
  }

  /** An item is sent as a list of one. */
  snapshot(body: string | null, position: string, reset: boolean): Frame {
    const value: unknown = body === null ? [] : JSON.parse(body)
    const isList = body === null || (this.#uri.endsWith('/') && Array.isArray(value))
    return valueStateFrame(this, isList ? (value as readonly unknown[]) : [value], position, reset)
  }

  batch(record: Published): Frame {
    return valueChangeFrame(this, record)
  }
}
