import type { Id, Resource } from '../../model/model.ts'
import type { Change, Transaction } from '../../store/store.ts'
import type { Maybe } from '../../store/work.ts'
import { ownCall, type Call, type Outcome } from '../call/call.ts'
import { DueRows } from './due-rows.ts'
import type { Lifetimes } from './lifetimes.ts'

/**
 * Deletes a row in the engine's own name, within a transaction or as a unit of its own. No rules apply: a row expires whoever
 * may write it.
 */
export type InternalCall = (call: Call, tx: Transaction | null) => Maybe<Outcome>

export interface ExpiryOptions {
  readonly clock: () => number
  readonly onFault: (error: unknown) => void
  /** What several nodes know of the same rows; null if they are those of this process alone. Default: null. */
  readonly lifetimes?: Lifetimes | null
}

/** The rows of one ephemeral resource. */
interface Rows {
  readonly resource: Resource
  /** When each row expires, unless a connection holds it. Of rows that nodes share, when it has to be found out whether it does. */
  readonly due: DueRows
  /** The connection of this process that holds each of the other rows. */
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
  /** When it fires. */
  #wakesAt = Infinity
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
      if (after) this.#extend(resource, id)
      else this.#forget(resource, id)
    }
  }

  /** Called with rows of which nobody in this process has heard yet. */
  found(resource: Resource, ids: readonly Id[]): void {
    const { due } = this.#of(resource)
    for (const id of ids) due.set(id, this.#options.clock())
    this.#wait()
  }

  /** Restarts the `ttl` of a row. Does nothing if a connection holds the row. */
  renew(resource: Resource, id: Id): Maybe<void> {
    this.#extend(resource, id)
    return this.#options.lifetimes?.renew(resource, id)
  }

  #extend(resource: Resource, id: Id): void {
    const { due, held } = this.#of(resource)
    if (held.has(id)) return
    due.set(id, this.#options.clock() + resource.options.ephemeral!.ttl)
    this.#wait()
  }

  /** Ties the row to a connection, in place of the connection that held it before. */
  hold(resource: Resource, id: Id, connection: AbortSignal): Maybe<void> {
    const { lifetimes } = this.#options
    const { due, held } = this.#of(resource)
    // The row may have been deleted in the meantime.
    if (!lifetimes && !due.has(id) && !held.has(id)) return undefined
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
    if (!lifetimes || connection.aborted) return undefined
    this.#lookAgain(resource, id)
    // If it closes before that is told, the row is released after it.
    return lifetimes.hold(resource, id).then(() => {
      if (connection.aborted) void this.#letGo(resource, id)
    })
  }

  /** A row that this process holds: it finds out in time whether it still does. */
  #lookAgain(resource: Resource, id: Id): void {
    this.#of(resource).due.set(id, this.#options.clock() + resource.options.ephemeral!.ttl / 2)
    this.#wait()
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
        void this.#letGo(resource, id)
      }
    }
  }

  /** Deletes a row that a connection has held, unless one of another node holds it by now. */
  async #letGo(resource: Resource, id: Id): Promise<void> {
    // If nobody can be told, others find out that this node does not hold it any more when it is due.
    await this.#options.lifetimes?.release(resource, id).catch(this.#options.onFault)
    if (!this.#of(resource).held.has(id)) await this.#remove(resource, id)
  }

  /** The rows that have expired. */
  #over(): (readonly [Resource, Id])[] {
    const now = this.#options.clock()
    const over: (readonly [Resource, Id])[] = []
    for (const { resource, due } of this.#rows.values()) for (const id of due.over(now)) over.push([resource, id])
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
    try {
      if (!(await this.#isOver(resource, id))) return
      const outcome = await this.#upkeep!(deletion(resource, id), tx)
      if (outcome.kind !== 'failure') return
      if (outcome.error.code === 'not_found') return this.#forget(resource, id)
      this.#options.onFault(outcome.error)
    } catch (error) {
      this.#options.onFault(error)
    }
    this.#extend(resource, id)
  }

  /** Whether the time of a row is over that is due, on whichever node it was renewed. */
  async #isOver(resource: Resource, id: Id): Promise<boolean> {
    const { lifetimes, clock } = this.#options
    if (!lifetimes) return true
    const { due, held } = this.#of(resource)
    const connection = held.get(id)
    if (connection && (await lifetimes.isOurs(resource, id)) && held.get(id) === connection) {
      this.#lookAgain(resource, id)
      return false
    }
    if (connection && held.get(id) === connection) this.#release(resource, id)
    const left = await lifetimes.left(resource, id)
    if (left > 0) due.set(id, clock() + left)
    return left === 0
  }

  #forget(resource: Resource, id: Id): void {
    this.#of(resource).due.delete(id)
    this.#release(resource, id)
  }

  /** No connection of this process holds the row any more. */
  #release(resource: Resource, id: Id): void {
    const { held } = this.#of(resource)
    const connection = held.get(id)
    if (!connection) return
    held.delete(id)
    this.#holders.get(connection)?.get(resource)?.delete(id)
  }

  #of(resource: Resource): Rows {
    let rows = this.#rows.get(resource)
    if (!rows) this.#rows.set(resource, (rows = { resource, due: new DueRows(), held: new Map() }))
    return rows
  }

  /**
   * Sets the timer to the next expiry, unless one is running that fires before. Rows that are renewed meanwhile do not move the
   * timer; it just finds nothing to do.
   */
  #wait(): void {
    if (this.#closed) return
    let first = Infinity
    for (const { due } of this.#rows.values()) first = Math.min(first, due.next)
    if (first === Infinity || (this.#timer && this.#wakesAt <= first)) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#wakesAt = first
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
