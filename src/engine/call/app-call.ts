import { ApiError, problemOf, type Problem } from '../../protocol/error.ts'
import { Refused } from '../../schema/read/refused.ts'
import type { Id, Resource } from '../../model/model.ts'
import type { CallOptions } from '../../model/rules/call-options.ts'
import { decodeQueryObject } from '../../query/query.ts'
import { chain, type Maybe } from '../../store/work.ts'
import { noConditions, type Call, type CallOrigin, type Operation, type Outcome, type CallTarget } from './call.ts'
import type { Engine } from '../engine.ts'
import { statusOf, valueOf } from './outcome.ts'
import { isObject } from '../write/read-body.ts'
import { uniqueKey } from '../write/unique-key.ts'

export type { CallOptions }

/** An outcome as plain values. */
export interface Answer {
  /** The status that HTTP would have. */
  readonly status: number
  /** The representation, null after a deletion, or the problem document. */
  readonly body: unknown
  /** Entity tag without quotes, where there is one. */
  readonly etag: string | null
  /** `epoch.seq` of what was read, or after what was written; null for failures. */
  readonly position: string | null
  /** The cursors of the next and previous page of a list. */
  readonly next?: string | null
  readonly previous?: string | null
  readonly total?: number | null
  /** The ids of a list's rows, if `fields` leaves them out. */
  readonly ids?: readonly Id[]
}

/** What the application's own code asks for. */
export interface AppRequest {
  readonly operation: Operation
  /** The name of the resource. */
  readonly name: string
  /** The row. A replacement may also name it by an object with the fields of a unique key. */
  readonly id?: unknown
  /** The body of a write. */
  readonly data?: unknown
}

/**
 * Makes a call from the arguments of `app.get`, `app.list` and so on. Throws ApiError: `not_found` if there is no such resource
 * or the id cannot be one, `bad_request` or `validation` for options that make no sense.
 */
export function appCall(engine: Engine, request: AppRequest, options: CallOptions): Call {
  const { operation, name, id, data } = request
  const resource = engine.model.resources.get(name)
  if (!resource) throw new ApiError('not_found', { detail: `there is no resource ${name}` })
  const { me, auth, connection, ifMatch, at, idempotencyKey, min, ...words } = options
  if (auth !== undefined && auth !== null && !isObject(auth))
    throw new ApiError('bad_request', { detail: 'auth must be an object' })
  const target = operation === 'list' ? 'list' : 'item'
  const [principal, trusted] = [me ?? null, me === undefined]
  const asked: Readonly<Record<string, unknown>> =
    operation === 'list' ? { ...words, sort: words.sort ?? undefined, limit: words.limit ?? undefined } : shapeOf(words)
  const { query, shape } = read(engine, { operation, resource, id: null, parent: null, principal, trusted }, () =>
    decodeQueryObject(resource, asked, engine.limits, target, {
      mode: engine.mode,
      page: null,
      maxPage: null,
      cursorKey: engine.cursorKey,
    }),
  )
  const key = operation === 'replace' && isObject(id) ? uniqueKey(resource, id, engine.mode) : null
  return {
    operation,
    resource,
    id: key || operation === 'list' || operation === 'create' ? null : idFrom(engine, resource, id),
    key,
    parent: null,
    query,
    shape,
    input: data,
    mode: engine.mode,
    conditions: ifMatch === undefined ? null : { ...noConditions, ifMatch: [{ value: ifMatch, weak: false }] },
    principal,
    trusted,
    unbounded: true,
    ...(at === undefined ? {} : { at: { position: at, named: { parameter: 'at' } } }),
    ...(min === undefined ? {} : { min }),
    ...(auth ? { auth } : {}),
    ...(connection ? { connection } : {}),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

/**
 * Runs `work`, which reads a call's arguments. If it fails, a caller who may not use the resource is refused, and is not
 * told what is wrong with the arguments.
 */
function read<T>(engine: Engine, asked: CallTarget & CallOrigin, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw engine.refusal(asked, thrown)
  }
}

function shapeOf({ depth, include, fields }: CallOptions): Record<string, unknown> {
  return { depth, include, fields }
}

/** The canonical form of an id. Throws ApiError `not_found` for a value that cannot be an id. */
export function idFrom({ mode }: Pick<Engine, 'mode'>, resource: Resource, id: unknown): Id {
  const canonical = mode.read(resource.idType, id)
  if (canonical instanceof Refused || canonical === null || id === undefined)
    throw new ApiError('not_found', { detail: `there is no ${resource.name} ${String(id)}` })
  return canonical as Id
}

/** Runs a call and returns plain values. Errors become answers too, never exceptions. */
export function plainAnswer(handle: (call: Call) => Maybe<Outcome>, make: () => Call): Maybe<Answer> {
  try {
    return chain(handle(make()), answerOf)
  } catch (thrown) {
    return failed(ApiError.from(thrown))
  }
}

function answerOf(outcome: Outcome): Answer {
  if (outcome.kind === 'failure') return failed(outcome.error)
  const plain = { status: statusOf(outcome), body: valueOf(outcome), etag: null, position: null }
  switch (outcome.kind) {
    case 'item':
      return { ...plain, etag: outcome.etag, position: outcome.position }
    case 'list': {
      const { etag, position, next, previous, total, ids } = outcome
      return { ...plain, etag, position, next, previous, total, ...(ids && { ids }) }
    }
    case 'gone':
      return { ...plain, position: outcome.position }
    case 'unchanged':
      return { ...plain, etag: outcome.etag, position: outcome.position }
    case 'value':
      return plain
  }
}

function failed(error: ApiError): Answer {
  return { status: error.status, body: problemOf(error) satisfies Problem, etag: null, position: null }
}
