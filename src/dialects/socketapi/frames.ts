import type { Published } from '../../store/store.ts'
import { frameOf, sharedFrame, type Batch, type Frame, type LiveEvent } from '../../live/event.ts'
import type { Shown } from '../../live/subscriptions/subscription.ts'
import { textFrame } from '../../transport/websocket/text-frame.ts'
import { changedMembers } from './changed-members.ts'
import type { Terms } from '../../store/terms.ts'

/** Who hears of something, as far as the text of a packet depends on it. */
export interface Spelling {
  /** Beginning of every packet: its type, and the namespace if it is not the main one. */
  readonly prefix: string
  /** The URI as the client wrote it. */
  readonly uri: string
  readonly isList: boolean
  /**
   * Everything is told under the URI of the subscription, with the id of the row beside, and what leaves is told apart
   * from what is deleted. Otherwise the words are the ancestor's: a row is told under its own URI, whatever was subscribed to.
   */
  readonly isNamed: boolean
  /** The client gave options: it is told positions as well. */
  readonly rich: boolean
  /** Rows are shown with related ones. */
  readonly isDeep: boolean
  readonly terms: Terms
  /** The same for all that are told the same. */
  readonly key: string
}

/** The spelling of a subscription to a list or an item. Queries and options are not the ancestor's, so they name it. */
export function spellingOf(of: Pick<Spelling, 'prefix' | 'uri' | 'isList' | 'rich' | 'isDeep' | 'terms'>): Spelling {
  const { prefix, uri, rich } = of
  return { ...of, isNamed: rich || /\?./.test(uri), key: `sio ${rich} ${prefix} ${uri}` }
}

/** An event's packet (socket.io-protocol §Packet encoding), as a message of engine.io in a frame of WebSocket. */
export function eventFrame(prefix: string, event: string, payload: string): Frame {
  return framed(eventText(prefix, event, payload))
}

function eventText(prefix: string, event: string, payload: string): string {
  return `${prefix}["${event}",${payload}]`
}

const framed = (packet: string): Frame => textFrame(`4${packet}`)

export function rowsEventFrame(rows: readonly Shown[], position: string, reset: boolean, to: Spelling): Frame {
  return sharedFrame(rows, `${reset} ${to.key}`, () => {
    const resource = to.isList ? `[${rows.map(row => row.body).join()}]` : (rows[0]?.body ?? 'null')
    const ids = to.isNamed && to.isList ? `,"ids":${JSON.stringify(rows.map(row => row.id))}` : ''
    return resourceEventFrame(resource + ids, position, reset, to)
  })
}

/** `resource` may have further members behind it. */
export function resourceEventFrame(resource: string, position: string, reset: boolean, to: Spelling): Frame {
  const more = to.rich ? `,"position":"${position}"${reset ? ',"reset":true' : ''}` : ''
  return eventFrame(to.prefix, 'state', `{"uri":${JSON.stringify(to.uri)},"resource":${resource}${more}}`)
}

/** The packets of one step, one behind the other; only the last one tells the position. Empty where nothing is told. */
export function batchFrame(batch: Batch, to: Spelling): Frame {
  return frameOf(batch, to.key, to, makeBatchFrame)
}

function makeBatchFrame(batch: Batch, to: Spelling): Frame {
  const texts: string[] = []
  for (const event of batch.events) {
    const text = packetOf(batch, event, to)
    if (text !== null) texts.push(text)
  }
  if (to.isNamed && batch.order) {
    const order = `{"uri":${JSON.stringify(to.uri)},"ids":${JSON.stringify(batch.order)}}`
    texts.push(eventText(to.prefix, 'order', order))
  }
  if (to.rich && texts.length > 0) {
    const last = texts.pop()!
    texts.push(`${last.slice(0, -2)},"position":"${to.terms.position(batch.position)}"}]`)
  }
  return texts.length === 1 ? framed(texts[0]!) : Buffer.concat(texts.map(framed))
}

function packetOf(batch: Batch, event: LiveEvent, to: Spelling): string | null {
  const { kind, body, dead } = event
  const which = whichOf(event, to)
  switch (kind) {
    case 'enter':
      // An item that is there again is told whole: the ancestor never tells its subscribers of a create.
      if (!to.isList) return eventText(to.prefix, 'state', `{${which},"resource":${body}}`)
      return eventText(to.prefix, 'create', `{${which},"resource":${body}}`)
    case 'change': {
      const patch = changedMembers(batch.resource, event, to.isDeep)
      return patch === null ? null : eventText(to.prefix, 'patch', `{${which},"patch":${patch}}`)
    }
    case 'leave':
      return eventText(to.prefix, to.isNamed && !dead ? 'leave' : 'delete', `{${which}}`)
  }
}

/** The members that say which row. */
function whichOf({ id, kind }: LiveEvent, { uri, isList, isNamed }: Spelling): string {
  if (!isList || (kind === 'enter' && !isNamed)) return `"uri":${JSON.stringify(uri)}`
  if (isNamed) return `"uri":${JSON.stringify(uri)},"id":${JSON.stringify(id)}`
  return `"uri":${JSON.stringify(`${uri.endsWith('/') ? uri : `${uri}/`}${encodeURIComponent(id)}`)}`
}

/** The packet about a handled resource; `canonical` is the subscriber's URI as the log knows it. */
export function valueEventFrame(record: Published, canonical: string, to: Spelling): Frame {
  return sharedFrame(record, to.key, () => framed(writePublished(record, canonical, to)))
}

function writePublished({ seq, uri, op, body }: Published, canonical: string, to: Spelling): string {
  const spelled = to.uri + uri.slice(canonical.length)
  const isItem = to.isNamed && spelled !== to.uri
  const which = isItem
    ? `"uri":${JSON.stringify(to.uri)},"item":${JSON.stringify(spelled)}`
    : `"uri":${JSON.stringify(spelled)}`
  const more = to.rich ? `,"position":"${to.terms.position(seq)}"` : ''
  switch (op) {
    case 'create':
      return eventText(to.prefix, 'create', `{${which},"resource":${body}${more}}`)
    case 'patch':
      return eventText(to.prefix, 'patch', `{${which},"patch":${body}${more}}`)
    case 'delete':
      return eventText(to.prefix, 'delete', `{${which}${more}}`)
  }
}
