import { coerce, Refused } from '../../../schema/coerce.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { Call, Operation, Outcome, Principal } from '../../../engine/call.ts'
import { actionCall } from '../../../engine/database.ts'
import type { Engine } from '../../../engine/engine.ts'
import type { Credentials } from '../../../auth/principal.ts'
import type { Action, Id, Resource, Value } from '../../../model/model.ts'
import type { Lifetime } from '../../lifetime.ts'
import type { Handshake } from '../upgrade.ts'
import { pageIn, pageQuery } from './page.ts'
import { words, type Profile } from './profile.ts'
import { isMembers, type Request } from './request.ts'
import type { Stream } from './streams.ts'
import { actionErrors, toldErrors, type ToldErrors } from './told-errors.ts'

/** What a request came to. */
export type Performed = Done | ToldErrors
export interface Done {
  readonly status: number
  /** JSON text. */
  readonly data: string
  /** It may have changed something. */
  readonly wrote: boolean
}

/** Who asks, and in which dialect. */
export interface Asking {
  readonly engine: Engine
  readonly profile: Profile
  readonly principal: Principal | null
  readonly credentials: Handshake
  readonly lifetime: Lifetime
}

const plain = Object.freeze({ depth: 1, include: [], fields: null })

/** Does what a request asks of a stream, permissions granted: an action of its own, or one of the built-in ones. */
export async function perform(stream: Stream, request: Request, asking: Asking): Promise<Performed> {
  const { resource } = stream
  const own = typeof request.action === 'string' ? stream.actions.get(request.action) : undefined
  if (own) {
    const { engine, principal, credentials } = asking
    const { pk, input } = argumentsOf(own, request)
    const id = own.on === 'row' ? canonicalId(resource, pk) : null
    if (own.on === 'row' && id === null) return missing(asking)
    const call = actionCall({
      resource,
      action: own,
      id,
      input,
      principal,
      credentials: credentials satisfies Credentials,
    })
    const outcome = await engine.handle({ ...call, permitted: true, idempotencyKey: keyOf(request) })
    if (outcome.kind === 'failure') {
      if (outcome.error.code === 'not_found') return missing(asking)
      return actionErrors(outcome.error)
    }
    if (outcome.kind !== 'value') throw new TypeError(`an action came to ${outcome.kind}`)
    return { status: outcome.status, data: outcome.body ?? 'null', wrote: true }
  }
  return builtInAction(resource, request, asking)
}

/** The ancestor's README puts pk into data, its code reads it above; either will do (spec: channels-api §2.10). */
function argumentsOf(action: Action, { pk, data }: Request): { readonly pk: unknown; readonly input: unknown } {
  if (!isMembers(data)) return { pk, input: data ?? undefined }
  const { pk: inside, ...rest } = data
  const isInside = action.on === 'row' && (pk === undefined || pk === null) && inside !== undefined
  const given = isInside ? rest : data
  // Clients send an empty object where there is nothing to say.
  const isNothing = action.input === null && Object.keys(given).length === 0
  return { pk: isInside ? inside : pk, input: isNothing ? undefined : given }
}

async function builtInAction(resource: Resource, request: Request, asking: Asking): Promise<Performed> {
  const { data } = request
  switch (request.action) {
    case 'create':
      if (Array.isArray(data)) {
        const issue = { code: 'type', pointer: '#', detail: 'must be an object' } as const
        return toldErrors(new ApiError('validation', { issues: [issue] }), asking.profile, resource, data)
      }
      return written(await handle(asking, resource, 'create', null, request), resource, data, asking)
    case 'list':
      return list(resource, data, asking)
    default: {
      const id = await idOf(resource, request.pk, asking)
      if (id === null) return missing(asking)
      switch (request.action) {
        case 'retrieve':
          return written(await handle(asking, resource, 'get', id, null), resource, data, asking)
        case 'delete':
          return written(await handle(asking, resource, 'delete', id, request), resource, data, asking)
        default:
          return written(await handle(asking, resource, 'patch', id, request), resource, data, asking)
      }
    }
  }
}

