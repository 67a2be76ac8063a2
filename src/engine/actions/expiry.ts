import type { Id, Model, Resource } from '../../model/model.ts'
import { isEphemeral } from '../../store/ephemeral/sides.ts'
import { EphemeralStore } from '../../store/ephemeral/store.ts'
import type { Change, Store, Transaction } from '../../store/store.ts'
import { chain, type Maybe } from '../../store/work.ts'
import { isRead, ownCall, type Call, type CallOrigin, type Outcome, type CallTarget } from '../call/call.ts'
import type { PipelineCheck, PipelineStep } from '../call/invocation.ts'

/**
 * Deletes a row in the engine's own name, within a transaction or as a unit of its own. No rules apply: a row expires whoever
 * may write it.
 */
export type InternalCall = (call: Call, tx: Transaction | null) => Maybe<Outcome>

export interface ExpiryOptions {
  readonly clock: () => number
  readonly onFault: (error: unknown) => void
}

/** The rows of one ephemeral resource. */
interface Rows {
  readonly resource: Resource
  /**
   * When each row expires, unless a connection holds it. All rows live equally long, so the Map's order is the order of expiry.
   */
  readonly due: Map<Id, number>
  /** The connection that holds each of the other rows. */
  readonly held: Map<Id, AbortSignal>
}

/** The longest delay that setTimeout accepts, in milliseconds. A longer one would fire at once. */
const LONGEST = 2 ** 31 - 1

