import { problemOf } from '../../../protocol/error.ts'
import { overloaded } from '../../hosts/admission.ts'
import type { Exchange } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from '../response/send.ts'

const body: string = JSON.stringify({
  ...problemOf(overloaded),
  type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
})
const length = String(Buffer.byteLength(body))

/** Refuses a request at the lowest cost. `Retry-After` varies, so that refused clients do not all return at the same moment. */
export function sendShed(face: Face, exchange: Exchange): void {
  const later = String(1 + Math.floor(Math.random() * 4))
  const fields = ['content-type', 'application/problem+json', 'content-length', length, 'cache-control', 'no-store']
  fields.push('retry-after', later)
  finishResponse(face, exchange, 503, fields, body)
}
