import { ApiError } from '../protocol/error.ts'
import type { Model, Resource } from '../model/model.ts'
import type { ThisNode } from '../store/shared/this-node.ts'
import type { Store, Transaction } from '../store/store.ts'
import { signatureOf } from '../store/signature.ts'
import { chain, run, wait, type Maybe, type Work } from '../store/work.ts'
import { accessWithin, checkCallable, runAction, type DataAccess } from './actions/run-action.ts'
import { actOnce } from './once/action-once.ts'
import { withResourceHooks } from './actions/resource-hooks.ts'
import { repeated } from './batch/repeat-batch.ts'
import { deleteRows, patchRows } from './write/bulk.ts'
import type { RepresentationCache } from './cache/representation-cache.ts'
import type { Call, Outcome } from './call/call.ts'
import { Context, type ContextEnvironment } from './call/context.ts'
import { createRows, deleteOne, patchRow, putRow } from './write/write-rows.ts'
import { claimOf, once, writeOnce, type Again } from './once/idempotency.ts'
import { shownAgain } from './once/shown-again.ts'
import type { Invocation } from './call/invocation.ts'
import type { ListCache } from './cache/list-cache.ts'
import { isPast, readPast } from './past/read-past.ts'
import { getItem, getList, itemAhead } from './read/read.ts'
import type { WriteEnvironment } from './call/call-environment.ts'
import { accountOf } from './rules/rate-limiter.ts'
import { UnitOfWork } from './write/unit-of-work.ts'

export interface ExecutorOptions {
  readonly model: Model
  readonly store: Store
  readonly node: ThisNode
  readonly clock: () => number
  readonly surroundings: ContextEnvironment
  readonly cache: RepresentationCache | null
  readonly lists: ListCache | null
  /** The ledger of files; null if no resource has any. */
  readonly ledger: Resource | null
  readonly strict: boolean
}

/** The last steps of the pipeline: the operations themselves, in the call's unit of work. */
export class Executor {
  readonly #options: ExecutorOptions

  constructor(options: ExecutorOptions) {
    this.#options = options
  }

