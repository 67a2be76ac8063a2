import { randomUUID } from 'node:crypto'
import { problemOf, type ApiError } from '../../protocol/error.ts'
import { STATUS_CODES } from './node-http.ts'

/** An answer of HTTP/1.1 as text, for connections of which node:http makes no response: a problem document, and the end. */
export function rawProblem(error: ApiError, fields = ''): string {
  const requestId = randomUUID()
  const body = JSON.stringify(problemOf(error, { requestId, instance: `urn:uuid:${requestId}` }))
  return (
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n` +
    'content-type: application/problem+json\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n' +
    `x-request-id: ${requestId}\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
