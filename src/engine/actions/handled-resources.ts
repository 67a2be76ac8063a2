import type { Authority } from '../../auth/authority.ts'
import { checkScope, type Scopes } from '../rules/scopes.ts'
import { createHash } from 'node:crypto'
import { ApiError } from '../../protocol/error.ts'
import { formatPosition } from '../../protocol/position.ts'
import type { HandledOperation, HandlerContext } from '../../model/declare/handled.ts'
import type { HandledMatch, HandledRoutes } from '../../model/link/handled-routes.ts'
import type { Database } from '../../model/rules/operations.ts'
import { canonicalUri, listOf } from '../../model/declare/uri-pattern.ts'
import type { Published, Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { Conditions, Principal } from '../call/call.ts'
import type { Engine } from '../engine.ts'
import { HandlerUnit, type Handle } from './handler-unit.ts'
import { Lanes } from './keyed-lock.ts'
import { checkRead } from '../read/entity-tags.ts'

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
  return new HandledResources(options)
}

class HandledResources implements Handled {
  readonly routes: HandledRoutes
  readonly #options: HandledOptions
  readonly #lanes = new Lanes()
  readonly still: Handled['still'] = (uri, work) => this.#lanes.take(listOf(uri), work)

  constructor(options: HandledOptions) {
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
    const position = await store.read(function* (snapshot) {
      return yield* wait(snapshot.position)
    })
    const unit = new HandlerUnit(store, engine)
    try {
      const value = await match.route.get!(this.#contextOf(call, match, unit))
      return { value, body: textOf(value), position: this.#positionOf(position) }
    } finally {
      // A getter that writes is on its own; nothing of that is kept.
      await unit.drop(null, onFault)
    }
  }

  create(call: HandledCall, attributes: unknown): Promise<HandledValue> {
    return this.#write('create', call, async ({ route }, ctx) => route.create!(ctx, attributes))
  }

  patch(call: HandledCall, patch: unknown): Promise<HandledValue> {
    return this.#write('patch', call, async ({ route }, ctx) => {
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

  /** Runs a write when it is its turn; `run` gives what is recorded. */
  #write(
    operation: Published['op'],
    call: HandledCall,
    run: (match: HandledMatch, ctx: HandlerContext) => Promise<unknown>,
  ): Promise<HandledValue> {
    const { store, engine, onFault } = this.#options
    return this.#lanes.take(listOf(call.uri), async () => {
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

  #unserved(operation: HandledOperation, uri: string): ApiError {
    const isServed = operations.some(one => this.routes.find(one, uri) !== null)
    return isServed
      ? new ApiError('method_not_allowed', { detail: `no function of ${uri} does ${operation}` })
      : missing(uri)
  }

  async #check(call: HandledCall): Promise<void> {
    if (!call.conditions) return
    const current = await this.get(call)
    if (!current)
      throw new ApiError('precondition_failed', { detail: `${call.uri} cannot be read, so it has no version` })
    if (current.value == null) throw missing(call.uri)
    checkRead(call.conditions, tagOf(current), null)
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
    return formatPosition(this.#options.store.epoch, seq)
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
