import { formatPosition } from '../../protocol/position.ts'
import type { Published } from '../../store/store.ts'
import { frameOf, sharedFrame, type Batch, type Frame, type LiveEvent } from '../../live/event.ts'
import type { Shown } from '../../live/subscription.ts'
import { textFrame } from '../websocket/text-frame.ts'
import { changedMembers } from './changed-members.ts'

/** Who hears of something, as far as the text of a packet depends on it. */
export interface Spelling {
  /** Beginning of every packet: its type, and the namespace if it is not the main one. */
  readonly prefix: string
  /** The URI as the client wrote it. */
  readonly uri: string
  /** What stands before an item's id, for lists; null for items. */
  readonly base: string | null
  /** The client gave options: it is told positions as well. */
  readonly rich: boolean
  readonly epoch: string
  /** The same for all that are told the same. */
  readonly key: string
}

/** The spelling of a subscription to a list or an item. */
export function spellingOf(prefix: string, uri: string, isList: boolean, rich: boolean, epoch: string): Spelling {
  const path = uri.split('?', 1)[0]!
  const base = isList ? (path.endsWith('/') ? path : `${path}/`) : null
  return { prefix, uri, base, rich, epoch, key: `sio ${rich} ${prefix} ${uri}` }
}

/** An event's packet (socket.io-protocol §Packet encoding), as a message of engine.io in a frame of WebSocket. */
export function eventFrame(prefix: string, event: string, payload: string): Frame {
  return framed(eventText(prefix, event, payload))
}

function eventText(prefix: string, event: string, payload: string): string {
  return `${prefix}["${event}",${payload}]`
}

const framed = (packet: string): Frame => textFrame(`4${packet}`)

export function stateFrame(rows: readonly Shown[], position: string, reset: boolean, to: Spelling): Frame {
  return sharedFrame(rows, `${reset} ${to.key}`, () => {
    const resource = to.base === null ? (rows[0]?.body ?? 'null') : `[${rows.map(row => row.body).join()}]`
    return stateOf(resource, position, reset, to)
  })
}

export function stateOf(resource: string, position: string, reset: boolean, to: Spelling): Frame {
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
  if (to.rich && texts.length > 0) {
    const last = texts.pop()!
    texts.push(`${last.slice(0, -2)},"position":"${formatPosition(to.epoch, batch.position)}"}]`)
  }
  return texts.length === 1 ? framed(texts[0]!) : Buffer.concat(texts.map(framed))
}

function packetOf(batch: Batch, event: LiveEvent, to: Spelling): string | null {
  const { id, kind, body } = event
  const uri = JSON.stringify(to.base === null ? to.uri : to.base + encodeURIComponent(id))
  switch (kind) {
    case 'enter':
      // An item that is there again is told whole: the ancestor never tells its subscribers of a create.
      if (to.base === null) return eventText(to.prefix, 'state', `{"uri":${uri},"resource":${body}}`)
      return eventText(to.prefix, 'create', `{"uri":${JSON.stringify(to.uri)},"resource":${body}}`)
    case 'change': {
      const patch = changedMembers(batch.resource, event)
      return patch === null ? null : eventText(to.prefix, 'patch', `{"uri":${uri},"patch":${patch}}`)
    }
    case 'leave':
      return eventText(to.prefix, 'delete', `{"uri":${uri}}`)
  }
}

/** The packet about a handled resource; `canonical` is the subscriber's URI as the log knows it. */
export function publishedFrame(record: Published, canonical: string, to: Spelling): Frame {
  return sharedFrame(record, to.key, () => framed(writePublished(record, canonical, to)))
}

function writePublished({ seq, uri, op, body }: Published, canonical: string, to: Spelling): string {
  const spelled = JSON.stringify(to.uri + uri.slice(canonical.length))
  const more = to.rich ? `,"position":"${formatPosition(to.epoch, seq)}"` : ''
  switch (op) {
    case 'create':
      return eventText(to.prefix, 'create', `{"uri":${spelled},"resource":${body}${more}}`)
    case 'patch':
      return eventText(to.prefix, 'patch', `{"uri":${spelled},"patch":${body}${more}}`)
    case 'delete':
      return eventText(to.prefix, 'delete', `{"uri":${spelled}${more}}`)
  }
}
