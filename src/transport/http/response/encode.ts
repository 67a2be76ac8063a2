import { isRead, type Gone, type Item, type List, type Outcome, type Unchanged } from '../../../engine/call/call.ts'
import { ApiError } from '../../../protocol/error.ts'
import { sendAnswered } from '../action.ts'
import { noPreferences } from '../request/prefer.ts'
import { writeDate } from '../request/read-conditions.ts'
import type { Face } from '../face.ts'
import type { FieldLines } from '../exchange.ts'
import type { HttpCall } from '../http-call.ts'
import { cutLinks, pageLinks } from './links.ts'
import { represent } from './send.ts'
import { sendProblem } from './problem.ts'
import { finishResponse } from './send.ts'

/** The default Cache-Control: keep it, but ask before using it. */
const DEFAULT_CACHE = 'private, no-cache'

/** Sends the outcome of a call. */
export function sendOutcome(face: Face, call: HttpCall, outcome: Outcome): void | Promise<void> {
  switch (outcome.kind) {
    case 'item':
      return sendItem(face, call, outcome)
    case 'list':
      return sendList(face, call, outcome)
    case 'gone':
      return sendGone(face, call, outcome)
    case 'unchanged':
      return sendUnchanged(face, call, outcome)
    case 'value':
      return sendAnswered(face, call, outcome)
    case 'failure':
      return sendProblem(face, call.exchange, outcome.error)
  }
}

function sendItem(face: Face, call: HttpCall, item: Item): void | Promise<void> {
  const reading = call.operation === 'get'
  const minimal = call.prefers.return === 'minimal' && !reading
  const fields: FieldLines = item.headers?.flat() ?? []
  if (item.etag !== null) fields.push('etag', tag(call, item.etag))
  if (item.modified !== null) fields.push('last-modified', writeDate(item.modified))
  fields.push('cache-control', reading ? (item.resource.options.cache ?? DEFAULT_CACHE) : DEFAULT_CACHE)
  if (item.created && item.etag !== null) {
    const location = face.routes.item(item.resource, item.ids[0]!)
    if (location !== null) fields.push('location', location)
  } else if (call.parent !== null && reading) {
    // The row was reached through its parent; this is its own URI (protocol §1.1).
    const own = face.routes.item(item.resource, item.ids[0]!)
    if (own !== null) fields.push('content-location', own)
  }
  if (item.cut.length > 0) {
    const path = face.routes.item(item.resource, item.ids[0]!)
    const links = path === null ? null : cutLinks(path, item)
    if (links !== null) fields.push('link', links)
  }
  if (!reading || wantsPosition(call)) fields.push('position', item.position)
  if (call.prefers !== noPreferences) tellPreferences(call, fields)
  if (item.replayed === true) fields.push('idempotency-replayed', 'true')
  if (minimal && !item.created) return finishResponse(face, call.exchange, 204, fields, null)
  const status = item.created ? 201 : 200
  if (!minimal) return represent(face, call, status, fields, item)
  fields.push('content-length', '0')
  finishResponse(face, call.exchange, status, fields, '')
}

function sendList(face: Face, call: HttpCall, list: List): void | Promise<void> {
  const fields: FieldLines = [
    ...(list.headers?.flat() ?? []),
    'etag',
    tag(call, list.etag),
    'cache-control',
    list.resource.options.cache ?? DEFAULT_CACHE,
  ]
  if (wantsPosition(call)) fields.push('position', list.position)
  const ids = list.ids === null ? '' : asciiJson(list.ids)
  if (ids !== '' && ids.length <= MOST_IDS) fields.push('ids', ids)
  const path = call.parent === null ? face.routes.collection(list.resource) : face.routes.nested(call.parent)
  const links = path === null ? null : pageLinks(path, call.parameters, list)
  if (links !== null) fields.push('link', links)
  if (list.total !== null) fields.push('x-total-count', String(list.total))
  if (call.prefers !== noPreferences) tellPreferences(call, fields)
  return represent(face, call, 200, fields, list)
}

/**
 * Whether the response to a read tells its position. Otherwise it depends only on what it shows: the position advances with
 * changes that the caller cannot see, and no two responses would be the same.
 */
const wantsPosition = ({ prefers, exchange }: HttpCall): boolean =>
  prefers.position || exchange.minPosition !== undefined

/** The length of the field `Ids`, in characters. Clients and proxies do not take header sections of any size. */
const MOST_IDS = 4_096

/** JSON in ASCII, for a header field. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function sendGone(face: Face, call: HttpCall, gone: Gone): void | Promise<void> {
  const fields: FieldLines = [...(gone.headers?.flat() ?? []), 'cache-control', 'no-store', 'position', gone.position]
  if (gone.replayed === true) fields.push('idempotency-replayed', 'true')
  if (call.prefers !== noPreferences) tellPreferences(call, fields)
  if (gone.body === undefined) return finishResponse(face, call.exchange, 204, fields, null)
  return represent(face, call, 200, fields, gone)
}

/** Adds `Preference-Applied` for the preferences that were honoured (RFC 7240 §3). */
function tellPreferences(call: HttpCall, fields: FieldLines): void {
  const { return: shown, lenient, position } = call.prefers
  const reading = isRead(call.operation)
  const applied: string[] = []
  if (shown !== null && !reading) applied.push(`return=${shown}`)
  if (lenient) applied.push('handling=lenient')
  if (position && reading) applied.push('position')
  if (applied.length > 0) fields.push('preference-applied', applied.join(', '))
  // A lenient read may differ from a strict one of the same URI.
  if (lenient && reading) fields.push('vary', 'Prefer')
}

/**
 * Sends 304: the caching fields of the 200, and no body. Last-Modified is left out because there is an entity tag (RFC 9110
 * §15.4.5).
 */
function sendUnchanged(face: Face, call: HttpCall, unchanged: Unchanged): void {
  const fields = [
    ...(unchanged.headers?.flat() ?? []),
    'etag',
    tag(call, unchanged.etag),
    'cache-control',
    unchanged.resource.options.cache ?? DEFAULT_CACHE,
  ]
  if (wantsPosition(call)) fields.push('position', unchanged.position)
  finishResponse(face, call.exchange, 304, fields, null)
}

// Indented JSON is equivalent but not identical, so its tag is weak (RFC 9110 §8.8.1).
function tag(call: HttpCall, etag: string): string {
  const own = `"${etag}${call.format.suffix}"`
  return call.pretty ? `W/${own}` : own
}

/** The only place where anything that was thrown becomes a response. */
export function sendThrown(face: Face, call: HttpCall, thrown: unknown): void {
  sendProblem(face, call.exchange, ApiError.from(thrown))
}
