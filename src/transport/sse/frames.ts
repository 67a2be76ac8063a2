import type { Principal } from '../../auth/principal.ts'
import { ApiError, problemOf } from '../../protocol/error.ts'
import { eventNames } from '../../protocol/events.ts'
import { contentsOf, type Patches } from '../../live/changed-members.ts'
import { inParts, frameOf, sharedFrame, type Batch, type Frame } from '../../live/event.ts'
import type { ValuesKind } from '../../live/subscriptions/published.ts'
import type { RowsKind } from '../../live/subscriptions/source.ts'
import type { Shown } from '../../live/subscriptions/subscription.ts'
import { keysOf } from '../../store/signature.ts'
import type { Published } from '../../store/store.ts'
import type { Teller } from '../socket/dialect.ts'
import type { Terms } from '../../store/terms.ts'
import { reconnectDelay } from '../subscription-options.ts'

/** How many characters of a snapshot go into one event. A longer snapshot comes in parts. */
const PART = 65_536

/** Begins a stream: tells the client how long to wait before it connects again. */
export const retryFrame = (): Frame => Buffer.from(`retry: ${reconnectDelay()}\n\n`)
/** A comment. Clients ignore it, and it keeps the connection open. */
const heartbeat: Frame = Buffer.from(':\n\n')

/**
 * Shows life. With a position, everything up to it was told: an event without data, which only sets the last event id
 * (WHATWG HTML §9.2.6).
 */
export const heartbeatFrame = (position: string | null): Frame =>
  position === null ? heartbeat : Buffer.from(`id: ${position}\n\n`)

/** Says that something was left out, and that a reset will follow. */
export const behindEvent: Frame = Buffer.from('event: behind\ndata: {}\n\n')

/** What a stream tells of rows, beside the rows. */
interface StreamedRows {
  /** Whether the rows show their ids. Otherwise these are sent as well. */
  readonly showsId: boolean
  readonly reader: Principal | null
  /** How patches are made. null = changed rows are told whole. */
  readonly patches: Patches | null
}

export function streamedRows(terms: Terms, { showsId, reader, patches }: StreamedRows): Teller<RowsKind> {
  const key = patches ? 'sse patch' : 'sse'
  const told: Told = { terms, patches }
  return {
    snapshot: (rows, position, reset) =>
      sharedFrame(rows, `sse ${reset} ${showsId}`, () => snapshotFrame(rows, position, reset, showsId)),
    batch: batch => {
      const keys = keysOf(batch.by, reader)
      if (keys.length === 0) return frameOf(batch, key, told, batchFrame)
      const by = `event: by\ndata: ${JSON.stringify({ keys })}\n\n`
      return frameOf(batch, key + by, told, () => Buffer.concat([Buffer.from(by), batchFrame(batch, told)]))
    },
  }
}

/**
 * A snapshot of all rows in view: one `snapshot` event with the position as `id`, or several parts without an id, followed by
 * `ready` with it. After a `reset`, the client must first discard what it has.
 */
function snapshotFrame(rows: readonly Shown[], position: string, reset: boolean, showsId: boolean): Frame {
  const parts = inParts(rows, PART)
  let text = reset ? resetText(position) : ''
  for (const part of parts) {
    if (!showsId) text += `event: ids\ndata: ${JSON.stringify(part.map(row => row.id))}\n\n`
    const id = parts.length === 1 ? `id: ${position}\n` : ''
    text += `event: snapshot\n${id}data: [${part.map(row => row.body).join()}]\n\n`
  }
  if (parts.length > 1) text += `event: ready\nid: ${position}\ndata: {"count":${rows.length}}\n\n`
  return Buffer.from(text)
}

const resetText = (position: string): string => `event: reset\ndata: {"position":"${position}"}\n\n`

interface Told {
  readonly terms: Terms
  readonly patches: Patches | null
}

/**
 * The events of one step. Only the last one has the position: a client that is cut off in between then resumes before all of
 * them.
 */
function batchFrame({ events, order, resource, position }: Batch, { terms, patches }: Told): Frame {
  const contentOf = contentsOf(resource, patches)
  const told: [name: string, data: string][] = events.map(event => {
    const { kind, id, seq, version, born, dead } = event
    const content = contentOf(event)
    const moved = kind === 'enter' ? !born : kind === 'leave' && !dead
    const data =
      `{"resource":${JSON.stringify(resource.name)},"id":${JSON.stringify(id)},` +
      `"version":"${version ?? terms.position(seq)}"${content && `,${content}`}` +
      (moved ? `,"reason":"${kind}"}` : '}')
    return [eventNames[kind].sse, data]
  })
  if (order) told.push(['order', `{"ids":${JSON.stringify(order)}}`])
  let text = ''
  told.forEach(([name, data], i) => {
    const id = i === told.length - 1 ? `id: ${terms.position(position)}\n` : ''
    text += `event: ${name}\n${id}data: ${data}\n\n`
  })
  return Buffer.from(text)
}

/** Tells what functions serve at a URI. A list is sent as it is, an item as a list of one. */
export function streamedValues(terms: Terms, isList: boolean): Teller<ValuesKind> {
  return {
    snapshot: (body, position, reset) => {
      const state = isList && body?.startsWith('[') ? body : `[${body ?? ''}]`
      return Buffer.from(`${reset ? resetText(position) : ''}event: snapshot\nid: ${position}\ndata: ${state}\n\n`)
    },
    batch: record => sharedFrame(record, 'sse', () => recordFrame(record, terms)),
  }
}

const recordNames = {
  create: eventNames.enter.sse,
  patch: eventNames.change.sse,
  delete: eventNames.leave.sse,
} as const

/** A record of a handled resource: the created value, or the patch. */
function recordFrame({ seq, uri, op, body }: Published, terms: Terms): Frame {
  const position = terms.position(seq)
  const what = op === 'patch' ? `"patch":${body!}` : `"data":${body ?? 'null'}`
  return Buffer.from(
    `event: ${recordNames[op]}\nid: ${position}\ndata: {"uri":${JSON.stringify(uri)},"version":"${position}",${what}}\n\n`,
  )
}

/** Tells why a stream ends. The event is not called `error`, because EventSource has an event of that name itself. */
export function problemFrame(error: ApiError): Frame {
  return Buffer.from(`event: problem\ndata: ${JSON.stringify(problemOf(error))}\n\n`)
}
