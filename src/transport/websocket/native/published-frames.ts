import type { RequestId } from '../../../protocol/frames.ts'
import { sharedFrame, type Frame } from '../../../live/event.ts'
import type { Published } from '../../../store/store.ts'
import { textFrame } from '../text-frame.ts'
import type { HandledAnswer } from './handled-calls.ts'
import { snapshotText, type Label } from './write-frame.ts'
import type { Terms } from '../../../store/terms.ts'

/** The answer to a request to a handled resource. */
export function valueFrame(id: RequestId, { status, body, etag, position, total }: HandledAnswer): Frame {
  let text = `{"id":${JSON.stringify(id)},"status":${status},"data":${body}`
  if (etag !== null) text += `,"etag":"${etag}"`
  if (position !== null) text += `,"position":"${position}"`
  if (total !== null) text += `,"total":${total}`
  return textFrame(`${text}}`)
}

/** A snapshot of what a getter returned: the ids of its values, null where there is none. All have the version of the whole. */
export function valueStateFrame(label: Label, values: readonly unknown[], position: string, reset: boolean): Frame {
  const rows = values.map(value => ({ id: idOf(value), body: JSON.stringify(value) }))
  return snapshotText(label, rows, () => position, position, reset)
}

function idOf(value: unknown): RequestId | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

const kinds = { create: 'enter', patch: 'change', delete: 'leave' } as const

/** A log record as a frame. It is made once for all subscriptions with the same label. */
export function valueChangeFrame({ text, key, terms }: Label, record: Published): Frame {
  return sharedFrame(record, key, () => textFrame(`{"sub":${text}${restOf(record, terms)}`))
}

function restOf({ seq, uri, op, body }: Published, terms: Terms): string {
  const position = terms.position(seq)
  let event = `{"kind":"${kinds[op]}","uri":${JSON.stringify(uri)},"version":"${position}"`
  if (op === 'create') event += `,"data":${body}`
  else if (op === 'patch') event += `,"patch":${body}`
  return `,"op":"commit","position":"${position}","events":[${event}}]}`
}