/** Decides how long ephemeral rows live: for their `ttl` after the last write, or as long as the connection that wrote them. */
export class Expiry {
  readonly #options: ExpiryOptions
  readonly #rows = new Map<Resource, Rows>()
  /** The rows that each connection holds. */
  readonly #holders = new Map<AbortSignal, Map<Resource, Set<Id>>>()
  /** Deletions in progress, with the promise of their end. */
  readonly #removals = new Map<string, Promise<void>>()
  /** Rows that an application's transaction has already deleted as expired, so that it deletes each of them once. */
  readonly #settled = new WeakMap<Transaction, Set<string>>()
  #upkeep: InternalCall | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(options: ExpiryOptions) {
    this.#options = options
  }

  /** Sets the function that deletes rows. It is part of the engine, which is made later than this object. */
  attach(upkeep: InternalCall): void {
    this.#upkeep = upkeep
  }

  /** Called after each commit: the `ttl` of every written row starts again. */
  heard(changes: readonly Change[]): void {
    for (const { resource, id, after } of changes) {
      if (after) this.renew(resource, id)
      else this.#forget(resource, id)
    }
  }

  /** Restarts the `ttl` of a row. Does nothing if a connection holds the row. */
  renew(resource: Resource, id: Id): void {
    const { due, held } = this.#of(resource)
    if (held.has(id)) return
    // Deleting first moves the row to the end of the Map: the order of expiry is kept without sorting.
    due.delete(id)
    due.set(id, this.#options.clock() + resource.options.ephemeral!.ttl)
    this.#wait()
  }

  /** Ties the row to a connection, in place of the connection that held it before. */
  hold(resource: Resource, id: Id, connection: AbortSignal): void {
    const { due, held } = this.#of(resource)
    // The row may have been deleted in the meantime.
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
    // The connection may have closed while the write was being committed; then no event will follow.
    if (connection.aborted) this.#released(connection)
  }

  /** Deletes the rows that have expired by now. Returns undefined if there are none, so that the usual call need not wait. */
  settle(): Maybe<void> {
    const over = this.#over()
    if (over.length === 0) return undefined
    return Promise.all(over.map(([resource, id]) => this.#remove(resource, id))).then(() => this.#wait())
  }

  /**
   * Like `settle`, as a part of a transaction. The transaction deletes the rows itself, because any other unit of work would
   * wait for the transaction to end. If the transaction is rolled back, so are the deletions; the rows stay due and are deleted
   * later.
   */
  settleIn(tx: Transaction): Maybe<void> {
    const over = this.#over()
    if (over.length === 0) return undefined
    let settled = this.#settled.get(tx)
    if (!settled) this.#settled.set(tx, (settled = new Set()))
    const left = over.filter(([resource, id]) => !settled.has(keyOf(resource, id)))
    for (const [resource, id] of left) settled.add(keyOf(resource, id))
    return left.length === 0 ? undefined : this.#removeIn(tx, left)
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

  /** The rows that have expired. */
  #over(): (readonly [Resource, Id])[] {
    const now = this.#options.clock()
    const over: (readonly [Resource, Id])[] = []
    for (const { resource, due } of this.#rows.values())
      for (const [id, until] of due) {
        if (until > now) break // the rest of the Map expires later
        over.push([resource, id])
      }
    return over
  }

  /**
   * Deletes a row once, however many calls ask for it. If the deletion fails, it is tried again when the `ttl` is over once
   * more.
   */
  #remove(resource: Resource, id: Id): Promise<void> {
    const key = keyOf(resource, id)
    let removal = this.#removals.get(key)
    if (!removal) {
      removal = this.#delete(resource, id, null).finally(() => this.#removals.delete(key))
      this.#removals.set(key, removal)
    }
    return removal
  }

  async #removeIn(tx: Transaction, rows: readonly (readonly [Resource, Id])[]): Promise<void> {
    for (const [resource, id] of rows) await this.#delete(resource, id, tx)
  }

  async #delete(resource: Resource, id: Id, tx: Transaction | null): Promise<void> {
    if (this.#closed) return
    const outcome = await this.#upkeep!(deletion(resource, id), tx)
    if (outcome.kind !== 'failure') return
    if (outcome.error.code === 'not_found') return this.#forget(resource, id)
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

  /**
   * Sets the timer to the next expiry, unless one is running. Rows that are renewed meanwhile do not move the timer; it just
   * finds nothing to do.
   */
  #wait(): void {
    if (this.#timer || this.#closed) return
    let first = Infinity
    for (const { due } of this.#rows.values()) first = Math.min(first, due.values().next().value ?? Infinity)
    if (first === Infinity) return
    const pause = Math.min(Math.max(first - this.#options.clock(), 0), LONGEST)
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (!this.settle()) this.#wait()
    }, pause)
    // A timer for ephemeral rows must not keep the process alive.
    this.#timer.unref()
  }
}

function keyOf(resource: Resource, id: Id): string {
  return `${resource.name} ${typeof id} ${id}`
}

function deletion(resource: Resource, id: Id): Call {
  return { ...ownCall, operation: 'delete', resource, id }
}

/** The store, with the model's ephemeral rows in memory beside it. If the model has none, this is the given store unchanged. */
export function withEphemeral(
  lasting: Store,
  model: Model,
  options: ExpiryOptions,
): { readonly store: Store; readonly expiry: Expiry | null } {
  if (![...model.resources.values()].some(isEphemeral)) return { store: lasting, expiry: null }
  const expiry = new Expiry(options)
  return { store: new EphemeralStore(lasting, changes => expiry.heard(changes)), expiry }
}

/** The step `expire`: deletes expired rows first, so that no call sees them, however late the timer fires. */
export function expiring(expiry: Expiry): PipelineCheck {
  return ({ call, tx }) => {
    if (!call.resource.options.ephemeral) return undefined
    return tx ? expiry.settleIn(tx) : expiry.settle()
  }
}

/** The step `renew`: a write restarts the `ttl` of its row even if it changes nothing, because heartbeats are empty patches. */
export function renewing(expiry: Expiry): PipelineStep {
  return (invocation, next) => {
    const { call, tx } = invocation
    if (!call.resource.options.ephemeral || isRead(call.operation)) return next(invocation)
    return chain(next(invocation), outcome => {
      if (outcome.kind === 'item') for (const id of outcome.ids) written(expiry, call, id, tx !== null)
      return outcome
    })
  }
}

function written(expiry: Expiry, { resource, connection }: CallTarget & CallOrigin, id: Id, isPending: boolean): void {
  const isHeld = connection && resource.options.ephemeral!.presence
  // A row that a transaction creates is only known to `hold` after the commit, so it gets its `ttl` first.
  if (!isHeld || isPending) expiry.renew(resource, id)
  if (isHeld) expiry.hold(resource, id, connection)
}
