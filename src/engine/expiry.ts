import type { Id, Model, Resource } from '../model/model.ts'
import { isEphemeral } from '../store/ephemeral/sides.ts'
import { EphemeralStore } from '../store/ephemeral/store.ts'
import type { Change, Store } from '../store/store.ts'
import { chain, type Maybe } from '../store/work.ts'
import type { Call, Outcome } from './call.ts'
import type { Engine } from './engine.ts'

export interface ExpiryOptions {
  readonly clock: () => number
  readonly onFault: (error: unknown) => void
}

/** The rows of one ephemeral resource. */
interface Rows {
  readonly resource: Resource
  /** When each goes that no connection holds; as all stay equally long, the first one written is the first one to go. */
  readonly due: Map<Id, number>
  /** Who holds the others. */
  readonly held: Map<Id, AbortSignal>
}

/** Longest time that a timer of JavaScript can wait. */
const LONGEST = 2 ** 31 - 1

/** How long ephemeral rows stay: until nobody has written to them for their time, or until who wrote them has gone. */
export class Expiry {
  readonly #options: ExpiryOptions
  readonly #rows = new Map<Resource, Rows>()
  /** What each connection holds. */
  readonly #holders = new Map<AbortSignal, Map<Resource, Set<Id>>>()
  #engine: Engine | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(options: ExpiryOptions) {
    this.#options = options
  }

  /** What deletes rows. */
  attach(engine: Engine): void {
    this.#engine = engine
  }

  /** What was committed: each row that was written stays for its time from now on. */
  heard(changes: readonly Change[]): void {
    for (const { resource, id, after } of changes)
      if (after) this.renew(resource, id)
      else this.#forget(resource, id)
  }

  /** The row stays for its time from now on; one that a connection holds does so anyway. */
  renew(resource: Resource, id: Id): void {
    const { due, held } = this.#of(resource)
    if (held.has(id)) return
    due.delete(id)
    due.set(id, this.#options.clock() + resource.options.ephemeral!.ttl)
    this.#wait()
  }

  /** The row stays as long as a connection, whoever held it before. */
  hold(resource: Resource, id: Id, connection: AbortSignal): void {
    const { due, held } = this.#of(resource)
    // It may have been deleted meanwhile.
    if (!due.has(id) && !held.has(id)) return
    this.#forget(resource, id)
    held.set(id, connection)
    let holds = this.#holders.get(connection)
    if (!holds) {
      this.#holders.set(connection, (holds = new Map()))
      connection.addEventListener('abort', () => this.#released(connection), { once: true })
    }
    const ids = holds.get(resource)
    if (ids) ids.add(id)
    else holds.set(resource, new Set([id]))
    if (connection.aborted) this.#released(connection)
  }

  /** Deletes what is over by now; undefined if there is nothing. */
  settle(): Maybe<void> {
    const now = this.#options.clock()
    const over: Promise<unknown>[] = []
    for (const { resource, due } of this.#rows.values())
      for (const [id, until] of due) {
        if (until > now) break
        due.delete(id)
        over.push(this.#remove(resource, id))
      }
    if (over.length === 0) return undefined
    return Promise.all(over).then(() => this.#wait())
  }

  close(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #released(connection: AbortSignal): void {
    const holds = this.#holders.get(connection)
    this.#holders.delete(connection)
    for (const [resource, ids] of holds ?? []) {
      const { held } = this.#of(resource)
      for (const id of ids) {
        held.delete(id)
        void this.#remove(resource, id)
      }
    }
  }

  /** Its rules bind who calls, not what time does. What cannot be deleted now is tried again. */
  async #remove(resource: Resource, id: Id): Promise<void> {
    if (this.#closed) return
    const outcome = await this.#engine!.handle(deletion(resource, id))
    if (outcome.kind !== 'failure' || outcome.error.code === 'not_found') return
    this.#options.onFault(outcome.error)
    this.renew(resource, id)
  }

  #forget(resource: Resource, id: Id): void {
    const { due, held } = this.#of(resource)
    due.delete(id)
    const connection = held.get(id)
    if (!connection) return
    held.delete(id)
    this.#holders.get(connection)?.get(resource)?.delete(id)
  }

  #of(resource: Resource): Rows {
    let rows = this.#rows.get(resource)
    if (!rows) this.#rows.set(resource, (rows = { resource, due: new Map(), held: new Map() }))
    return rows
  }

  /** Sets the timer to the first row that goes, if none is set: what is renewed meanwhile is found still there. */
  #wait(): void {
    if (this.#timer || this.#closed) return
    let first = Infinity
    for (const { due } of this.#rows.values()) first = Math.min(first, due.values().next().value ?? Infinity)
    if (first === Infinity) return
    const pause = Math.min(Math.max(first - this.#options.clock(), 0), LONGEST)
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.settle()
      this.#wait()
    }, pause)
    this.#timer.unref()
  }
}

function deletion(resource: Resource, id: Id): Call {
  return {
    operation: 'delete',
    resource,
    id,
    parent: null,
    query: null,
    shape: { depth: 1, include: [], fields: null },
    mode: 'json',
    conditions: null,
    principal: null,
    trusted: true,
    unbounded: true,
  }
}

/** A store with the ephemeral rows of a model beside it, and how long they stay; the store alone where it has none. */
export function withEphemeral(
  lasting: Store,
  model: Model,
  options: ExpiryOptions,
): { readonly store: Store; readonly expiry: Expiry | null } {
  if (![...model.resources.values()].some(isEphemeral)) return { store: lasting, expiry: null }
  const expiry = new Expiry(options)
  return { store: new EphemeralStore(lasting, changes => expiry.heard(changes)), expiry }
}

/** What comes before a subscription: rows whose time is over are not in its snapshot. */
export function settled(
  expiry: Expiry | null,
  charge: ((call: Call) => Maybe<unknown>) | null,
): ((call: Call) => Maybe<unknown>) | null {
  if (expiry === null) return charge
  return call => chain(expiry.settle(), () => charge?.(call))
}

/** Calls meet no row whose time is over, and a write renews its row although it changes nothing of it. */
export function withExpiry(engine: Engine, expiry: Expiry | null): Engine {
  if (expiry === null) return engine
  expiry.attach(engine)
  return Object.create(engine, {
    handle: { value: (call: Call) => timely(engine, expiry, call), enumerable: true },
  }) as Engine
}

function timely(engine: Engine, expiry: Expiry, call: Call): Maybe<Outcome> {
  if (!call.resource.options.ephemeral) return engine.handle(call)
  const settled = expiry.settle()
  const outcome = settled ? settled.then(() => engine.handle(call)) : engine.handle(call)
  return chain(outcome, done => {
    renewed(expiry, call, done)
    return done
  })
}

function renewed(expiry: Expiry, { resource, operation, connection }: Call, outcome: Outcome): void {
  if (outcome.kind !== 'item' || operation === 'get') return
  for (const id of outcome.ids)
    if (connection && resource.options.ephemeral!.presence) expiry.hold(resource, id, connection)
    else expiry.renew(resource, id)
}
