import type { Id, Model, Resource } from '../../model/model.ts'
import { isEphemeral } from '../../store/ephemeral/sides.ts'
import { EphemeralStore } from '../../store/ephemeral/store.ts'
import { plainShape } from '../../query/predicate.ts'
import type { Change, Store, Transaction } from '../../store/store.ts'
import { chain, type Maybe } from '../../store/work.ts'
import { isRead, type Call, type Caller, type Outcome, type Target } from '../call/call.ts'
import type { Check, Step } from '../call/invocation.ts'
import { jsonMode } from '../../schema/read/input-mode.ts'

/** Does what the engine does of itself: within a transaction, or as a unit of its own. Rules bind who calls, not the time. */
export type Upkeep = (call: Call, tx: Transaction | null) => Maybe<Outcome>

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
  /** Deletions under way, each with the promise of its end. */
  readonly #removals = new Map<string, Promise<void>>()
  /** What each transaction of the application has taken for over, so that it asks once. */
  readonly #settled = new WeakMap<Transaction, Set<string>>()
  #upkeep: Upkeep | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false

  constructor(options: ExpiryOptions) {
    this.#options = options
  }

  /** Takes what deletes rows. */
  attach(upkeep: Upkeep): void {
    this.#upkeep = upkeep
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
    const over = this.#over()
    if (over.length === 0) return undefined
    return Promise.all(over.map(([resource, id]) => this.#remove(resource, id))).then(() => this.#wait())
  }

  /**
   * The same as a part of a transaction, which deletes the rows itself: any other unit would wait for the transaction's end.
   * If the transaction is undone, so are the deletions; the rows are still due.
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

  /** Rows whose time has passed. */
  #over(): (readonly [Resource, Id])[] {
    const now = this.#options.clock()
    const over: (readonly [Resource, Id])[] = []
    for (const { resource, due } of this.#rows.values())
      for (const [id, until] of due) {
        if (until > now) break
        over.push([resource, id])
      }
    return over
  }

  /** Deletes a row, once for all who ask for it meanwhile. What cannot be deleted now is tried again. */
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

  /** Sets the timer to the first row that goes, if none is set: what is renewed meanwhile is found still there. */
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
    this.#timer.unref()
  }
}

function keyOf(resource: Resource, id: Id): string {
  return `${resource.name} ${typeof id} ${id}`
}

function deletion(resource: Resource, id: Id): Call {
  return {
    operation: 'delete',
    resource,
    id,
    parent: null,
    query: null,
    shape: plainShape,
    mode: jsonMode,
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

/** expire: calls meet no row whose time is over … */
export function expiring(expiry: Expiry): Check {
  return ({ call, tx }) => {
    if (!call.resource.options.ephemeral) return undefined
    return tx ? expiry.settleIn(tx) : expiry.settle()
  }
}

/** … and a write renews its row although it changes nothing of it. */
export function renewing(expiry: Expiry): Step {
  return (invocation, next) => {
    const { call, tx } = invocation
    if (!call.resource.options.ephemeral || isRead(call.operation)) return next(invocation)
    return chain(next(invocation), outcome => {
      if (outcome.kind === 'item') for (const id of outcome.ids) written(expiry, call, id, tx !== null)
      return outcome
    })
  }
}

function written(expiry: Expiry, { resource, connection }: Target & Caller, id: Id, isPending: boolean): void {
  const isHeld = connection && resource.options.ephemeral!.presence
  // A row that a transaction makes is not known before the commit.
  if (!isHeld || isPending) expiry.renew(resource, id)
  if (isHeld) expiry.hold(resource, id, connection)
}
