import { ApiError } from '../protocol/error.ts'
import type { Auth } from '../auth/auth.ts'
import type { Authenticate } from '../auth/principal.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Provided } from '../model/action-context.ts'
import type { Model } from '../model/model.ts'
import type { Store, Transaction } from '../store/store.ts'
import { run, wait, type Maybe, type Work } from '../store/work.ts'
import { act, responded } from './act.ts'
import { aroundOf, surrounded } from './around.ts'
import { actOnce } from './act-once.ts'
import { authorize } from './authorize.ts'
import type { Call, Outcome } from './call.ts'
import { Context, type Surroundings } from './context.ts'
import { deleteRows, patchRows } from './bulk.ts'
import { Cache } from './cache.ts'
import { KeptLists } from './kept-lists.ts'
import { createRows, deleteRow, patchRow, putRow, type Writing } from './execute.ts'
import type { Files } from './files/files.ts'
import { ledgerOf } from './files/ledger.ts'
import { claimOf, once, writeOnce } from './idempotency.ts'
import { hooked, type Hooks } from './hooks.ts'
import { newIds, type Ids } from './ids.ts'
import type { Limiter } from './limit.ts'
import type { CursorKey } from './page.ts'
import type { Gate } from './gate.ts'
import { hashesFor } from './passwords.ts'
import { contextOf } from './read-row.ts'
import { isPast, readPast } from './past.ts'
import { getItem, getList, type Reading } from './read.ts'
import type { Bounds } from './related.ts'
import { isAsync } from './surround.ts'
import { Unit } from './unit.ts'

/** The engine as faces see it. */
export interface Engine {
  readonly model: Model
  readonly limits: Limits
  readonly epoch: string
  readonly mode: 'json' | 'cast'
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Who calls; where nothing is configured everybody is anonymous. */
  readonly authenticate: Authenticate
  /** Sessions, tickets, and what becomes of callers who stay; null where nobody is told apart. */
  readonly auth: Auth | null
  /** What callers pass before rules are asked. */
  readonly gate: Gate
  /** Verifies and makes the cursors of lists. */
  readonly cursorKey: CursorKey
  /** Null where no resource has files. */
  readonly files?: Files | null
  /** Charges calls to the budgets of whoever makes them; null where no rate limit is declared. `handle` asks it by itself. */
  readonly limiter?: Limiter | null
  /** Runs a call through the pipeline. Never throws and never rejects: every fault is an Outcome of kind `failure`. */
  handle(call: Call): Maybe<Outcome>
  /** The same inside a transaction of the application. */
  within(tx: Transaction, call: Call): Maybe<Outcome>
}

export interface EngineOptions {
  readonly model: Model
  readonly store: Store
  readonly limits: Limits
  readonly mode: 'json' | 'cast'
  readonly strict: boolean
  readonly auth: Auth | null
  /** What callers pass before rules are asked. */
  readonly gate: Gate
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly ids: Ids | null
  /** Bytes of representations that are kept in memory; 0 = none. */
  readonly cache?: number
  readonly cursorKey: CursorKey
  /** Null where no resource has files. */
  readonly files?: Files | null | undefined
  /** What runs around requests. */
  readonly hooks?: Hooks | null | undefined
  /** What actions find as `ctx.provided`. */
  readonly provided?: Provided | undefined
  /** What begins actions that are jobs. */
  readonly jobs?: Surroundings['jobs'] | undefined
  /** How actions name URIs. */
  readonly url?: Surroundings['url'] | undefined
  /** Hears of every fault that is ours (5xx), with its cause. */
  readonly onFault: (error: ApiError, call: Call) => void
  /** Hears of every write that a rule refused, with the rule; for people in development. */
  readonly onRefusal?: ((rule: string, call: Call) => void) | undefined
}

/**
 * The one place that orders the steps of a request: a face has limited its size, asked `authenticate` who calls and
 * resolved the resource; then authorise, statically → idempotency → authorise, by the row → validate → precondition → execute → present,
 * all but the first in one transaction (DECISIONS A8).
 */
