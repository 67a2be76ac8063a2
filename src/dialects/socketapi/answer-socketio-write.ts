import { ApiError } from '../../protocol/error.ts'
import { noConditions, type Call, type Conditions, type Outcome, type Principal } from '../../engine/call/call.ts'
import type { HandledCall, HandledValue } from '../../engine/actions/handled-resources.ts'
import { canonicalUri } from '../../model/declare/uri-pattern.ts'
import { sessionBatch } from '../../transport/batch/session-batch.ts'
import { refuseKey } from '../../transport/refuse-key.ts'
import type { SocketHost } from '../../transport/socket/host.ts'
import type { SocketSession } from '../../transport/socket/session.ts'
import type { UriTarget, UriTargets } from '../../transport/uri-target.ts'
import type { Message, MessageOptions } from './read-socketio-message.ts'

type Write = Exclude<Message, { readonly event: 'subscribe' | 'unsubscribe' | 'batch' }>

/** The session that writes. */
type Asking = Pick<SocketSession, 'host' | 'principal' | 'asking' | 'read'>

/** The answer to a write, for clients that want one. */
export interface Written {
  readonly status: number
  readonly data: unknown
  readonly position: string | null
  readonly etag: string | null
}

/** Executes a message for a resource with rows or a handled one. Throws if it cannot be executed. */
export async function writeMessage(
  session: Asking,
  targets: UriTargets,
  message: Write | Extract<Message, { readonly event: 'batch' }>,
  options: MessageOptions | null,
): Promise<Written> {
  const { host, principal } = session
  if (message.event === 'batch') {
    const { data, position } = await sessionBatch(session, targets, message.calls, options?.key ?? null)
    return { status: 200, data: JSON.parse(data) as unknown, position, etag: null }
  }
  const target = targets.find(message.uri)
  if (target === undefined) return writeHandled(host, message, options, principal)
  if (target === null) throw new ApiError('not_found', { detail: `there is nothing at ${message.uri}` })
  return writtenOf(await host.engine.handle(callOf(session, targets, target, message, options)))
}

function callOf(
  session: Asking,
  targets: UriTargets,
  target: UriTarget,
  message: Write,
  options: MessageOptions | null,
): Call {
  const { resource, id, parent } = target
  const isList = message.event === 'create'
  if (isList !== (id === null)) {
    const detail = isList ? `${message.uri} is one row; rows are made in a list` : `${message.uri} is a list, not a row`
    throw new ApiError('method_not_allowed', { detail })
  }
  const operation = message.event
  const { shape } = session.read({ operation, resource, id, parent }, () => targets.read({ ...target, id: id ?? 0 }))
  return session.asking({
    operation,
    resource,
    id,
    parent,
    query: null,
    shape,
    ...(message.event === 'delete' ? {} : { input: message.event === 'create' ? message.attributes : message.patch }),
    mode: session.host.engine.mode,
    jsonPatch: message.event === 'patch' && Array.isArray(message.patch),
    conditions: conditionsOf(options),
    idempotencyKey: options?.key ?? null,
  })
}

function writtenOf(outcome: Outcome): Written {
  switch (outcome.kind) {
    case 'item': {
      const { created, body, position, etag } = outcome
      return { status: created ? 201 : 200, data: JSON.parse(body) as unknown, position, etag }
    }
    case 'gone':
      return { status: 204, data: null, position: outcome.position, etag: null }
    case 'failure':
      throw outcome.error
    default:
      throw new TypeError(`a write came to ${outcome.kind}`)
  }
}

async function writeHandled(
  { handled }: SocketHost,
  message: Write,
  options: MessageOptions | null,
  principal: Principal | null,
): Promise<Written> {
  refuseKey(options?.key)
  const call: HandledCall = {
    uri: canonicalUri(message.uri),
    principal,
    conditions: conditionsOf(options),
  }
  if (!handled.routes.find(message.event, call.uri)) throw unhandled(message)
  switch (message.event) {
    case 'create': {
      const { attributes } = message
      const isObject = typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes)
      // A URI at which nothing can be created is reported first, as in Flask-SocketAPI.
      if (!isObject && handled.routes.find('create', call.uri)) {
        const detail = 'attributes must be an object'
        if (!options) throw new TypeError(detail)
        throw new ApiError('validation', { issues: [{ code: 'type', pointer: '#/attributes', detail }] })
      }
      return written(201, await handled.create(call, attributes))
    }
    case 'patch':
      return written(200, await handled.patch(call, message.patch))
    case 'delete':
      return written(204, await handled.delete(call))
  }
}

const words = { create: 'creator', patch: 'patcher', delete: 'deleter' } as const

/** The message of Flask-SocketAPI, with its stray apostrophe. */
function unhandled({ event, uri }: Write): ApiError {
  const detail = `no registered resource ${words[event]} for ${uri}'`
  return new ApiError('bad_request', { error: 'InvalidRequestError', detail })
}

function written(status: number, { body, position }: HandledValue): Written {
  return { status, data: JSON.parse(body) as unknown, position, etag: null }
}

function conditionsOf(options: MessageOptions | null): Conditions | null {
  if (options?.ifMatch == null) return null
  const ifMatch = options.ifMatch === '*' ? '*' : [{ value: options.ifMatch, weak: false }]
  return { ...noConditions, ifMatch }
}
