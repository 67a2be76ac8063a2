import type { Principal } from '../../../auth/principal.ts'
import {
  uriNotFound,
  valueTag,
  type HandledResources,
  type HandledCall,
  type HandledValue,
} from '../../../engine/actions/handled-resources.ts'
import { queryValues, queryValuesBy, type ValueList } from '../../../engine/read/value-list.ts'
import { checkRead, isUnchanged } from '../../../engine/read/preconditions.ts'
import type { HandledOperation } from '../../../model/declare/handled.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { CallFrame, RequestId, SubscribeFrame } from '../../../protocol/frames.ts'
import type { Limits } from '../../../protocol/limits.ts'
import { findHandled, valueAfter, type HandledTarget } from '../../handled-target.ts'
import { readParameters } from '../../http/request/parameters.ts'
import { modeOf } from '../../subscription-options.ts'
import { refuseKey } from '../../refuse-key.ts'
import type { UriTargets } from '../../uri-target.ts'
import { conditionsOf, inside, refuseTwice } from './read-frame.ts'
import { textFrame } from '../connection.ts'
import type { Frame } from '../../../live/event.ts'

/** The result of a request to a handled resource. */
export interface HandledAnswer {
  readonly status: number
  /** JSON text. */
  readonly body: string
  /** Without quotes. */
  readonly etag: string | null
  readonly position: string | null
  readonly total: number | null
}

/** The answer to a request to a handled resource. */
export function valueFrame(id: RequestId, { status, body, etag, position, total }: HandledAnswer): Frame {
  let text = `{"id":${JSON.stringify(id)},"status":${status},"data":${body}`
  if (etag !== null) text += `,"etag":"${etag}"`
  if (position !== null) text += `,"position":"${position}"`
  if (total !== null) text += `,"total":${total}`
  return textFrame(`${text}}`)
}

/** The handled resource at the URI of a message. null if the URI belongs to a modelled resource or an action, or to nobody. */
export function handledTarget(
  handled: HandledResources,
  targets: UriTargets,
  frame: CallFrame | SubscribeFrame,
): HandledTarget | null {
  if (targets.has(frame.uri)) return null
  // A wide pattern may also match the path of a standalone action.
  if (frame.op === 'act' && targets.findAction(frame.uri, frame.method)) return null
  return findHandled(handled, frame.uri)
}

const operations: Readonly<Record<CallFrame['op'], HandledOperation | null>> = {
  list: 'get',
  get: 'get',
  create: 'create',
  patch: 'patch',
  delete: 'delete',
  replace: null,
  act: null,
}

/** Runs the function that a message asks for. Throws ApiError, or whatever the function threw. */
export async function callHandled(
  handled: HandledResources,
  target: HandledTarget,
  frame: CallFrame,
  principal: Principal | null,
  limits: Limits,
): Promise<HandledAnswer> {
  const { uri } = target
  const operation = operations[frame.op]
  if (operation === null || !target.operations.includes(operation)) {
    throw new ApiError('method_not_allowed', {
      detail: `${uri} has no ${frame.op}: there is ${target.operations.join(', ')}`,
    })
  }
  refuseKey(frame.key)
  const call: HandledCall = { uri, principal, conditions: conditionsOf(frame) }
  if (operation === 'get') return read(handled, call, askedOf(target, frame, limits), limits)
  refuseWords(target, frame, limits)
  switch (operation) {
    case 'create': {
      const { body, position } = await handled.create(call, objectOf(frame))
      return { status: 201, body, etag: null, position, total: null }
    }
    case 'patch': {
      const { position } = await handled.patch(call, objectOf(frame))
      const now = await valueAfter(handled, call)
      if (!now) return done(position)
      return { status: 200, body: now.body, etag: valueTag(now), position, total: null }
    }
    case 'delete':
      return done((await handled.delete(call)).position)
  }
}

const done = (position: string): HandledAnswer => ({ status: 204, body: 'null', etag: null, position, total: null })

async function read(
  handled: HandledResources,
  call: HandledCall,
  asked: Asked,
  limits: Limits,
): Promise<HandledAnswer> {
  const found = await handled.get(call)
  if (!found || found.value == null) throw uriNotFound(call.uri)
  const selected = select(call.uri, found, asked, limits)
  const shown = selected ? { ...found, body: JSON.stringify(selected.values) } : found
  const etag = valueTag(shown)
  const conditions = call.conditions ?? null
  checkRead(conditions, etag, null)
  if (isUnchanged(conditions, etag, null)) return { status: 304, body: 'null', etag, position: null, total: null }
  return { status: 200, body: shown.body, etag, position: found.position, total: selected?.total ?? null }
}

/** A query as it was given: in the URI, or as an object. */
type Asked =
  | { readonly parameters: ReturnType<typeof readParameters> }
  | { readonly params: Readonly<Record<string, unknown>> }

function askedOf(target: HandledTarget, { params }: CallFrame | SubscribeFrame, { parameters }: Limits): Asked {
  refuseTwice(params, target.query)
  return params === undefined ? { parameters: readParameters(target.query, parameters) } : { params: { ...params } }
}

/** Applies a query to a value; null if there is no query. */
function select(uri: string, { value }: HandledValue, asked: Asked, limits: Limits): ValueList | null {
  if ('parameters' in asked) {
    return asked.parameters.length === 0 ? null : queryValues(uri, value, asked.parameters, limits)
  }
  if (Object.keys(asked.params).length === 0) return null
  try {
    return queryValuesBy(uri, value, asked.params, limits)
  } catch (thrown) {
    throw inside(thrown)
  }
}

function refuseWords(target: HandledTarget, frame: CallFrame | SubscribeFrame, limits: Limits): void {
  const asked = askedOf(target, frame, limits)
  const word = 'parameters' in asked ? asked.parameters[0]?.[0] : Object.keys(asked.params)[0]
  if (word === undefined) return
  const place = 'parameters' in asked ? { parameter: word } : { pointer: `#/params/${word}` }
  const detail = `${target.uri} takes no query for ${frame.op}`
  throw new ApiError('validation', { issues: [{ code: 'unknown_param', ...place, detail }] })
}

function objectOf({ data }: CallFrame): object {
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data
  throw new ApiError('validation', { issues: [{ pointer: '#/data', code: 'type', detail: 'must be an object' }] })
}

/** Refuses options that subscriptions to handled resources do not have. */
export function checkFollowing(target: HandledTarget, frame: SubscribeFrame, limits: Limits): void {
  refuseWords(target, frame, limits)
  if (modeOf(frame.mode, { pointer: '#/mode' }) === 'every') return
  const detail = 'handled resources are sent event by event: the only mode is every'
  throw new ApiError('validation', { issues: [{ pointer: '#/mode', code: 'enum', detail }] })
}
