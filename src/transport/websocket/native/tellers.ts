import type { Principal } from '../../../auth/principal.ts'
import type { Outcome } from '../../../engine/call/call.ts'
import { headerOf } from '../../../engine/call/outcome.ts'
import type { Engine } from '../../../engine/engine.ts'
import { KEPT_FOR } from '../../../engine/once/idempotency.ts'
import { patchesOf, type Patches } from '../../../live/changed-members.ts'
import { inParts, sharedFrame, type Batch, type Frame } from '../../../live/event.ts'
import type { Shape } from '../../../query/predicate.ts'
import type { ValuesKind } from '../../../live/subscriptions/published.ts'
import type { RowsKind } from '../../../live/subscriptions/source.ts'
import type { Shown } from '../../../live/subscriptions/subscription.ts'
import { ApiError, problemOf } from '../../../protocol/error.ts'
import { SUBPROTOCOL, type RequestId } from '../../../protocol/frames.ts'
import type { FollowedOutline } from '../../../protocol/outline.ts'
import { keysOf } from '../../../store/signature.ts'
import type { Published } from '../../../store/store.ts'
import type { Terms } from '../../../store/terms.ts'
import type { SocketTeller } from '../../socket/dialect.ts'
import { reconnectDelay } from '../../subscription-options.ts'
import type { BatchAnswer } from '../../batch/session-batch.ts'
import { withoutHeaders } from '../../without-headers.ts'
import { idOfValue } from '../../handled-target.ts'
import { textFrame } from '../connection.ts'
import { commitFrame, type Label } from './commit-frames.ts'

/** How many characters of rows go into one part of a snapshot. */
const PART = 131_072

/** The caller of a connection, and when its credentials end, in milliseconds since the epoch. */
interface Greeted {
  readonly principal: Principal | null
  readonly expires: number | null
}

/**
 * The first frame of a connection, and the answer to `auth`: who the caller is now, until when, and the limits that a client
 * should keep.
 */
export function helloFrame(
  { epoch, limits, clock }: Engine,
  { principal, expires }: Greeted,
  id: RequestId | null,
): Frame {
  const { message, subscriptions, messageRate: rate, messageBurst: burst } = limits
  const hello = {
    op: 'hello',
    ...(id !== null && { id }),
    protocol: SUBPROTOCOL,
    epoch,
    retry: reconnectDelay(),
    me: principal?.id ?? null,
    // Not a moment, because the clock of the client may be wrong.
    ...(expires !== null && { expires: Math.max(0, Math.floor((expires - clock()) / 1000)) }),
    limits: { message, subscriptions, rate, burst, keys: KEPT_FOR / 1000 },
  }
  return textFrame(JSON.stringify(hello))
}

/** The answer to `ping`. With a position the client knows up to where it has been told everything. */
export function pongFrame(id: RequestId | undefined, position: string | null): Frame {
  return textFrame(JSON.stringify({ op: 'pong', id, position: position ?? undefined }))
}

/** The answer to a request. */
export function answerFrame(id: RequestId, outcome: Outcome): Frame {
  const head = `{"id":${JSON.stringify(id)}`
  switch (outcome.kind) {
    case 'item': {
      const { created, body, etag, position, replayed } = outcome
      const tag = etag === null ? '' : `,"etag":"${etag}"`
      const again = replayed ? ',"replayed":true' : ''
      return textFrame(`${head},"status":${created ? 201 : 200},"data":${body}${tag},"position":"${position}"${again}}`)
    }
    case 'list': {
      const { body, ids, etag, position, next, previous, total } = outcome
      let text = `${head},"status":200,"data":${body},"etag":"${etag}","position":"${position}"`
      if (ids !== null) text += `,"ids":${JSON.stringify(ids)}`
      if (next !== null) text += `,"next":${JSON.stringify(next)}`
      if (previous !== null) text += `,"previous":${JSON.stringify(previous)}`
      if (total !== null) text += `,"total":${total}`
      return textFrame(`${text}}`)
    }
    case 'gone': {
      const again = outcome.replayed ? ',"replayed":true' : ''
      return textFrame(`${head},"status":204,"data":null,"position":"${outcome.position}"${again}}`)
    }
    case 'unchanged':
      return textFrame(`${head},"status":304,"data":null,"etag":"${outcome.etag}","position":"${outcome.position}"}`)
    case 'value': {
      const position = headerOf(outcome, 'position')
      const at = position === undefined ? '' : `,"position":${JSON.stringify(position)}`
      const again = headerOf(outcome, 'idempotency-replayed') === undefined ? '' : ',"replayed":true'
      return textFrame(`${head},"status":${outcome.status},"data":${outcome.body ?? 'null'}${at}${again}}`)
    }
    case 'failure':
      return refusalFrame(id, outcome.error)
  }
}

/** The answer to `batch`: the outcomes of its calls in their order, and the position after all of them. */
export function outcomesFrame(id: RequestId, { data, position, replayed }: BatchAnswer): Frame {
  const again = replayed ? ',"replayed":true' : ''
  return textFrame(`{"id":${JSON.stringify(id)},"status":200,"data":${data},"position":"${position}"${again}}`)
}

