import { randomUUID } from 'node:crypto'
import type { ApiError } from '../../../protocol/error.ts'
import { problemOf } from '../../../protocol/error.ts'
import type { Exchange, FieldLines } from '../exchange.ts'
import type { Face } from '../face.ts'
import { finishResponse } from './send.ts'
import { isRequestId } from '../request/request-id.ts'
import { JSON_API, jsonApiErrors } from '../hypermedia/json-api.ts'

const PROBLEM = 'application/problem+json'

/** Sends the problem document of an error (RFC 9457). The cause of an `internal` error only goes to the log. */
export function sendProblem(face: Face, exchange: Exchange, error: ApiError): void {
  const given = exchange.requestId !== undefined && isRequestId(exchange.requestId) ? exchange.requestId : null
  const requestId = given ?? randomUUID()
  if (error.isFault) {
    face.log({
      level: 'error',
      event: error.code,
      requestId,
      method: exchange.method,
      path: exchange.target.split('?')[0]!,
      error: error.cause ?? error,
    })
  }
  const isJsonApi = exchange.accept?.toLowerCase().startsWith(JSON_API) === true
  const body = isJsonApi
    ? jsonApiErrors(error, requestId)
    : JSON.stringify(
        problemOf(error, given === null ? { requestId, instance: `urn:uuid:${requestId}` } : { requestId }),
      )
  const fields: FieldLines = [
    'content-type',
    isJsonApi ? JSON_API : PROBLEM,
    'content-length',
    String(Buffer.byteLength(body)),
    'cache-control',
    'no-store',
  ]
  if (given === null) fields.push('x-request-id', requestId)
  for (const [name, value] of Object.entries(error.headers)) {
    if (isFieldValue(value)) fields.push(name, value)
  }
  if (error.status === 401 && error.headers['www-authenticate'] === undefined) {
    fields.push('www-authenticate', challenge(exchange, error))
  }
  if (error.code === 'insufficient_scope' && error.headers['www-authenticate'] === undefined) {
    fields.push('www-authenticate', 'Bearer realm="api", error="insufficient_scope"')
  }
  if (error.status === 503 && error.headers['retry-after'] === undefined) fields.push('retry-after', '1')
  finishResponse(face, exchange, error.status, fields, body)
}

/** The WWW-Authenticate challenge. A request without credentials gets no error code (RFC 6750 §3). */
function challenge(exchange: Exchange, error: ApiError): string {
  if (exchange.authorization === undefined) return 'Bearer realm="api"'
  const description = error.code === 'token_expired' ? 'expired' : 'not valid'
  return `Bearer realm="api", error="invalid_token", error_description="${description}"`
}

// Visible ASCII and spaces: nothing that could end a header field (RFC 9110 §5.5).
const isFieldValue = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)