  /** Runs the operation of a call that has passed all earlier steps. */
  run(invocation: Invocation): Maybe<Outcome> {
    const { call, tx, part } = invocation
    if (part === null || tx === null) return this.#run(invocation)
    if (part.earlier && part.earlier.kind !== 'read')
      return run(repeated(tx, call, authorised(invocation), part.earlier))
    return chain(this.#run(invocation), outcome => {
      part.outcome = outcome
      return outcome
    })
  }

  #run(invocation: Invocation): Maybe<Outcome> {
    switch (invocation.call.operation) {
      case 'list':
      case 'get':
        return this.#read(invocation)
      case 'act':
        return this.#act(invocation)
      default:
        return this.#write(invocation)
    }
  }

  #read(invocation: Invocation): Maybe<Outcome> {
    const { call, tx } = invocation
    const writing = authorised(invocation)
    if (tx && isPast(call)) throw new ApiError('bad_request', { detail: 'a transaction sees the present only' })
    const hooks = call.resource.around.get(call.operation)
    if (!hooks) return this.#readFrom(tx, call, writing)
    const context = this.#contextOf(invocation)
    const hooked = { call, context, ctx: writing.ctx, waits: true }
    return run(withResourceHooks(hooks, hooked, given => wait(this.#readFrom(tx, given, writing))))
  }

  /** Reads from the open transaction, which includes what it has written, or else from the last committed state. */
  #readFrom(tx: Transaction | null, call: Call, writing: WriteEnvironment): Maybe<Outcome> {
    // No caches here: they only know committed rows.
    if (tx) return run<Outcome>(call.operation === 'list' ? getList(tx, call, writing) : getItem(tx, call, writing))
    const { store, lists, cache } = this.#options
    if (isPast(call)) return store.read<Outcome>(now => readPast({ store, now, reading: writing }, call))
    if (call.operation === 'list') return store.read<Outcome>(snapshot => getList(snapshot, call, writing, lists))
    const ahead = store.waits === true ? itemAhead(call, writing, cache) : undefined
    return store.read<Outcome>(snapshot => getItem(snapshot, call, writing, cache), ahead)
  }

  /** Runs an action: reads its input, calls its function and shapes its output. */
  #act(invocation: Invocation): Maybe<Outcome> {
    const { call, tx } = invocation
    const context = this.#contextOf(invocation)
    const perform = (): Maybe<Outcome> =>
      runAction(call, authorised(invocation), context, tx ? accessWithin(tx) : this.#access)
    const isOnce = call.idempotencyKey != null && call.action?.method !== 'GET'
    // A GET is safe to repeat, so its key does not matter.
    if (!isOnce) return perform()
    if (tx) throw new ApiError('bad_request', { detail: 'an action within a transaction cannot have a key of its own' })
    const check = (): Maybe<void> => checkCallable(call, authorised(invocation), this.#access)
    return actOnce(this.#options, call, perform, check)
  }

  readonly #access: DataAccess = {
    read: work => this.#options.store.read(work),
    begin: work => this.#options.store.transaction(work),
  }

  #write(invocation: Invocation): Maybe<Outcome> {
    const { call, tx } = invocation
    const writing = authorised(invocation)
    const { store, model, clock } = this.#options
    if (tx) return run(this.#writeOnceIn(tx, call, writing))
    // Other hooks run inside the unit of work. An async hook needs a transaction that waits for it.
    if (call.resource.around.get(call.operation)?.some(hook => hook.form === 'async'))
      return store.transaction(async own => run(this.#writeOnceIn(own, call, writing)))
    const claim = isClaimed(call) ? claimOf(call) : null
    if (!claim) return store.write(own => this.#change(own, call, writing, false))
    const options = { model, claim, now: clock(), again: againFor(call, writing) }
    return writeOnce(store, options, own => this.#change(own, call, writing, false))
  }

  /** The step `once` inside a transaction: does the write and stores its answer, or returns the stored answer. */
  #writeOnceIn(tx: Transaction, call: Call, writing: WriteEnvironment): Work<Outcome> {
    const { model, clock } = this.#options
    const claim = isClaimed(call) ? claimOf(call) : null
    if (!claim) return this.#change(tx, call, writing, true)
    const options = { model, claim, now: clock(), again: againFor(call, writing) }
    return once(tx, options, () => this.#change(tx, call, writing, true))
  }

  /** The step `around`: runs the operation with its around-hooks. `waits` is true in a transaction that can wait for them. */
  #change(tx: Transaction, call: Call, writing: WriteEnvironment, waits: boolean): Work<Outcome> {
    const hooks = call.resource.around.get(call.operation)
    if (!hooks) return this.#execute(tx, call, writing, waits)
    const context = new Context(this.#options.surroundings, call, writing.ctx.now, waits ? tx : 'none')
    const hooked = { call, context, ctx: writing.ctx, waits }
    return withResourceHooks(hooks, hooked, given => this.#execute(tx, given, writing, waits))
  }

  #execute(tx: Transaction, call: Call, writing: WriteEnvironment, waits: boolean): Work<Outcome> {
    const key = call.idempotencyKey ?? call.batchKey
    const unit = new UnitOfWork(tx, {
      ctx: writing.ctx,
      mode: call.mode,
      lenient: call.lenient ?? false,
      strict: this.#options.strict,
      permissions: writing.permissions,
      newId: writing.newId,
      hashes: writing.hashes,
      waits,
      isUnbounded: call.unbounded ?? false,
      mostNew: writing.bulk,
      ledger: this.#options.ledger,
      // What the application writes for itself has no author, and of callers who are not logged in only the key is noted.
      signature:
        call.trusted || (key == null && call.principal === null) ? null : signatureOf(call.principal, key ?? ''),
      account: call.unbounded ? null : () => accountOf(call),
    })
    switch (call.operation) {
      case 'create':
        return createRows(unit, call, writing)
      case 'replace':
        return putRow(unit, call, writing)
      case 'patch':
        return call.id === null ? patchRows(unit, call, writing) : patchRow(unit, call, writing)
      case 'delete':
        return call.id === null ? deleteRows(unit, call, writing) : deleteOne(unit, call, writing)
      case 'list':
      case 'get':
      case 'act':
        throw new TypeError(`${call.operation} does not write`)
    }
  }

  #contextOf(invocation: Invocation): Context {
    const { call, tx } = invocation
    return (invocation.context ??= new Context(this.#options.surroundings, call, authorised(invocation).ctx.now, tx))
  }
}

const againFor =
  (call: Call, writing: WriteEnvironment): Again =>
  (tx, kept) =>
    shownAgain(tx, call, writing, kept)

/** What the step `authorise` has collected, which is always before these. */
function authorised({ writing }: Invocation): WriteEnvironment {
  if (!writing) throw new Error('the step authorise has not run')
  return writing
}

/** Whether a call has an idempotency key, or needs one. */
function isClaimed({ idempotencyKey, resource }: Call): boolean {
  return idempotencyKey != null || resource.options.idempotency === 'required'
}