/** The answer to `subscribe` and `unsubscribe`. */
export function doneFrame(id: RequestId, outline: FollowedOutline | null = null): Frame {
  return textFrame(`{"id":${JSON.stringify(id)},"status":200,"data":${JSON.stringify(outline)}}`)
}

/** The answer to a message that was refused. `id` is null if the message was so malformed that it has none. */
export function refusalFrame(id: RequestId | null, error: ApiError): Frame {
  return textFrame(JSON.stringify({ id, status: error.status, error: problemOf(withoutHeaders(error)) }))
}

/** A snapshot of all rows in view. A long one has several parts, which are still one piece of bytes. */
function snapshotFrame(label: Label, rows: readonly Shown[], position: string, reset: boolean): Frame {
  return sharedFrame(rows, `${reset} ${label.key}`, () => {
    return snapshotText(label, rows, row => row.version ?? label.terms.position(row.seq), position, reset)
  })
}

/** A row, or a value of a handled resource. */
interface Told {
  readonly id: RequestId | null
  /** JSON text. */
  readonly body: string
}

function snapshotText<R extends Told>(
  label: Label,
  rows: readonly R[],
  versionOf: (row: R) => string,
  position: string,
  reset: boolean,
): Frame {
  const parts = inParts(rows, PART)
  const frames = parts.map((part, i) => {
    const op = reset && i === 0 ? 'reset' : 'snapshot'
    const last = i === parts.length - 1
    return textFrame(
      `{"sub":${label.text},"op":"${op}","data":[${part.map(row => row.body).join(',')}],` +
        `"ids":[${part.map(row => JSON.stringify(row.id)).join(',')}],` +
        `"versions":[${part.map(row => `"${versionOf(row)}"`).join(',')}],` +
        (last ? `"position":"${position}"}` : '"more":true}'),
    )
  })
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames)
}

function resumedFrame({ text }: Label, position: string): Frame {
  return textFrame(`{"sub":${text},"op":"resumed","position":"${position}"}`)
}

function behindFrame({ text }: Label): Frame {
  return textFrame(`{"sub":${text},"op":"behind"}`)
}

function endFrame({ text }: Label, error: ApiError): Frame {
  return textFrame(`{"sub":${text},"op":"end","error":${JSON.stringify(problemOf(error))}}`)
}

/** A snapshot of what a getter returned: the ids of its values, null where there is none. All have the version of the whole. */
function valueStateFrame(label: Label, values: readonly unknown[], position: string, reset: boolean): Frame {
  const rows = values.map(value => ({ id: idOfValue(value), body: JSON.stringify(value) }))
  return snapshotText(label, rows, () => position, position, reset)
}

const kinds = { create: 'enter', patch: 'change', delete: 'leave' } as const

/** A log record as a frame. It is made once for all subscriptions with the same label. */
function valueChangeFrame({ text, key, terms }: Label, record: Published): Frame {
  return sharedFrame(record, key, () => textFrame(`{"sub":${text}${recordText(record, terms)}`))
}

function recordText({ seq, uri, op, body }: Published, terms: Terms): string {
  const position = terms.position(seq)
  let event = `{"kind":"${kinds[op]}","uri":${JSON.stringify(uri)},"version":"${position}"`
  if (op === 'create') event += `,"data":${body}`
  else if (op === 'patch') event += `,"patch":${body}`
  return `,"op":"commit","position":"${position}","events":[${event}}]}`
}

/** The name of a subscription in its frames. There may be very many, so what frames need is computed once. */
class Named implements Label {
  readonly text: string
  readonly key: string
  readonly terms: Terms
  readonly patches: Patches | null

  constructor(sub: RequestId, terms: Terms, patches: Patches | null = null) {
    this.text = JSON.stringify(sub)
    this.key = `native${patches ? ' patch' : ''} ${this.text}`
    this.terms = terms
    this.patches = patches
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

/** Whom a subscription tells, and whether changed rows are told as patches of this shape. */
interface NativeListener {
  readonly session: { readonly principal: Principal | null }
  readonly patches: Shape | false
}

/** Tells a subscription to rows. `session` has the caller of the connection, who may become another. */
export class NativeRows extends Named implements SocketTeller<RowsKind> {
  readonly #to: { readonly principal: Principal | null }

  constructor(sub: RequestId, terms: Terms, { session, patches }: NativeListener) {
    super(sub, terms, patches ? patchesOf(patches) : null)
    this.#to = session
  }

  snapshot(rows: readonly Shown[], position: string, reset: boolean): Frame {
    return snapshotFrame(this, rows, position, reset)
  }

  batch(batch: Batch): Frame {
    return commitFrame(this, batch, keysOf(batch.by, this.#to.principal))
  }
}

/** Tells a subscription to what functions serve at a URI. */
export class NativeValues extends Named implements SocketTeller<ValuesKind> {
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
