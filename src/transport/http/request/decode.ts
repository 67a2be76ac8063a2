import type { Engine } from '../../../engine/engine.ts'
import { shapeWords } from '../../../query/query.ts'
import { checkKey } from '../../../engine/once/idempotency.ts'
import { uniqueKey } from '../../../engine/write/unique-key.ts'
import { isRead, type Operation } from '../../../engine/call/call.ts'
import { textMode } from '../../../schema/read/input-mode.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Maybe } from '../../../store/work.ts'
import { checkBulk } from '../../check-bulk.ts'
import { readJson, readText } from './body.ts'
import { readConditions } from './read-conditions.ts'
import { decodeForm } from '../file/form.ts'
import type { HttpCall } from '../http-call.ts'
import { mediaOf, type BodyMethod } from './body.ts'
import { negotiate } from '../response/negotiate.ts'
import { readParameters, type Parameter } from './parameters.ts'
import { readPreferences } from './prefer.ts'
import type { CollectionEndpoint, ItemEndpoint } from '../endpoint.ts'
import { readQuery, readQueryObject, readUrl, readUrlQuery } from './read-query.ts'

/** Methods of HTTP (the registry of RFC 9110 §16.1.1). For these the answer is 405, for unknown words 501. */
const registered = new Set(
  (
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY ' +
    'MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PRI PROPFIND PROPPATCH PUT QUERY ' +
    'REBIND REPORT SEARCH TRACE UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL'
  ).split(' '),
)

/** The error for a method that an endpoint does not have: 405 with `Allow`, or 501 for an unknown method. */
export function wrongMethod({ allow }: { readonly allow: string }, method: string): ApiError {
  return new ApiError(registered.has(method) ? 'method_not_allowed' : 'not_implemented', { headers: { allow } })
}

/** The operation that a method means at an endpoint. */
export function operationOf(method: string, endpoint: CollectionEndpoint | ItemEndpoint): Operation {
  switch (method) {
    case 'DELETE':
      return 'delete'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'replace'
    case 'PATCH':
      return 'patch'
    default:
      return endpoint.kind === 'collection' ? 'list' : 'get'
  }
}

/**
 * Completes a call, whose resource and operation are known, from its request. Returns a promise only if a body has
 * to arrive.
 */
export function decodeCall(engine: Engine, call: HttpCall, endpoint: CollectionEndpoint | ItemEndpoint): Maybe<void> {
  const { exchange } = call
  call.conditions = readConditions(exchange, call.format.suffix)
  if (exchange.prefer !== undefined) call.prefer(readPreferences(exchange.prefer))
  const { query } = exchange
  if (isRead(call.operation) && exchange.method !== 'QUERY') return readUrlQuery(engine, call, query)
  const parameters = query === '' ? none : readUrl(call, query, engine.limits)
  switch (exchange.method) {
    case 'DELETE':
      if (call.returning) call.format = negotiate(exchange.accept)
      if (exchange.idempotencyKey !== undefined) call.idempotencyKey = readKey(exchange.idempotencyKey)
      if (endpoint.kind === 'collection') checkSelection(parameters)
      return readQuery(engine, call, parameters)
    case 'QUERY':
      return decodeSearch(engine, call, parameters)
    case 'POST':
      break
    case 'PUT':
      // A range of a representation cannot be PUT (RFC 9110 §14.5).
      if (exchange.contentRange !== undefined) {
        throw new ApiError('bad_request', { detail: 'Content-Range is not understood in PUT' })
      }
      if (endpoint.kind === 'collection') return decodeUpsert(engine, call, endpoint, parameters)
      break
    default:
      if (endpoint.kind === 'collection') checkSelection(parameters)
  }
  return decodeWrite(engine, call, parameters)
}

/** `PUT /user?email=ann@example.com`: replaces the row with this unique key, or creates it. */
function decodeUpsert(
  engine: Engine,
  call: HttpCall,
  endpoint: CollectionEndpoint,
  parameters: readonly Parameter[],
): Promise<void> {
  if (call.parent !== null) throw new ApiError('method_not_allowed', { headers: { allow: endpoint.allow } })
  const key = parameters.filter(([name]) => !shapeWords.has(name))
  const repeated = key.find(([name], i) => key.findIndex(([other]) => other === name) !== i)
  if (repeated) {
    const issue = { code: 'duplicate', parameter: repeated[0], detail: 'may be given once' } as const
    throw new ApiError('validation', { issues: [issue] })
  }
  call.key = uniqueKey(endpoint.resource, Object.fromEntries(key), textMode)
  return decodeWrite(
    engine,
    call,
    parameters.filter(([name]) => shapeWords.has(name)),
  )
}

const checkSelection = (parameters: readonly Parameter[]): void =>
  checkBulk(
    parameters.map(([name]) => name),
    parameter => ({ parameter }),
  )

/** Reads the body of a write, and what the response shall show. */
function decodeWrite(engine: Engine, call: HttpCall, parameters: readonly Parameter[]): Promise<void> {
  const { exchange } = call
  if (exchange.idempotencyKey !== undefined) call.idempotencyKey = readKey(exchange.idempotencyKey)
  if (parameters.length > 0) readQuery(engine, call, parameters)
  if (engine.files && decodeForm(engine, call)) return Promise.resolve()
  const media = mediaOf(exchange, exchange.method as BodyMethod, engine.limits.body)
  call.jsonPatch = media === 'patch'
  return readJson(exchange, engine.limits).then(input => {
    call.input = input
  })
}

/** QUERY (RFC 10008): the query is in the body, as a form or JSON object, instead of the URI. */
async function decodeSearch(engine: Engine, call: HttpCall, url: readonly Parameter[]): Promise<void> {
  const { exchange } = call
  const media = mediaOf(exchange, 'QUERY', engine.limits.body)
  if (media === 'form') {
    const text = await readText(exchange, engine.limits)
    return readQuery(engine, call, [...url, ...readParameters(text, engine.limits.parameters)])
  }
  if (url.length > 0) throw new ApiError('vague', { detail: 'A query is either in the URI or in a JSON body' })
  const input = await readJson(exchange, engine.limits)
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ApiError('validation', { issues: [{ pointer: '#', code: 'type', detail: 'must be an object' }] })
  }
  readQueryObject(engine, call, input as Readonly<Record<string, unknown>>)
  call.parameters = Object.entries(input).map(([name, value]) => [name, parameterOf(name, value)])
}

/** A member of the body as the query parameter with the same meaning, for links. */
function parameterOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) && name !== 'filter' ? value.join(',') : JSON.stringify(value)
}

const none: readonly Parameter[] = Object.freeze([])

/** Reads `Idempotency-Key`: a structured-field string, or plain text without quotes. */
export function readKey(given: string): string {
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given
  checkKey(key)
  return key
}
