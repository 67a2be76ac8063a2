import type { Outcome } from '../../../engine/call/call.ts'
import { ApiError } from '../../../protocol/error.ts'
import { sendOutcome } from '../response/encode.ts'
import type { Face } from '../face.ts'
import type { HttpCall } from '../http-call.ts'
import { readQuery, readUrl } from '../request/read-query.ts'
import { represent } from '../response/send.ts'

/**
 * `GET /jobs/…`: the status of a job (RFC 9110 §15.3.3). While it is running, the response says when to ask again. When it is
 * done, the response redirects to the result, unless `follow=false` asks for the job itself.
 */
export function sendJob(face: Face, call: HttpCall): void | Promise<void> {
  const { exchange } = call
  call.format = face.formats.choose(exchange.accept)
  const given = readUrl(call, exchange.query, face.engine.limits)
  const rest = given.filter(([name]) => name !== 'follow')
  const follows = followsIn(given.find(([name]) => name === 'follow')?.[1])
  readQuery(face.engine, call, rest)
  const outcome = face.engine.handle(call)
  return outcome instanceof Promise
    ? outcome.then(settled => send(face, call, settled, follows))
    : send(face, call, outcome, follows)
}

function followsIn(given: string | undefined): boolean {
  if (given === undefined || given === 'true') return true
  if (given === 'false') return false
  const issue = { code: 'type', parameter: 'follow', detail: 'must be true or false' } as const
  throw new ApiError('validation', { issues: [issue] })
}

function send(face: Face, call: HttpCall, outcome: Outcome, follows: boolean): void | Promise<void> {
  if (outcome.kind !== 'item') return sendOutcome(face, call, outcome)
  const { status, location } = JSON.parse(outcome.body) as { status?: string; location?: string | null }
  const headers = outcome.headers ?? []
  if (status === 'queued' || status === 'running')
    return sendOutcome(face, call, { ...outcome, headers: [...headers, ['retry-after', '1']] })
  if (!follows || typeof location !== 'string') return sendOutcome(face, call, outcome)
  const fields = [...headers.flat(), 'location', location, 'cache-control', 'no-store']
  return represent(face, call, 303, fields, outcome)
}
