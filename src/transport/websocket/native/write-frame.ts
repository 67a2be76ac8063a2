import { ApiError, problemOf } from '../../../protocol/error.ts'
import { SUBPROTOCOL, type RequestId } from '../../../protocol/frames.ts'
import type { FollowedOutline } from '../../../protocol/outline.ts'
import type { Principal } from '../../../auth/principal.ts'
import type { Outcome } from '../../../engine/call/call.ts'
import { KEPT_FOR } from '../../../engine/once/idempotency.ts'
import { headerOf } from '../../../engine/call/outcome.ts'
import type { Engine } from '../../../engine/engine.ts'
import { frameOf, sharedFrame, type Batch, type Frame } from '../../../live/event.ts'
import type { Shown } from '../../../live/subscriptions/subscription.ts'
import { withoutHeaders } from '../../without-headers.ts'
import { reconnectDelay } from '../../subscription-options.ts'
import { textFrame } from '../text-frame.ts'
import type { Terms } from '../../../store/terms.ts'

/** How many characters of rows go into one part of a snapshot. */
const PART = 131_072

/** The caller of a connection, and when its credentials end, in milliseconds since the epoch. */
interface Greeted {
  readonly principal: Principal | null
  readonly expires: number | null
}

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
      const { body, etag, position, next, previous, total } = outcome
      let text = `${head},"status":200,"data":${body},"etag":"${etag}","position":"${position}"`
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
      return textFrame(`${head},"status":304,"data":null,"etag":"${outcome.etag}"}`)
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

/** The answer to `subscribe` and `unsubscribe`. */
export function doneFrame(id: RequestId, outline: FollowedOutline | null = null): Frame {
  return textFrame(`{"id":${JSON.stringify(id)},"status":200,"data":${JSON.stringify(outline)}}`)
}

export function refusalFrame(id: RequestId | null, error: ApiError): Frame {
  return textFrame(JSON.stringify({ id, status: error.status, error: problemOf(withoutHeaders(error)) }))
}

/** A snapshot of all rows in view. A long one has several parts, which are still one piece of bytes. */
export function snapshotFrame(label: Label, rows: readonly Shown[], position: string, reset: boolean): Frame {
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

export function snapshotText<R extends Told>(
  label: Label,
  rows: readonly R[],
  versionOf: (row: R) => string,
  position: string,
  reset: boolean,
): Frame {
  const parts = partsOf(rows)
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

function partsOf<R extends Told>(rows: readonly R[]): R[][] {
  const parts: R[][] = [[]]
  let size = 0
  for (const row of rows) {
    if (size > 0 && size + row.body.length > PART) {
      parts.push([])
      size = 0
    }
    parts.at(-1)!.push(row)
    size += row.body.length + 1
  }
  return parts
}

export function resumedFrame({ text }: Label, position: string): Frame {
  return textFrame(`{"sub":${text},"op":"resumed","position":"${position}"}`)
}

/** The name of a subscription, in the forms that frames need. */
export interface Label {
  /** JSON text. */
  readonly text: string
  /** The key of shared frames: equal for subscriptions with the same name. */
  readonly key: string
  readonly terms: Terms
}

/**
 * What one step did, and the idempotency keys of the receiver's own writes in it. The text without the name is made once per
 * step, the frame once per name: clients mostly use the same names, so the frames are shared.
 */
export function commitFrame(label: Label, batch: Batch, keys: readonly string[]): Frame {
  if (keys.length === 0) return frameOf(batch, label.key, label, makeCommitFrame)
  const by = `,"by":${JSON.stringify(keys)}}`
  return frameOf(batch, label.key + by, label, (_, { text, terms }) =>
    textFrame(`{"sub":${text}${restOf(batch, terms).slice(0, -1)}${by}`),
  )
}

function makeCommitFrame(batch: Batch, { text, terms }: Label): Frame {
  return textFrame(`{"sub":${text}${restOf(batch, terms)}`)
}

function restOf(batch: Batch, terms: Terms): string {
  let rest = commitTexts.get(batch)
  if (rest === undefined) commitTexts.set(batch, (rest = commitText(batch, terms)))
  return rest
}

/** The texts of commits, without the name of the subscription. */
const commitTexts = new WeakMap<Batch, string>()

function commitText({ position, events, order }: Batch, terms: Terms): string {
  let text = `,"op":"commit","position":"${terms.position(position)}","events":[`
  events.forEach(({ kind, id, seq, version, body, born, dead }, i) => {
    if (i > 0) text += ','
    text += `{"kind":"${kind}","id":${JSON.stringify(id)},"version":"${version ?? terms.position(seq)}"`
    if (body !== null) text += `,"data":${body}`
    text += born || dead ? ',"own":true}' : '}'
  })
  return `${text}]${order ? `,"order":${JSON.stringify(order)}` : ''}}`
}

export function behindFrame({ text }: Label): Frame {
  return textFrame(`{"sub":${text},"op":"behind"}`)
}

export function endFrame({ text }: Label, error: ApiError): Frame {
  return textFrame(`{"sub":${text},"op":"end","error":${JSON.stringify(problemOf(error))}}`)
}
