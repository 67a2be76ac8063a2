import { ApiError, problemOf, type Problem } from '../protocol/error.ts'
import { coerce, Refused } from '../schema/coerce.ts'
import type { Id, Resource } from '../model/model.ts'
import { decodeQueryObject } from '../query/query.ts'
import { chain, type Maybe } from '../store/work.ts'
import type { Call, Operation, Outcome, Principal } from './call.ts'
import type { Engine } from './engine.ts'
import { isObject } from './prepare.ts'
import { uniqueKey } from './unique-key.ts'

/** What a call of the application's own code may say besides its target. */
export interface CallOptions {
  readonly filter?: unknown
  readonly sort?: unknown
  readonly limit?: number | null
  readonly offset?: number
  readonly cursor?: string
  readonly total?: boolean
  readonly depth?: number
  readonly include?: readonly string[]
  readonly fields?: readonly string[]
  /** Acts for this caller; without it the application acts for itself. */
  readonly me?: Principal | null
  /** Handed to functions of the declaration as `ctx.auth`. */
  readonly auth?: Readonly<Record<string, unknown>> | null
  /** Of a resource with `presence`: what is written stays until this is aborted, as that of a connection does. */
  readonly connection?: AbortSignal
  /** Entity tag without quotes that the row must have. */
  readonly ifMatch?: string
  /** Reads the state at this position, `epoch.seq`. */
  readonly at?: string
  /** A key of the caller's own, so that the write takes effect once although it may be done again. */
  readonly idempotencyKey?: string
}

/** An outcome in plain values: what blargh's basic layer answers with. */
export interface Answer {
  /** As HTTP would say it. */
  readonly status: number
  /** The representation, null after a deletion, or the problem document. */
  readonly body: unknown
  /** Entity tag without quotes, where there is one. */
  readonly etag: string | null
  /** `epoch.seq` of what was read, or after what was written; null for failures. */
  readonly position: string | null
  /** Cursors of the pages around a list's. */
  readonly next?: string | null
  readonly previous?: string | null
  readonly total?: number | null
}

/** Makes a call from the application's own words; throws ApiError for what cannot be understood. */
export function callOf(
  engine: Engine,
  operation: Operation,
  name: string,
  id: unknown,
  data: unknown,
  options: CallOptions,
): Call {
  const resource = engine.model.resources.get(name)
  if (!resource) throw new ApiError('not_found', { detail: `there is no resource ${name}` })
  const { me, auth, connection, ifMatch, at, idempotencyKey, ...words } = options
  if (auth !== undefined && auth !== null && !isObject(auth))
    throw new ApiError('bad_request', { detail: 'auth must be an object' })
  const target = operation === 'list' ? 'list' : 'item'
  const asked: Readonly<Record<string, unknown>> =
    operation === 'list' ? { ...words, sort: words.sort ?? undefined, limit: words.limit ?? undefined } : shapeOf(words)
  const { query, shape } = decodeQueryObject(resource, asked, engine.limits, target, {
    mode: engine.mode,
    page: null,
    maxPage: null,
    cursorKey: engine.cursorKey,
  })
  const key = operation === 'replace' && isObject(id) ? uniqueKey(resource, id, engine.mode) : null
  return {
    operation,
    resource,
    id: key || operation === 'list' || operation === 'create' ? null : idOf(engine, resource, id),
    key,
    parent: null,
    query,
    shape,
    input: data,
    mode: engine.mode,
    conditions: ifMatch === undefined ? null : { ...noConditions, ifMatch: [{ value: ifMatch, weak: false }] },
    principal: me ?? null,
    trusted: me === undefined,
    unbounded: true,
    ...(at === undefined ? {} : { at }),
    ...(auth ? { auth } : {}),
    ...(connection ? { connection } : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

const noConditions = { ifMatch: null, ifNoneMatch: null, ifModifiedSince: null, ifUnmodifiedSince: null }

function shapeOf({ depth, include, fields }: CallOptions): Record<string, unknown> {
  return { depth, include, fields }
}

function idOf(engine: Engine, resource: Resource, id: unknown): Id {
  const canonical = coerce(engine.mode, resource.idType, id)
  if (canonical instanceof Refused || canonical === null)
    throw new ApiError('not_found', { detail: `there is no ${resource.name} ${String(id)}` })
  return canonical as Id
}

/** Runs a call and answers in plain values; faults are answers too. */
export function answer(handle: (call: Call) => Maybe<Outcome>, make: () => Call): Maybe<Answer> {
  try {
    return chain(handle(make()), answerOf)
  } catch (thrown) {
    return failed(ApiError.from(thrown))
  }
}

function answerOf(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'item':
      return {
        status: outcome.created ? 201 : 200,
        body: JSON.parse(outcome.body),
        etag: outcome.etag,
        position: outcome.position,
      }
    case 'list': {
      const { etag, position, next, previous, total } = outcome
      return { status: 200, body: JSON.parse(outcome.body), etag, position, next, previous, total }
    }
    case 'gone':
      return { status: 204, body: null, etag: null, position: outcome.position }
    case 'unchanged':
      return { status: 304, body: null, etag: outcome.etag, position: null }
    case 'value':
      return { status: outcome.status, body: outcome.value, etag: null, position: null }
    case 'failure':
      return failed(outcome.error)
  }
}

function failed(error: ApiError): Answer {
  return { status: error.status, body: problemOf(error) satisfies Problem, etag: null, position: null }
}

/** The outcome's value; throws the ApiError of a failure. */
export function valueOf(outcome: Outcome): unknown {
  switch (outcome.kind) {
    case 'item':
    case 'list':
      return JSON.parse(outcome.body)
    case 'gone':
    case 'unchanged':
      return null
    case 'value':
      return outcome.value
    case 'failure':
      throw outcome.error
  }
}
