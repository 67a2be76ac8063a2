import type { Body, Exchange, FieldLines } from './exchange.ts'
import type { Face } from './face.ts'

/** Adds what every answer carries, and sends it; HEAD is answered with the fields of GET alone (RFC 9110 §9.3.2). */
export function finish(face: Face, exchange: Exchange, status: number, fields: FieldLines, body: Body): void {
  complete(face, exchange, fields)
  exchange.send(status, fields, exchange.method === 'HEAD' ? null : body)
}

/** Adds what every answer carries. */
export function complete(face: Face, exchange: Exchange, fields: FieldLines): void {
  fields.push('vary', face.cors.vary, 'x-content-type-options', 'nosniff')
  face.cors.allow(exchange.origin, fields)
  if (exchange.requestId !== undefined && isRequestId(exchange.requestId)) {
    fields.push('x-request-id', exchange.requestId)
  }
  if (face.timing) fields.push('server-timing', `total;dur=${(performance.now() - exchange.started).toFixed(2)}`)
}

/** An id that a client gave its request may be echoed and logged only if it is this plain. */
export function isRequestId(text: string): boolean {
  return /^[\w.-]{1,64}$/.test(text)
}
