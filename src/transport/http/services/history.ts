import type { List, Outcome } from '../../../engine/call/call.ts'
import { ApiError, type Issue } from '../../../protocol/error.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { readConditions } from '../request/read-conditions.ts'
import { sendOutcome } from '../response/encode.ts'
import type { Face } from '../face.ts'
import { finishResponse } from '../response/send.ts'
import type { HttpCall } from '../http-call.ts'
import { negotiate } from '../response/negotiate.ts'
import { readParameters, type Parameter } from '../request/parameters.ts'
import type { RowPart } from '../endpoint.ts'

/** `GET /todo/7/history`: the history of a row from the log, newest first. `before` and `limit` select the page. */
export const history: RowPart = { name: 'history', methods: ['GET', 'HEAD'], serve }

function serve(face: Face, call: HttpCall): void | Promise<void> {
  const { exchange } = call
  call.format = negotiate(exchange.accept)
  call.operation = 'get'
  call.conditions = readConditions(exchange)
  const { limits } = face.engine
  call.parameters = readParameters(exchange.query, limits.parameters)
  call.history = rangeOf(call.parameters, limits)
  const outcome = face.engine.handle(call)
  return outcome instanceof Promise ? outcome.then(settled => send(face, call, settled)) : send(face, call, outcome)
}

function rangeOf(parameters: readonly Parameter[], limits: Limits): NonNullable<HttpCall['history']> {
  const issues: Issue[] = []
  const given = new Map<string, string>()
  for (const [name, value] of parameters) {
    if (name !== 'before' && name !== 'limit')
      issues.push({
        code: 'unknown_param',
        parameter: name,
        detail: 'is not a parameter here; there are before and limit',
      })
    else if (given.has(name)) issues.push({ code: 'duplicate', parameter: name, detail: 'may be given once' })
    given.set(name, value)
  }
  const limit = given.get('limit') ?? String(limits.page)
  if (!/^[1-9][0-9]{0,8}$/.test(limit))
    issues.push({ code: 'type', parameter: 'limit', detail: 'must be an integer from 1 up' })
  const unknown = issues.length > 0 && issues.every(({ code }) => code === 'unknown_param')
  if (issues.length > 0) throw new ApiError(unknown ? 'unknown_param' : 'validation', { issues })
  return { before: given.get('before') ?? null, limit: Math.min(Number(limit), limits.maxPage) }
}

function send(face: Face, call: HttpCall, outcome: Outcome): void | Promise<void> {
  if (outcome.kind !== 'list') return sendOutcome(face, call, outcome)
  const fields = [
    'content-type',
    call.format.type,
    'content-length',
    String(Buffer.byteLength(outcome.body)),
    'etag',
    `"${outcome.etag}"`,
    'cache-control',
    'private, no-cache',
  ]
  const link = linkOf(face, call, outcome)
  if (link !== null) fields.push('link', link)
  for (const [name, value] of outcome.headers ?? []) fields.push(name, value)
  finishResponse(face, call.exchange, 200, fields, outcome.body)
}

function linkOf(face: Face, { resource, id, history: range }: HttpCall, { next }: List): string | null {
  const path = face.routes.item(resource, id!)
  if (path === null) return null
  const first = `<${path}/history?limit=${range!.limit}>; rel="first"`
  const more = next === null ? '' : `, <${path}/history?limit=${range!.limit}&before=${next}>; rel="next"`
  return `${first}${more}, <${path}>; rel="latest-version"`
}
