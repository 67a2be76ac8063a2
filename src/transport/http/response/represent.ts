import type { Item, List } from '../../../engine/call/call.ts'
import type { FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from './finish-response.ts'
import type { HttpCall } from '../request/http-call.ts'
import { hypermediaDocument } from '../hypermedia/document.ts'

/**
 * Sends a representation in the negotiated format. JSON is already there as text; other formats are written from it, or from
 * `value` if that is at hand. `rows` is the outcome of the call, for formats that link rows.
 */
export function represent(
  face: Face,
  call: HttpCall,
  status: number,
  fields: FieldLines,
  text: string,
  value?: unknown,
  rows?: Item | List,
): void | Promise<void> {
  const { format } = call
  if (format.write === null) return send(face, call, status, fields, call.pretty ? indented(text) : text)
  if (format.document && rows)
    return send(face, call, status, fields, format.document(hypermediaDocument(face, call, rows)))
  const about = { resource: call.resource.name, status }
  const written = format.write(value === undefined ? (JSON.parse(text) as unknown) : value, about)
  return written instanceof Promise
    ? written.then(body => send(face, call, status, fields, body))
    : send(face, call, status, fields, written)
}

const indented = (text: string): string => `${JSON.stringify(JSON.parse(text), null, 2)}\n`

function send(face: Face, call: HttpCall, status: number, fields: FieldLines, body: string | Uint8Array): void {
  // An action may set its own content type for its JSON.
  if (!fields.includes('content-type')) fields.push('content-type', call.format.type)
  fields.push('content-length', String(Buffer.byteLength(body)))
  finishResponse(face, call.exchange, status, fields, body)
}
