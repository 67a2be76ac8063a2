import { codingOf, isCompressible, suffixTag, type Coding } from './compress.ts'
import type { Body, Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { isRequestId } from '../request/request-id.ts'

/** Adds what every answer carries, and sends it; HEAD is answered with the fields of GET alone (RFC 9110 §9.3.2). */
export function finish(face: Face, exchange: Exchange, status: number, fields: FieldLines, body: Body): void {
  const coding =
    face.compress === null || exchange.acceptEncoding === undefined ? null : codingOf(exchange.acceptEncoding)
  complete(face, exchange, fields)
  face.observe?.(exchange, status, fields)
  if (coding !== null) {
    // The client has the bytes of this coding: that is what 304 speaks of.
    if (status === 304 && exchange.coded === coding.suffix) suffixTag(fields, coding.suffix)
    if (body !== null && body.length >= face.compress! && isCompressible(fields)) {
      return sendCoded(exchange, status, fields, body, coding)
    }
  }
  exchange.send(status, fields, exchange.method === 'HEAD' ? null : body)
}

/** In the coding that was chosen, unless that is no smaller. */
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

/** Adds what every answer carries. */
export function complete(face: Face, exchange: Exchange, fields: FieldLines): void {
  fields.push('vary', face.vary, 'x-content-type-options', 'nosniff')
  if (exchange.origin !== undefined) face.cors.allow(exchange.origin, fields)
  if (exchange.requestId !== undefined && isRequestId(exchange.requestId)) {
    fields.push('x-request-id', exchange.requestId)
  }
  // Whoever keeps a connection should find out that this process goes.
  if (face.health?.isDraining) fields.push('connection', 'close')
  if (face.timing) fields.push('server-timing', `total;dur=${(performance.now() - exchange.started).toFixed(2)}`)
}
