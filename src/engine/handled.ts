import type { Authority } from '../auth/authority.ts'
import { checkScope, type Scopes } from './scope.ts'
import { createHash } from 'node:crypto'
import { ApiError } from '../protocol/error.ts'
import { formatPosition } from '../protocol/position.ts'
import type { HandledOperation, HandlerContext } from '../model/handled.ts'
import type { HandledMatch, HandledRoutes } from '../model/handled-routes.ts'
import type { Database } from '../model/operations.ts'
import { canonicalUri, listOf } from '../model/uri-pattern.ts'
import type { Published, Store } from '../store/store.ts'
import { wait } from '../store/work.ts'
import type { Conditions, Principal } from './call.ts'
import type { Engine } from './engine.ts'
import { HandlerUnit, type Handle } from './handler-unit.ts'
import { Lanes } from './lanes.ts'
import { checkRead } from './version.ts'

/** What is asked of a handled resource. */
export interface HandledCall {
  /** With one leading slash and nothing encoded. */
  readonly uri: string
  readonly principal: Principal | null
  readonly conditions?: Conditions | null
}

/** What there is, or what came of a write. */
export interface HandledValue {
  /** As the function left it; undefined and null = there is nothing. */
  readonly value: unknown
  /** JSON text. */
  readonly body: string
  /** `epoch.seq` after the write, or at least what the value was read at. */
  readonly position: string
}

/** A change that happened outside: a sensor, another program. */
export type OutsideChange = { readonly create: unknown } | { readonly patch: unknown } | { readonly delete: true }

/** The handled resources of an API. Every function throws what a handler threw, or ApiError. */
export interface Handled {
  readonly routes: HandledRoutes
  /** Asked before anything is done; throws ApiError `unauthenticated` or `forbidden`. */
  permit(match: HandledMatch, operation: HandledOperation, principal: Principal | null): void
  /** Asked before a URI is followed, which tells what reading it would: throws as `permit` does. */
  permitFollowing(uri: string, principal: Principal | null): void
  /** What the getter says. Null where no pattern has a getter. */
  get(call: HandledCall): Promise<HandledValue | null>
  create(call: HandledCall, attributes: unknown): Promise<HandledValue>
  /** `patch` belongs to the handlers from now on. */
  patch(call: HandledCall, patch: unknown): Promise<HandledValue>
  delete(call: HandledCall): Promise<HandledValue>
  /** Tells subscribers what happened outside; the position of its record. */
  publish(uri: string, change: OutsideChange): Promise<string>
  /** Work that no write to the list, or to an item of it, overtakes. */
  readonly still: <T>(uri: string, work: () => Promise<T>) => Promise<T>
}

export interface HandledOptions {
  readonly routes: HandledRoutes
  readonly store: Store
  readonly engine: Engine
  /** Callers are told apart: what is not public needs one. */
  readonly authenticating: boolean
  /** What tokens have to cover. */
  readonly scopes: Scopes | null
  /** What knows callers in the place of tokens of our own, and says what they may. */
  readonly authority: Pick<Authority, 'authorize'> | null
  /** Makes `ctx.db` of a way to run calls. */
  readonly database: (handle: Handle) => Database
  readonly onFault: (error: unknown) => void
}

