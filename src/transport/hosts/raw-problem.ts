import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { problemOf, type ApiError } from '../../protocol/error.ts'
import { STATUS_CODES } from './node-http.ts'

/** Milliseconds that a client has to read the last answer on a connection. */
const LINGER = 1_000

/**
 * Sends an HTTP/1.1 response with a problem document on a connection for which node:http makes no response, and closes the
 * connection, also if the client leaves its half of it open.
 */
export function endWithProblem(socket: Duplex, error: ApiError, fields = ''): void {
  socket.end(rawProblem(error, fields))
  const timer = setTimeout(() => socket.destroy(), LINGER).unref()
  socket.on('close', () => clearTimeout(timer))
}

function rawProblem(error: ApiError, fields: string): string {
  const requestId = randomUUID()
  const body = JSON.stringify(problemOf(error, { requestId, instance: `urn:uuid:${requestId}` }))
  return (
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n` +
    'content-type: application/problem+json\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n' +
    `x-request-id: ${requestId}\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
