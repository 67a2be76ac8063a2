import type { Published } from '../../store/store.ts'
import { frameOf, sharedFrame, type Batch, type Frame, type LiveEvent } from '../../live/event.ts'
import type { Shown } from '../../live/subscriptions/subscription.ts'
import { idOfValue } from '../../transport/handled-target.ts'
import { textFrame } from '../../transport/websocket/connection.ts'
import { changedMembers } from '../../live/changed-members.ts'
import type { Terms } from '../../store/terms.ts'

/** The properties of a subscription on which the text of its packets depends. */
export interface Spelling {
  /** The beginning of every packet: its type, and the namespace if it is not the main one. */
  readonly prefix: string
  /** The URI as the client wrote it. */
  readonly uri: string
  readonly isList: boolean
  /**
   * Whether everything is sent under the URI of the subscription, together with the id of the row, and `leave` is distinguished
   * from `delete`. Otherwise the words are those of Flask-SocketAPI: a row is named by its own URI, whatever the client
   * subscribed to.
   */
  readonly isNamed: boolean
  /** Whether the client gave options. Then it also gets positions. */
  readonly rich: boolean
  /** Whether a patch that many rows have in common is told once. */
  readonly patchesOnce: boolean
  /** Whether related rows are shown. */
  readonly isDeep: boolean
  readonly terms: Terms
  /** Equal for all subscriptions that get the same texts. */
  readonly key: string
}

/**
 * The spelling of a subscription to a list or an item. Queries and options do not exist in Flask-SocketAPI. Subscriptions with
 * them are named by their URI.
 */
export function spellingOf(of: Omit<Spelling, 'isNamed' | 'key'>): Spelling {
  const { prefix, uri, rich, patchesOnce } = of
  return { ...of, isNamed: rich || /\?./.test(uri), key: `sio ${rich} ${patchesOnce} ${prefix} ${uri}` }
}

/** The packet of an event (socket.io-protocol §Packet encoding), as a message of engine.io in a WebSocket frame. */
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

/**
 * The state of a handled resource, where `body` is JSON or null. Flask-SocketAPI sends none if there is no getter. With options, a list
 * also tells the ids of its items, null where there is none.
 */
export function valueStateFrame(body: string | null, position: string, reset: boolean, to: Spelling): Frame | null {
  if (!to.rich) return body === null ? null : resourceEventFrame(body, position, reset, to)
  const text = body ?? (to.isList ? '[]' : 'null')
  const value: unknown = to.isList ? JSON.parse(text) : null
  const ids = Array.isArray(value) ? `,"ids":${JSON.stringify(value.map(idOfValue))}` : ''
  return resourceEventFrame(text + ids, position, reset, to)
}

/** A state packet. `resource` is JSON and may be followed by further members. */
function resourceEventFrame(resource: string, position: string, reset: boolean, to: Spelling): Frame {
  const more = to.rich ? `,"position":"${position}"${reset ? ',"reset":true' : ''}` : ''
  return eventFrame(to.prefix, 'state', `{"uri":${JSON.stringify(to.uri)},"resource":${resource}${more}}`)
}

/** Says that something was left out, and that a state follows. Flask-SocketAPI has no word for it. */
export function behindPacket({ prefix, uri, isNamed }: Spelling): Frame | null {
  return isNamed ? eventFrame(prefix, 'behind', `{"uri":${JSON.stringify(uri)}}`) : null
}

/**
 * The packets of one step, one after another. Only the last one has the position, and the idempotency keys of the receiver's
 * own writes in the step. The frame is empty if nothing is sent.
 */
export function batchFrame(batch: Batch, to: Spelling, keys: readonly string[] = none): Frame {
  if (!to.rich || keys.length === 0) return frameOf(batch, to.key, to, makeBatchFrame)
  const by = `,"by":${JSON.stringify(keys)}`
  return frameOf(batch, to.key + by, to, () => makeBatchFrame(batch, to, by))
}

const none: readonly string[] = []

function makeBatchFrame(batch: Batch, to: Spelling, by = ''): Frame {
  const texts: string[] = []
  let last: string | null = null
  for (const event of batch.events) {
    const patch = event.kind === 'change' ? changedMembers(batch.resource, event, to.isDeep) : null
    if (patch === null && event.kind === 'change') continue
    texts.push(packetOf(event, to, to.patchesOnce && patch === last ? null : patch))
    last = patch ?? last
  }
  if (to.isNamed && batch.order) {
    const order = `{"uri":${JSON.stringify(to.uri)},"ids":${JSON.stringify(batch.order)}}`
    texts.push(eventText(to.prefix, 'order', order))
  }
  if (to.rich && texts.length > 0) {
    const last = texts.pop()!
    texts.push(`${last.slice(0, -2)},"position":"${to.terms.position(batch.position)}"${by}}]`)
  }
  return texts.length === 1 ? framed(texts[0]!) : Buffer.concat(texts.map(framed))
}

/** The packet of an event. `patch` = the members that changed, as JSON; null = those of the last event that has some. */
function packetOf(event: LiveEvent, to: Spelling, patch: string | null): string {
  const { kind, body, dead } = event
  const which = whichOf(event, to)
  switch (kind) {
    case 'enter':
      // Flask-SocketAPI never sends `create` to subscribers of an item.
      if (!to.isList && !to.isNamed) return eventText(to.prefix, 'state', `{${which},"resource":${body}}`)
      return eventText(to.prefix, 'create', `{${which},"resource":${body}}`)
    case 'change':
      return eventText(to.prefix, 'patch', patch === null ? `{${which}}` : `{${which},"patch":${patch}}`)
    case 'leave':
      return eventText(to.prefix, to.isNamed && !dead ? 'leave' : 'delete', `{${which}}`)
  }
}

/** The members that identify the row. */
function whichOf({ id, kind }: LiveEvent, { uri, isList, isNamed }: Spelling): string {
  if (!isList || (kind === 'enter' && !isNamed)) return `"uri":${JSON.stringify(uri)}`
  if (isNamed) return `"uri":${JSON.stringify(uri)},"id":${JSON.stringify(id)}`
  return `"uri":${JSON.stringify(`${uri.endsWith('/') ? uri : `${uri}/`}${encodeURIComponent(id)}`)}`
}

/** The packet about a handled resource. `canonical` is the subscriber's URI in the form that the log uses. */
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
