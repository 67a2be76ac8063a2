import { randomUUID } from 'node:crypto'
import { problemOf, type ApiError } from '../../protocol/error.ts'
import { STATUS_CODES } from './node-http.ts'

/**
 * An HTTP/1.1 response as text, with a problem document, for connections for which node:http makes no response. The connection
 * is closed after it.
 */
export function rawProblem(error: ApiError, fields = ''): string {
  const requestId = randomUUID()
  const body = JSON.stringify(problemOf(error, { requestId, instance: `urn:uuid:${requestId}` }))
  return (
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n` +
    'content-type: application/problem+json\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n' +
    `x-request-id: ${requestId}\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