/** Runs the functions of handled resources: one write to a list at a time, each all or nothing as far as it is ours. */
export function createHandled(options: HandledOptions): Handled {
  const { routes, store, engine, authenticating, onFault } = options
  const lanes = new Lanes()

  const positionOf = (seq: number): string => formatPosition(store.epoch, seq)

  function contextOf({ uri, principal }: HandledCall, { params }: HandledMatch, unit: HandlerUnit): HandlerContext {
    return Object.freeze<HandlerContext>({
      params,
      uri,
      me: principal,
      now: engine.clock(),
      db: options.database(call => unit.handle(call)),
      undo: step => unit.undo(step),
    })
  }

  function permit({ route, params }: HandledMatch, operation: HandledOperation, principal: Principal | null): void {
    if (options.scopes) checkScope(options.scopes, principal, operation)
    options.authority?.authorize(principal, route.name, operation, false)
    const isOpen = !authenticating || principal !== null || (route.public && operation === 'get')
    if (isOpen && route.permissions.every(allows => allows(principal, operation, params))) return
    if (!principal && authenticating)
      throw new ApiError('unauthenticated', { detail: `${route.name} is not open to everyone` })
    throw new ApiError('forbidden', { detail: `you may not ${operation} this ${route.name}` })
  }

  async function read(call: HandledCall): Promise<HandledValue | null> {
    const match = routes.find('get', call.uri)
    if (!match) return null
    permit(match, 'get', call.principal)
    const position = await store.read(function* (snapshot) {
      return yield* wait(snapshot.position)
    })
    const unit = new HandlerUnit(store, engine)
    try {
      const value = await match.route.get!(contextOf(call, match, unit))
      return { value, body: textOf(value), position: positionOf(position) }
    } finally {
      // A getter that writes is on its own; nothing of that is kept.
      await unit.drop(null, onFault)
    }
  }

  async function check(call: HandledCall): Promise<void> {
    if (!call.conditions) return
    const current = await read(call)
    if (!current)
      throw new ApiError('precondition_failed', { detail: `${call.uri} cannot be read, so it has no version` })
    if (current.value == null) throw missing(call.uri)
    checkRead(call.conditions, tagOf(current), null)
  }

  /** Runs a write when it is its turn; `run` gives what is recorded. */
  function write(
    operation: Published['op'],
    call: HandledCall,
    run: (match: HandledMatch, ctx: HandlerContext) => Promise<unknown>,
  ): Promise<HandledValue> {
    return lanes.take(listOf(call.uri), async () => {
      const match = routes.find(operation, call.uri)
      if (!match) throw unserved(operation, call.uri)
      permit(match, operation, call.principal)
      await check(call)
      const unit = new HandlerUnit(store, engine)
      try {
        const value = await run(match, contextOf(call, match, unit))
        const body = textOf(value)
        const record = { uri: call.uri, op: operation, body: operation === 'delete' ? null : body }
        return { value, body, position: positionOf(await unit.keep(record)) }
      } catch (error) {
        await unit.drop(error, onFault)
        throw error
      }
    })
  }

  function unserved(operation: HandledOperation, uri: string): ApiError {
    const isServed = operations.some(one => routes.find(one, uri) !== null)
    return isServed
      ? new ApiError('method_not_allowed', { detail: `no function of ${uri} does ${operation}` })
      : missing(uri)
  }

  return {
    routes,
    permit,
    permitFollowing: (uri, principal) => {
      const match = operations.map(operation => routes.find(operation, uri)).find(one => one !== null)
      if (match) return permit(match, 'get', principal)
      if (authenticating && !principal)
        throw new ApiError('unauthenticated', { detail: `${uri} is not open to everyone` })
    },
    get: read,
    create: (call, attributes) => write('create', call, async ({ route }, ctx) => route.create!(ctx, attributes)),
    patch: (call, patch) =>
      write('patch', call, async ({ route }, ctx) => {
        for (const one of route.patch) await one(ctx, patch)
        return patch
      }),
    delete: call =>
      write('delete', call, async ({ route }, ctx) => {
        await route.delete!(ctx)
        return null
      }),
    publish: async (uri, change) => {
      const record = recordOf(canonicalUri(uri), change)
      const seq = await store.write(function* (tx) {
        return yield* wait(tx.publish(record.uri, record.op, record.body))
      })
      return positionOf(seq)
    },
    still: (uri, work) => lanes.take(listOf(uri), work),
  }
}

function recordOf(uri: string, change: OutsideChange): Omit<Published, 'seq'> {
  if ('create' in change) {
    if (!uri.endsWith('/')) throw new TypeError(`${uri} is an item; what was created is told of its list`)
    return { uri, op: 'create', body: textOf(change.create) }
  }
  if (uri.endsWith('/')) throw new TypeError(`${uri} is a list; items are patched and deleted`)
  return 'patch' in change ? { uri, op: 'patch', body: textOf(change.patch) } : { uri, op: 'delete', body: null }
}

/** JSON text; nothing is null. Throws TypeError for what JSON cannot say. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value ?? null)
  if (text === undefined) throw new TypeError(`a ${typeof value} cannot be written as JSON`)
  return text
}

/**
 * Entity tag without quotes: of the value itself, since a device changes without telling, so that a position would
 * claim that nothing happened.
 */
export function tagOf({ body }: HandledValue): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22)
}

const operations: readonly HandledOperation[] = ['get', 'patch', 'delete', 'create']

export function missing(uri: string): ApiError {
  return new ApiError('not_found', { detail: `there is nothing at ${uri}` })
}
