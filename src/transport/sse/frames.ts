import { ApiError, problemOf } from '../../protocol/error.ts'
import { eventNames } from '../../protocol/events.ts'
import { formatPosition } from '../../protocol/position.ts'
import { frameOf, sharedFrame, type Batch, type Frame } from '../../live/event.ts'
import type { Shown } from '../../live/subscription.ts'
import type { Published } from '../../store/store.ts'

/** Characters of a snapshot's data in one event; a longer one comes in parts. */
const PART = 65_536

/** Milliseconds after which a client that was cut off comes back. */
const RETRY = 2_000

export const hello: Frame = Buffer.from(`retry: ${RETRY}\n\n`)
/** A comment, which clients ignore and which keeps the connection open. */
export const heartbeat: Frame = Buffer.from(':\n\n')

/**
 * All rows in view: one `snapshot` whose `id` is the position, or parts without an id followed by `ready` with it.
 * After a reset everything that the client has is to be discarded first.
 */
export function snapshotFrame(rows: readonly Shown[], position: string, reset: boolean): Frame {
  return sharedFrame(rows, `sse ${reset}`, () => {
    const parts = partsOf(rows)
    const text = reset ? `event: reset\ndata: {"position":"${position}"}\n\n` : ''
    if (parts.length === 1) return Buffer.from(`${text}event: snapshot\nid: ${position}\ndata: [${parts[0]!}]\n\n`)
    const events = parts.map(part => `event: snapshot\ndata: [${part}]\n\n`).join('')
    return Buffer.from(`${text}${events}event: ready\nid: ${position}\ndata: {"count":${rows.length}}\n\n`)
  })
}

function partsOf(rows: readonly Shown[]): string[] {
  const parts: string[] = []
  let part = ''
  for (const { body } of rows) {
    if (part.length > 0 && part.length + body.length > PART) {
      parts.push(part)
      part = ''
    }
    part += part === '' ? body : `,${body}`
  }
  parts.push(part)
  return parts
}

/**
 * The events of one step. Only the last one carries the position: who is cut off in between resumes before all of them.
 */
export function batchFrame(batch: Batch, epoch: string): Frame {
  return frameOf(batch, 'sse', epoch, makeBatchFrame)
}

function makeBatchFrame(batch: Batch, epoch: string): Frame {
  let text = ''
  batch.events.forEach(({ kind, id, seq, body, born, dead }, i) => {
    const moved = kind === 'enter' ? !born : kind === 'leave' && !dead
    text += `event: ${eventNames[kind].sse}\n`
    if (i === batch.events.length - 1) text += `id: ${formatPosition(epoch, batch.position)}\n`
    text +=
      `data: {"resource":${JSON.stringify(batch.resource.name)},"id":${JSON.stringify(id)},` +
      `"version":"${formatPosition(epoch, seq)}","data":${body ?? 'null'}${moved ? `,"reason":"${kind}"` : ''}}\n\n`
  })
  return Buffer.from(text)
}

/** What functions serve at a URI, as JSON text: a list as it is, an item in a list of one. */
export function stateFrame(text: string, position: string, reset: boolean): Frame {
  const before = reset ? `event: reset\ndata: {"position":"${position}"}\n\n` : ''
  return Buffer.from(`${before}event: snapshot\nid: ${position}\ndata: ${text}\n\n`)
}

const publishedNames = {
  create: eventNames.enter.sse,
  patch: eventNames.change.sse,
  delete: eventNames.leave.sse,
} as const

/** What became of something that functions serve: what was created, or the patch. The same bytes for all who follow. */
export function publishedFrame(record: Published, epoch: string): Frame {
  return sharedFrame(record, 'sse', () => {
    const { seq, uri, op, body } = record
    const position = formatPosition(epoch, seq)
    const what = op === 'patch' ? `"patch":${body!}` : `"data":${body ?? 'null'}`
    return Buffer.from(
      `event: ${publishedNames[op]}\nid: ${position}\ndata: {"uri":${JSON.stringify(uri)},"version":"${position}",${what}}\n\n`,
    )
  })
}

/** Why a stream is over. Not called `error`: clients have an event of that name. */
export function problemFrame(error: ApiError): Frame {
  return Buffer.from(`event: problem\ndata: ${JSON.stringify(problemOf(error))}\n\n`)
}
