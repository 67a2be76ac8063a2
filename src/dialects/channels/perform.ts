import { Refused } from '../../schema/read/refused.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Call, EarlierPosition, Operation, Outcome } from '../../engine/call/call.ts'
import { actionCall } from '../../engine/call/database.ts'
import { headerOf } from '../../engine/call/outcome.ts'
import type { Action, Id, Resource, Value } from '../../model/model.ts'
import type { SocketSession } from '../../transport/socket/session.ts'
import { pageIn, pageQuery } from './page.ts'
import { envelopeOf, sortOf } from './settings.ts'
import { words, type Profile } from './profile.ts'
import { isMembers, type Request } from './request.ts'
import type { Stream } from './streams.ts'
import { actionErrors, toldErrors, type ToldErrors } from './told-errors.ts'
import { drf } from './drf.ts'
import { plainShape } from '../../query/predicate.ts'

/** The result of a request. */
export type Performed = Done | ToldErrors
export interface Done {
  readonly status: number
  /** JSON text. */
  readonly data: string
  /** What was read is that of this position, or what was written is there from it on. */
  readonly position?: string | undefined
}

/** The caller, and the dialect that the caller speaks. */
interface Asking {
  readonly session: Pick<SocketSession, 'host' | 'principal' | 'credentials' | 'asking'>
  readonly profile: Profile
}

/** Does what a request asks of a stream: an action of the resource, or a built-in one. Permissions have been checked. */
export async function perform(stream: Stream, request: Request, asking: Asking): Promise<Performed> {
  const own = stream.actions.get(request.action as string)
  return own ? act(stream.resource, own, request, asking) : builtInAction(stream.resource, request, asking)
}

async function act(resource: Resource, action: Action, request: Request, asking: Asking): Promise<Performed> {
  const { host, principal, credentials } = asking.session
  const { pk, input } = argumentsOf(action, request)
  const id = action.on === 'row' ? canonicalId(resource, pk) : null
  if (action.on === 'row' && id === null) return missing(asking)
  const call = actionCall({ resource, action, id, input, principal, credentials })
  const asked = asking.session.asking({ ...call, permitted: true, idempotencyKey: keyOf(request) })
  const outcome = await host.engine.handle(asked)
  if (outcome.kind === 'failure') {
    return outcome.error.code === 'not_found' ? missing(asking) : actionErrors(outcome.error)
  }
  if (outcome.kind !== 'value') throw new TypeError(`an action came to ${outcome.kind}`)
  return { status: outcome.status, data: outcome.body ?? 'null', position: headerOf(outcome, 'position') }
}

/**
 * The arguments of an action. The README of channels-api has pk inside of data, its code reads it next to data. We accept both.
 */
function argumentsOf(action: Action, { pk, data }: Request): { readonly pk: unknown; readonly input: unknown } {
  if (!isMembers(data)) return { pk, input: data ?? undefined }
  const { pk: inside, ...rest } = data
  const isInside = action.on === 'row' && (pk === undefined || pk === null) && inside !== undefined
  const given = isInside ? rest : data
  // Clients send an empty object if there are no arguments.
  const isNothing = action.input === null && Object.keys(given).length === 0
  return { pk: isInside ? inside : pk, input: isNothing ? undefined : given }
}

async function builtInAction(resource: Resource, request: Request, asking: Asking): Promise<Performed> {
  const { data, action } = request
  if (action === 'create') {
    if (Array.isArray(data)) {
      const issue = { code: 'type', pointer: '#', detail: 'must be an object' } as const
      return toldErrors(new ApiError('validation', { issues: [issue] }), asking.profile, resource, data)
    }
    return written(await write(asking, resource, 'create', null, request), resource, data, asking)
  }
  if (action === 'list') return list(resource, request, asking)
  const id = await idOf(resource, request.pk, asking)
  if (id === null) return missing(asking)
  const outcome =
    action === 'retrieve'
      ? await ask(asking, { operation: 'get', resource, id, query: null, at: earlierPosition(request) })
      : await write(asking, resource, action === 'delete' ? 'delete' : 'patch', id, request)
  return written(outcome, resource, data, asking)
}

function write(
  asking: Asking,
  resource: Resource,
  operation: Operation,
  id: Id | null,
  request: Request,
): Outcome | Promise<Outcome> {
  return ask(asking, {
    operation,
    resource,
    id,
    query: null,
    input: operation === 'delete' ? null : (request.data ?? null),
    complete: request.action === 'update',
    jsonPatch: request.action === 'patch' && isJsonPatch(request.data),
    idempotencyKey: keyOf(request),
  })
}

