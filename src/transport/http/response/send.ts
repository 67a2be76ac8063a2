import type { Answered, Gone, Item, List } from '../../../engine/call/call.ts'
import type { HttpCall } from '../http-call.ts'
import { hypermediaDocument } from '../hypermedia/document.ts'
import { codingOf, isCompressible, type Coding } from './compress.ts'
import { suffixTag } from '../request/read-conditions.ts'
import type { Body, Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { nextTurn } from '../../../engine/slices.ts'
import { isRequestId } from '../request/request-id.ts'

/** Adds what every response has, and sends it. For HEAD the body is left out (RFC 9110 §9.3.2). */
export function finishResponse(face: Face, exchange: Exchange, status: number, fields: FieldLines, body: Body): void {
  const coding =
    face.compress === null || exchange.acceptEncoding === undefined ? null : codingOf(exchange.acceptEncoding)
  complete(face, exchange, fields)
  face.observe?.(exchange, status, fields)
  if (coding !== null) {
    // The client has the bytes in this coding, and the 304 is about those.
    if (status === 304 && exchange.coded === coding.suffix) suffixTag(fields, coding.suffix)
    if (body !== null && body.length >= (face.compress ?? Infinity) && isCompressible(fields)) {
      return sendCoded(exchange, status, fields, body, coding)
    }
  }
  exchange.send(status, fields, exchange.method === 'HEAD' ? null : body)
}

/** Compresses a body and sends it; sends it uncompressed if that is not smaller. */
function sendCoded(
  exchange: Exchange,
  status: number,
  fields: FieldLines,
  body: string | Uint8Array,
  coding: Coding,
): void {
  coding.compress(body, (error, bytes) => {
    const coded = error === null && bytes.length < Buffer.byteLength(body)
    if (coded) {
      suffixTag(fields, coding.suffix)
      fields[fields.indexOf('content-length') + 1] = String(bytes.length)
      fields.push('content-encoding', coding.name)
    }
    exchange.send(status, fields, exchange.method === 'HEAD' ? null : coded ? bytes : body)
  })
}

/** Adds the fields that every response has. */
export function complete(face: Face, exchange: Exchange, fields: FieldLines): void {
  fields.push('vary', face.vary, 'x-content-type-options', 'nosniff')
  if (exchange.origin !== undefined) face.cors.allow(exchange.origin, fields)
  if (exchange.requestId !== undefined && isRequestId(exchange.requestId)) {
    fields.push('x-request-id', exchange.requestId)
  }
  // Clients that keep the connection should notice that this process is about to end.
  if (face.health?.isDraining) fields.push('connection', 'close')
  if (face.timing) fields.push('server-timing', `total;dur=${(performance.now() - exchange.started).toFixed(2)}`)
}

/** JSON of more characters is not parsed in the turn of the event loop in which it was written. */
const LARGE = 262_144

/**
 * Sends the representation of an outcome in the negotiated format. JSON is already there as text; other formats are written from
 * it, or from the value that an action returned.
 */
export function represent(
  face: Face,
  call: HttpCall,
  status: number,
  fields: FieldLines,
  outcome: Item | List | Gone | Answered,
): void | Promise<void> {
  const isParsed = call.format.write !== null || call.pretty
  return isParsed && outcome.kind !== 'value' && (outcome.body?.length ?? 0) > LARGE
    ? nextTurn().then(() => write(face, call, status, fields, outcome))
    : write(face, call, status, fields, outcome)
}

function write(
  face: Face,
  call: HttpCall,
  status: number,
  fields: FieldLines,
  outcome: Item | List | Gone | Answered,
): void | Promise<void> {
  const { format } = call
  const text = outcome.body ?? ''
  if (format.write === null) return sendBody(face, call, status, fields, call.pretty ? indented(text) : text)
  if (format.document && (outcome.kind === 'item' || outcome.kind === 'list'))
    return sendBody(face, call, status, fields, format.document(hypermediaDocument(face, call, outcome)))
  const about = { resource: call.resource.name, status }
  const written = format.write(outcome.kind === 'value' ? outcome.value : (JSON.parse(text) as unknown), about)
  // Most formats write at once. Waiting for those would move the answer into a later turn.
  return written instanceof Promise
    ? written.then(body => sendBody(face, call, status, fields, body))
    : sendBody(face, call, status, fields, written)
}

const indented = (text: string): string => `${JSON.stringify(JSON.parse(text), null, 2)}\n`

function sendBody(face: Face, call: HttpCall, status: number, fields: FieldLines, body: string | Uint8Array): void {
  // An action may set its own content type for its JSON.
  if (!fields.includes('content-type')) fields.push('content-type', call.format.type)
  fields.push('content-length', String(Buffer.byteLength(body)))
  finishResponse(face, call.exchange, status, fields, body)
}