export function createEngine(options: EngineOptions): Engine {
  const { store, clock, auth, gate } = options
  const newId = newIds(options.ids, clock, options.random)
  const ledger = ledgerOf(options.model)
  const cache = options.cache ? new Cache(store, options.cache / 2) : null
  const lists = options.cache ? new KeptLists(options.cache / 2) : null
  const bounded: Bounds = {
    ids: options.limits.relatedIds,
    rows: options.limits.maxPage,
    total: options.limits.expandedRows,
  }
  const unbounded: Bounds = { ids: null, rows: null, total: Infinity }

  /** authorise: what of the resource the caller may see; throws where nothing is allowed. */
  function admit(call: Call): Writing {
    gate.pass(call)
    return {
      epoch: store.epoch,
      ctx: contextOf(call.principal, call.auth, clock()),
      bounds: call.unbounded ? unbounded : bounded,
      sortedRows: options.limits.sortedRows,
      cursorKey: options.cursorKey,
      permissions: authorize(call, gate.closes(call.resource)),
      newId,
      bulk: call.unbounded ? Infinity : options.limits.bulk,
      hashes: null,
    }
  }

  function read(call: Call, reading: Reading): Maybe<Outcome> {
    return store.read<Outcome>(snapshot => {
      if (isPast(call)) return readPast(store, snapshot, call, reading)
      return call.operation === 'list'
        ? getList(snapshot, call, reading, lists)
        : getItem(snapshot, call, reading, cache)
    })
  }

  /** The operation with the hooks around it; `waits` = within a transaction that can wait for them. */
  function write(tx: Transaction, call: Call, writing: Writing, waits: boolean): Work<Outcome> {
    const hooks = aroundOf(call.resource, call.operation)
    if (hooks.length === 0) return execute(tx, call, writing)
    const context = new Context(surroundings, call, writing.ctx.now, waits ? tx : null, !waits)
    return surrounded(hooks, call, context, writing, waits, given => execute(tx, given, writing))
  }

  function execute(tx: Transaction, call: Call, writing: Writing): Work<Outcome> {
    const unit = new Unit(tx, {
      ctx: writing.ctx,
      mode: call.mode,
      lenient: call.lenient ?? false,
      strict: options.strict,
      permissions: writing.permissions,
      hashes: writing.hashes,
      ledger,
    })
    switch (call.operation) {
      case 'create':
        return createRows(unit, call, writing)
      case 'replace':
        return putRow(unit, call, writing)
      case 'patch':
        return call.id === null ? patchRows(unit, call, writing) : patchRow(unit, call, writing)
      case 'delete':
        return call.id === null ? deleteRows(unit, call, writing) : deleteRow(unit, call, writing)
      case 'list':
      case 'get':
      case 'act':
        throw new TypeError(`${call.operation} does not write`)
    }
  }

  /** idempotency: claimed, done and kept in one unit, or answered with what was kept. */
  function change(call: Call, writing: Writing): Promise<Outcome> {
    if (aroundOf(call.resource, call.operation).some(isAsync))
      return store.transaction(async tx => run(changeWithin(tx, call, writing)))
    const claim = claimOf(call)
    return claim
      ? writeOnce(store, options.model, claim, clock(), tx => write(tx, call, writing, false))
      : store.write(tx => write(tx, call, writing, false))
  }

  function changeWithin(tx: Transaction, call: Call, writing: Writing): Work<Outcome> {
    const claim = claimOf(call)
    return claim
      ? once(tx, options.model, claim, clock(), () => write(tx, call, writing, true))
      : write(tx, call, writing, true)
  }

  /** Its own operation of a resource: the function of the declaration between input and output. */
  function perform(call: Call, writing: Writing, context: Context, tx: Transaction | null): Maybe<Outcome> {
    return tx
      ? act(
          call,
          writing,
          context,
          work => run(work(tx)),
          work => work(tx),
        )
      : act(
          call,
          writing,
          context,
          work => store.read(work),
          work => store.transaction(work),
        )
  }

  /** authorise → execute, outside of any transaction of the application. */
  function attempt(call: Call, context: Context | null): Maybe<Outcome> {
    const writing = admit(call)
    if (call.operation === 'act') {
      const around = context ?? new Context(surroundings, call, writing.ctx.now)
      const once = call.idempotencyKey != null && call.action?.method !== 'GET'
      return once
        ? actOnce(store, call, clock, () => perform(call, writing, around, null))
        : perform(call, writing, around, null)
    }
    const toWrite = (ready: Writing): Maybe<Outcome> => hashed(call, ready, hashed => change(call, hashed))
    if (call.receive) return options.files!.during(call, writing, toWrite)
    if (!isRead(call)) return toWrite(writing)
    const hooks = aroundOf(call.resource, call.operation)
    if (hooks.length === 0) return read(call, writing)
    const around = context ?? new Context(surroundings, call, writing.ctx.now)
    return run(surrounded(hooks, call, around, writing, true, given => wait(read(given, writing))))
  }

  function isRead(call: Call): boolean {
    return call.operation === 'list' || call.operation === 'get'
  }

  function failure(thrown: unknown, call: Call): Outcome {
    const error = ApiError.from(thrown)
    // What abort(status, response) throws is an answer to be sent as it is.
    if (error.cause instanceof Response) return responded(call, error.status, error.cause)
    if (error.status >= 500) options.onFault(error, call)
    else if (typeof error.cause === 'string') options.onRefusal?.(error.cause, call)
    return { kind: 'failure', error }
  }

  function guarded(call: Call, work: () => Maybe<Outcome>): Maybe<Outcome> {
    try {
      const outcome = work()
      return outcome instanceof Promise ? outcome.catch((thrown: unknown) => failure(thrown, call)) : outcome
    } catch (thrown) {
      return failure(thrown, call)
    }
  }

  /** Hashing waits, and a unit of work cannot: passwords are hashed before it, of calls that may be made at all. */
  function hashed(call: Call, writing: Writing, work: (writing: Writing) => Maybe<Outcome>): Maybe<Outcome> {
    const hashing = hashesFor(call)
    return hashing ? hashing.then(hashes => work({ ...writing, hashes })) : work(writing)
  }

  const engine: Engine = {
    model: options.model,
    limits: options.limits,
    get epoch() {
      return store.epoch
    },
    mode: options.mode,
    clock,
    authenticate: auth?.authenticate ?? (() => null),
    auth,
    gate,
    cursorKey: options.cursorKey,
    files: options.files ?? null,
    handle: call =>
      guarded(call, () => {
        // Hooks are for requests; what the application itself asks for goes without them.
        const { hooks } = options
        if (!hooks || call.unbounded) return attempt(call, null)
        const context = new Context(surroundings, call, clock())
        const reading = { ctx: contextOf(call.principal, call.auth, context.now) }
        return run(hooked(hooks, call, context, reading, () => attempt(call, context)))
      }),
    within: (tx, call) =>
      guarded(call, () => {
        const writing = admit(call)
        if (call.operation === 'act') return perform(call, writing, new Context(surroundings, call, clock(), tx), tx)
        if (!isRead(call)) return hashed(call, writing, ready => run(changeWithin(tx, call, ready)))
        if (isPast(call)) throw new ApiError('bad_request', { detail: 'a transaction sees the present only' })
        return run<Outcome>(call.operation === 'list' ? getList(tx, call, writing) : getItem(tx, call, writing))
      }),
  }
  const surroundings: Surroundings = {
    engine,
    store,
    provided: options.provided ?? {},
    url: options.url ?? noUrl,
    jobs: options.jobs ?? null,
  }
  return engine
}

function noUrl(): never {
  throw new TypeError('this engine is served nowhere, so nothing has a URL')
}
