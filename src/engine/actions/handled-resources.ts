import type { Authority } from '../../auth/authority.ts'
import { checkScope, type Scopes } from '../rules/scopes.ts'
import { createHash } from 'node:crypto'
import { refuseUnsafeNames } from '../../protocol/check-json.ts'
import { ApiError } from '../../protocol/error.ts'
import type { HandledOperation, HandlerContext } from '../../model/declare/handled.ts'
import type { HandledMatch, HandledRoutes } from '../../model/link/handled-routes.ts'
import type { Database } from '../../model/rules/operations.ts'
import { canonicalUri, listOf } from '../../model/declare/uri-pattern.ts'
import type { Leases } from '../../store/shared/leases.ts'
import type { Published, Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { Conditions, Principal } from '../call/call.ts'
import type { Engine } from '../engine.ts'
import { HandlerUnit, type RunCall } from './handler-unit.ts'
import { KeyedLock } from './keyed-lock.ts'
import { checkRead } from '../read/preconditions.ts'

/** What is asked of a handled resource. */
export interface HandledCall {
  /** Starts with one slash; percent-encoding is removed. */
  readonly uri: string
  readonly principal: Principal | null
  readonly conditions?: Conditions | null
}

/** What a getter returned, or the result of a write. */
export interface HandledValue {
  /** What the function returned. Undefined and null mean that there is nothing. */
  readonly value: unknown
  /** The value as JSON text. */
  readonly body: string
  /** `epoch.seq` of the log: after a write its own record, for a read the position before the getter ran. */
  readonly position: string
}

/** A change that happened outside of the API: a sensor reported something, another program wrote. */
export type OutsideChange = { readonly create: unknown } | { readonly patch: unknown } | { readonly delete: true }

/** The handled resources of an API. All functions throw ApiError, or whatever a handler threw. */
export interface HandledResources {
  readonly routes: HandledRoutes
  /** Checks the caller's permission before anything is done. Throws ApiError `unauthenticated` or `forbidden`. */
  permit(match: HandledMatch, operation: HandledOperation, principal: Principal | null): void
  /**
   * Checks whether the caller may subscribe to a URI. Subscribing reveals what reading does, so it needs the same permission.
   * Throws like `permit`.
   */
  permitFollowing(uri: string, principal: Principal | null): void
  /** The value that the getter returns; null if no pattern with a getter matches the URI. */
  get(call: HandledCall): Promise<HandledValue | null>
  create(call: HandledCall, attributes: unknown): Promise<HandledValue>
  /** The handlers own `patch` from now on and may change it. */
  patch(call: HandledCall, patch: unknown): Promise<HandledValue>
  delete(call: HandledCall): Promise<HandledValue>
  /** Tells subscribers about a change that happened outside. Resolves to the position of its log record. */
  publish(uri: string, change: OutsideChange): Promise<string>
  /** Does work during which no write to the list, or to an item of it, takes place. */
  readonly still: <T>(uri: string, work: () => Promise<T>) => Promise<T>
}

export interface HandledResourcesOptions {
  readonly routes: HandledRoutes
  readonly store: Store
  readonly leases: Leases
  readonly engine: Engine
  /** The API identifies its callers, so resources that are not public need a caller. */
  readonly authenticating: boolean
  /** The scopes that tokens need for each operation. */
  readonly scopes: Scopes | null
  /** Decides what callers may do if they are known by other means than our own tokens. */
  readonly authority: Pick<Authority, 'authorize'> | null
  /** Makes a `ctx.db` that runs its calls through the given function. */
  readonly database: (handle: RunCall) => Database
  readonly onFault: (error: unknown) => void
}

/**
 * Runs the functions of handled resources. Writes to one list are done one at a time, and what a write does through `ctx.db` is
 * kept completely or not at all.
 */
export function createHandledResources(options: HandledResourcesOptions): HandledResources {
  return new HandledRunner(options)
}

class HandledRunner implements HandledResources {
  readonly routes: HandledRoutes
  readonly #options: HandledResourcesOptions
  readonly #lock = new KeyedLock()
  readonly still: HandledResources['still'] = (uri, work) => this.#alone(listOf(uri), work)

  constructor(options: HandledResourcesOptions) {
    this.routes = options.routes
    this.#options = options
  }

  permit({ route, params }: HandledMatch, operation: HandledOperation, principal: Principal | null): void {
    const { scopes, authority, authenticating } = this.#options
    if (scopes) checkScope(scopes, principal, operation)
    authority?.authorize(principal, route.name, operation, false)
    const isOpen = !authenticating || principal !== null || (route.public && operation === 'get')
    if (isOpen && route.permissions.every(allows => allows(principal, operation, params))) return
    if (!principal && authenticating)
      throw new ApiError('unauthenticated', { detail: `${route.name} is not open to everyone` })
    throw new ApiError('forbidden', { detail: `you may not ${operation} this ${route.name}` })
  }

  permitFollowing(uri: string, principal: Principal | null): void {
    // Not every URI has a getter; any operation tells which resource it belongs to.
    const match = operations.map(operation => this.routes.find(operation, uri)).find(one => one !== null)
    if (match) return this.permit(match, 'get', principal)
    if (this.#options.authenticating && !principal)
      throw new ApiError('unauthenticated', { detail: `${uri} is not open to everyone` })
  }

  async get(call: HandledCall): Promise<HandledValue | null> {
    const { store, engine, onFault } = this.#options
    const match = this.routes.find('get', call.uri)
    if (!match) return null
    this.permit(match, 'get', call.principal)
    // Read before the getter runs: changes that happen meanwhile come after this position, so a subscriber cannot miss them.
    const position = await store.read(function* (snapshot) {
      return yield* wait(snapshot.position)
    })
    const unit = new HandlerUnit(store, engine)
    try {
      const value = await match.route.get!(this.#contextOf(call, match, unit))
      return { value, body: textOf(value), position: this.#positionOf(position) }
    } finally {
      // Getters only read. If one writes all the same, the writes are rolled back.
      await unit.drop(null, onFault)
    }
  }

  create(call: HandledCall, attributes: unknown): Promise<HandledValue> {
    return this.#write('create', call, async ({ route }, ctx) => {
      refuseUnsafeNames(attributes)
      return route.create!(ctx, attributes)
    })
  }

  patch(call: HandledCall, patch: unknown): Promise<HandledValue> {
    return this.#write('patch', call, async ({ route }, ctx) => {
      refuseUnsafeNames(patch)
      for (const one of route.patch) await one(ctx, patch)
      return patch
    })
  }

  delete(call: HandledCall): Promise<HandledValue> {
    return this.#write('delete', call, async ({ route }, ctx) => {
      await route.delete!(ctx)
      return null
    })
  }

  async publish(uri: string, change: OutsideChange): Promise<string> {
    const record = recordOf(canonicalUri(uri), change)
    const seq = await this.#options.store.write(function* (tx) {
      return yield* wait(tx.publish(record.uri, record.op, record.body))
    })
    return this.#positionOf(seq)
  }

  /** Runs a write when its turn comes. `run` returns the value that is recorded in the log. */
  #write(
    operation: Published['op'],
    call: HandledCall,
    run: (match: HandledMatch, ctx: HandlerContext) => Promise<unknown>,
  ): Promise<HandledValue> {
    const { store, engine, onFault } = this.#options
    return this.#alone(listOf(call.uri), async () => {
      const match = this.routes.find(operation, call.uri)
      if (!match) throw this.#unserved(operation, call.uri)
      this.permit(match, operation, call.principal)
      await this.#check(call)
      const unit = new HandlerUnit(store, engine)
      try {
        const value = await run(match, this.#contextOf(call, match, unit))
        const body = textOf(value)
        const record = { uri: call.uri, op: operation, body: operation === 'delete' ? null : body }
        return { value, body, position: this.#positionOf(await unit.keep(record)) }
      } catch (error) {
        await unit.drop(error, onFault)
        throw error
      }
    })
  }

  /** Does work while nobody else does any for the same list, on whichever node. */
  #alone<T>(list: string, work: () => Promise<T>): Promise<T> {
    return this.#lock.take(list, async () => {
      const lease = await this.#options.leases.wait(`list ${list}`)
      try {
        return await work()
      } finally {
        await lease.release().catch(() => undefined) // its time will be over
      }
    })
  }

  #unserved(operation: HandledOperation, uri: string): ApiError {
    const isServed = operations.some(one => this.routes.find(one, uri) !== null)
    return isServed
      ? new ApiError('method_not_allowed', { detail: `no function of ${uri} does ${operation}` })
      : uriNotFound(uri)
  }

  async #check(call: HandledCall): Promise<void> {
    if (!call.conditions) return
    const current = await this.get(call)
    if (!current)
      throw new ApiError('precondition_failed', { detail: `${call.uri} cannot be read, so it has no version` })
    if (current.value == null) throw uriNotFound(call.uri)
    // The value serves as its own version: a device may change without any record in the log.
    checkRead(call.conditions, valueTag(current), null)
  }

  #contextOf({ uri, principal }: HandledCall, { params }: HandledMatch, unit: HandlerUnit): HandlerContext {
    const { engine, database } = this.#options
    return Object.freeze<HandlerContext>({
      params,
      uri,
      me: principal,
      now: engine.clock(),
      db: database(call => unit.handle(call)),
      undo: step => unit.undo(step),
    })
  }

  #positionOf(seq: number): string {
    return this.#options.store.terms.position(seq)
  }
}

function recordOf(uri: string, change: OutsideChange): Omit<Published, 'seq'> {
  if ('create' in change) {
    if (!uri.endsWith('/')) throw new TypeError(`${uri} is an item; publish what was created on the URI of its list`)
    return { uri, op: 'create', body: textOf(change.create) }
  }
  if (uri.endsWith('/')) throw new TypeError(`${uri} is a list; items are patched and deleted`)
  return 'patch' in change ? { uri, op: 'patch', body: textOf(change.patch) } : { uri, op: 'delete', body: null }
}

/** JSON text of a value; undefined becomes null. Throws TypeError for a value that JSON cannot express. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value ?? null)
  if (text === undefined) throw new TypeError(`a ${typeof value} cannot be written as JSON`)
  return text
}

/**
 * The entity tag of a value, without quotes. It is a hash of the value and not a position, because a device may change without
 * a log record; an unchanged position would then wrongly answer 304.
 */
export function valueTag({ body }: HandledValue): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22)
}

const operations: readonly HandledOperation[] = ['get', 'patch', 'delete', 'create']

/** The error for a URI that no pattern matches, or at which the getter found nothing. */
export function uriNotFound(uri: string): ApiError {
  return new ApiError('not_found', { detail: `there is nothing at ${uri}` })
}