function handle(
  { engine, principal, credentials, lifetime }: Asking,
  resource: Resource,
  operation: Operation,
  id: Id | null,
  /** What is written; null = nothing is. */
  request: Request | null,
): Outcome | Promise<Outcome> {
  const call: Call = {
    operation,
    resource,
    id,
    parent: null,
    query: null,
    shape: plain,
    input: operation === 'delete' ? null : (request?.data ?? null),
    mode: 'drf',
    conditions: null,
    principal,
    credentials,
    permitted: true,
    complete: request?.action === 'update',
    idempotencyKey: request && keyOf(request),
  }
  return engine.handle(lifetime.of(call))
}

/** What cannot be a key is refused where keys are read. */
function keyOf({ key }: Request): string | null {
  return key === null || typeof key === 'string' ? key : ''
}

function written(outcome: Outcome, resource: Resource, data: unknown, { profile }: Asking): Performed {
  switch (outcome.kind) {
    case 'item':
      return { status: outcome.created ? 201 : 200, data: outcome.body, wrote: true }
    case 'gone':
      return { ...words[profile].deleted, wrote: true }
    case 'failure':
      return toldErrors(outcome.error, profile, resource, data)
    default:
      throw new TypeError(`an action came to ${outcome.kind}`)
  }
}

async function list(resource: Resource, data: unknown, asking: Asking): Promise<Performed> {
  const { engine, principal, profile, credentials } = asking
  const page = pageIn(data)
  if (typeof page === 'string') return { status: 400, errors: [page] }
  const size = resource.options.envelope?.page ?? resource.options.limits.page ?? engine.limits.page
  const query = pageQuery(page, size)
  if (query.offset > engine.limits.offset) return { status: 400, errors: ['That page is too far away'] }
  const outcome = await engine.handle({
    operation: 'list',
    resource,
    id: null,
    parent: null,
    query,
    shape: plain,
    mode: 'drf',
    conditions: null,
    principal,
    credentials,
    permitted: true,
  })
  if (outcome.kind === 'failure') return toldErrors(outcome.error, profile, resource, data)
  if (outcome.kind !== 'list') throw new TypeError(`a list came to ${outcome.kind}`)
  if (outcome.count === 0 && page > 1) return { status: 404, errors: ['That page contains no results'] }
  return { status: 200, data: outcome.body, wrote: false }
}

/** The id that `pk` names: itself, or the row whose lookup field has that value. */
async function idOf(resource: Resource, pk: unknown, asking: Asking): Promise<Id | null> {
  const lookup = resource.options.envelope?.lookup
  if (lookup === undefined || lookup === resource.id.name) return canonicalId(resource, pk)
  const field = resource.field.get(lookup)
  const value = field?.type && pk != null ? coerce('drf', field.type, pk) : null
  if (value === null || value instanceof Refused) return null
  const outcome = await asking.engine.handle({
    operation: 'list',
    resource,
    id: null,
    parent: null,
    query: { ...pageQuery(1, 1), where: { kind: 'compare', op: 'eq', field: lookup, value: value as Value } },
    shape: { depth: 0, include: [], fields: null },
    mode: 'drf',
    conditions: null,
    principal: asking.principal,
    credentials: asking.credentials,
    permitted: true,
  })
  if (outcome.kind === 'failure') throw outcome.error
  return outcome.kind === 'list' ? ((JSON.parse(outcome.body) as Id[])[0] ?? null) : null
}

/** What `pk` is as an id of the resource; null for what cannot be one. */
export function canonicalId(resource: Resource, pk: unknown): Id | null {
  if (pk === undefined || pk === null) return null
  const id = coerce('drf', resource.idType, pk)
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

function missing({ profile }: Asking): ToldErrors {
  return { status: 404, errors: [words[profile].missing] }
}

export function errorsOfThrown(thrown: unknown): ToldErrors {
  return actionErrors(ApiError.from(thrown))
}