function ask(
  { session }: Asking,
  asked: Pick<Call, 'operation' | 'resource' | 'id' | 'query'> & Partial<Call>,
): Outcome | Promise<Outcome> {
  return session.host.engine.handle(session.asking({ ...common, ...asked }))
}

const common = Object.freeze({
  parent: null,
  shape: plainShape,
  mode: drf,
  conditions: null,
  permitted: true,
} as const)

/** The earlier position to read. A value that is no text is no position either. */
function earlierPosition({ at }: Request): EarlierPosition | null {
  return at === null ? null : { position: typeof at === 'string' ? at : '', named: { pointer: '#/at' } }
}

/** The idempotency key. A value that cannot be a key becomes '', which is refused where keys are read. */
export function keyOf({ key }: Request): string | null {
  return key === null || typeof key === 'string' ? key : ''
}

function written(outcome: Outcome, resource: Resource, data: unknown, { profile }: Asking): Performed {
  switch (outcome.kind) {
    case 'item':
      return { status: outcome.created ? 201 : 200, data: outcome.body, position: outcome.position }
    case 'gone':
      return { ...words[profile].deleted, position: outcome.position }
    case 'failure':
      return toldErrors(outcome.error, profile, resource, data)
    default:
      throw new TypeError(`an action came to ${outcome.kind}`)
  }
}

async function list(resource: Resource, request: Request, asking: Asking): Promise<Performed> {
  const { host } = asking.session
  const { limits } = host.engine
  const { data } = request
  const page = pageIn(data)
  if (typeof page === 'string') {
    const { principal } = asking.session
    const asked = { operation: 'list', resource, id: null, parent: null, principal, permitted: true } as const
    const fault = new ApiError('bad_request', { detail: page })
    const refusal = host.engine.refusal(asked, fault)
    return refusal === fault ? { status: 400, errors: [page] } : toldErrors(refusal, asking.profile, resource, data)
  }
  const settings = envelopeOf(resource)
  const size = settings.page ?? resource.options.limits.page ?? limits.page
  const query = pageQuery(page, size, sortOf(settings))
  if (query.offset > limits.offset) return { status: 400, errors: ['That page is too far away'] }
  const outcome = await ask(asking, { operation: 'list', resource, id: null, query, at: earlierPosition(request) })
  if (outcome.kind === 'failure') return toldErrors(outcome.error, asking.profile, resource, data)
  if (outcome.kind !== 'list') throw new TypeError(`a list came to ${outcome.kind}`)
  // Pages have numbers here, so that what has no room on one would be on none.
  if (outcome.next !== null && outcome.count < size) return { status: 400, errors: ['That page has too many bytes'] }
  if (outcome.count === 0 && page > 1) return { status: 404, errors: ['That page contains no results'] }
  return { status: 200, data: outcome.body, position: outcome.position }
}

/** The id for a `pk`: `pk` itself, or the id of the row whose lookup field has that value. null = there is none. */
async function idOf(resource: Resource, pk: unknown, asking: Asking): Promise<Id | null> {
  const lookup = envelopeOf(resource).lookup
  if (lookup === undefined || lookup === resource.id.name) return canonicalId(resource, pk)
  const field = resource.field.get(lookup)
  const value = field?.type && pk != null ? drf.read(field.type, pk) : null
  if (value === null || value instanceof Refused) return null
  const where = { kind: 'compare', op: 'eq', field: lookup, value: value as Value } as const
  const query = { ...pageQuery(1, 1), where }
  const shape = { depth: 0, include: [], fields: null }
  const outcome = await ask(asking, { operation: 'list', resource, id: null, query, shape })
  if (outcome.kind === 'failure') throw outcome.error
  return outcome.kind === 'list' ? ((JSON.parse(outcome.body) as Id[])[0] ?? null) : null
}

/** A `pk` as an id of the resource. null = it cannot be one. */
export function canonicalId(resource: Resource, pk: unknown): Id | null {
  if (pk === undefined || pk === null) return null
  const id = drf.read(resource.idType, pk)
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

function missing({ profile }: Asking): ToldErrors {
  return { status: 404, errors: [words[profile].missing] }
}

/** Whether data is a list of operations. Any other list is refused as "no object", as channels-api does. */
function isJsonPatch(data: unknown): boolean {
  return Array.isArray(data) && data.every(one => typeof one === 'object' && one !== null && 'op' in one)
}
