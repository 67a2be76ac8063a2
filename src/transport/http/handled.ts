import {
  uriNotFound,
  valueTag,
  type HandledResources,
  type HandledCall,
  type HandledValue,
} from '../../engine/actions/handled-resources.ts'
import { queryValues } from '../../engine/read/value-list.ts'
import { isUnchanged, checkRead } from '../../engine/read/preconditions.ts'
import type { HandledOperation } from '../../model/declare/handled.ts'
import { ApiError } from '../../protocol/error.ts'
import { wantsStream } from '../sse/accept.ts'
import { sendHandledStream } from '../sse/handled.ts'
import { findHandled, valueAfter } from '../handled-target.ts'
import { readJson } from './request/body.ts'
import { readConditions } from './request/read-conditions.ts'
import type { Exchange, FieldLines } from './exchange.ts'
import type { Face } from './face.ts'
import { positionReached } from './min-position.ts'
import { finishResponse } from './response/send.ts'
import { ACCEPT_POST, mediaOf } from './request/body.ts'
import { negotiate } from './response/negotiate.ts'
import { readParameters } from './request/parameters.ts'
import type { ServiceEndpoint } from './endpoint.ts'

const methodsOf: Readonly<Record<HandledOperation, readonly string[]>> = {
  get: ['GET', 'HEAD'],
  create: ['POST'],
  patch: ['PATCH'],
  delete: ['DELETE'],
}

/**
 * The endpoint of a handled resource: GET, POST on lists, PATCH and DELETE on items. `/apples` and `/apples/` are the same
 * unless both are declared. null if nothing is declared for the path.
 */
export function handledEndpoint(handled: HandledResources, prefix: string, path: string): ServiceEndpoint | null {
  if (!path.startsWith(`${prefix}/`)) return null
  const spelled = path.slice(prefix.length)
  // Sockets ignore additional leading slashes; over HTTP that would be another path.
  const found = spelled.startsWith('//') ? null : findHandled(handled, spelled)
  if (!found) return null
  const known = [...found.operations.flatMap(operation => methodsOf[operation]), 'OPTIONS']
  return {
    kind: 'service',
    allow: known.join(', '),
    methods: new Set(known),
    service: {
      path,
      route: 'handled',
      methods: known,
      serve: (face, exchange) => serve(face, exchange, handled, found.uri, prefix),
    },
  }
}

async function serve(
  face: Face,
  exchange: Exchange,
  handled: HandledResources,
  uri: string,
  prefix: string,
): Promise<void> {
  const principal = await face.engine.authenticate(exchange)
  await positionReached(face, exchange)
  const call: HandledCall = { uri, principal, conditions: readConditions(exchange) }
  switch (exchange.method) {
    case 'POST': {
      refuseQuery(face, exchange)
      const { value, body, position } = await handled.create(call, await readObject(face, exchange))
      const id = (value as { readonly id?: unknown } | null | undefined)?.id
      const hasId = typeof id === 'string' || typeof id === 'number'
      const location = hasId ? ['location', `${prefix}${encodeURI(uri)}${encodeURIComponent(id)}`] : []
      return send(face, exchange, 201, [...location, 'position', position, 'cache-control', CACHE], body)
    }
    case 'PATCH': {
      refuseQuery(face, exchange)
      const { position } = await handled.patch(call, await readObject(face, exchange))
      const now = await valueAfter(handled, call)
      if (!now) return finishResponse(face, exchange, 204, ['position', position], null)
      const fields = ['etag', `"${valueTag(now)}"`, 'position', position, 'cache-control', CACHE]
      return send(face, exchange, 200, fields, now.body)
    }
    case 'DELETE': {
      refuseQuery(face, exchange)
      const { position } = await handled.delete(call)
      return finishResponse(face, exchange, 204, ['position', position, 'cache-control', 'no-store'], null)
    }
    default:
      return sendValue(face, exchange, handled, call)
  }
}

async function sendValue(face: Face, exchange: Exchange, handled: HandledResources, call: HandledCall): Promise<void> {
  if (face.live && face.published && wantsStream(exchange.accept))
    return sendHandledStream(face, { live: face.live, published: face.published, handled }, exchange, call)
  negotiate(exchange.accept)
  const found = await handled.get(call)
  if (!found || found.value == null) throw uriNotFound(call.uri)
  const parameters = readParameters(exchange.query, face.engine.limits.parameters)
  const fields: FieldLines = []
  let shown: HandledValue = found
  if (parameters.length > 0) {
    const { values, total } = queryValues(call.uri, found.value, parameters, face.engine.limits)
    shown = { ...found, body: JSON.stringify(values) }
    if (total !== null) fields.push('x-total-count', String(total))
  }
  const tag = valueTag(shown)
  fields.push('etag', `"${tag}"`, 'cache-control', CACHE)
  checkRead(call.conditions ?? null, tag, null)
  if (isUnchanged(call.conditions ?? null, tag, null)) return finishResponse(face, exchange, 304, fields, null)
  send(face, exchange, 200, fields, shown.body)
}

const CACHE = 'private, no-cache'

function send(face: Face, exchange: Exchange, status: number, fields: FieldLines, body: string): void {
  const length = String(Buffer.byteLength(body))
  finishResponse(
    face,
    exchange,
    status,
    ['content-type', 'application/json', 'content-length', length, ...fields],
    body,
  )
}

function refuseQuery(face: Face, exchange: Exchange): void {
  const [first] = readParameters(exchange.query, face.engine.limits.parameters)
  if (!first) return
  throw new ApiError('validation', {
    issues: [{ code: 'unknown_param', parameter: first[0], detail: `There is no parameter ${first[0]} here` }],
  })
}

async function readObject(face: Face, exchange: Exchange): Promise<Readonly<Record<string, unknown>>> {
  const media = mediaOf(exchange, exchange.method === 'POST' ? 'POST' : 'PATCH', face.engine.limits.body)
  if (media === 'patch') throw new ApiError('unsupported_media_type', { headers: { 'accept-patch': ACCEPT_POST } })
  const input = await readJson(exchange, face.engine.limits)
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Record<string, unknown>
  throw new ApiError('validation', { issues: [{ pointer: '#', code: 'type', detail: 'must be an object' }] })
}
