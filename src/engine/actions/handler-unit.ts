import { ApiError } from '../../protocol/error.ts'
import type { Published, Store, Transaction } from '../../store/store.ts'
import { wait, type Maybe } from '../../store/work.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { Engine } from '../engine.ts'

/**
 * The unit of work of one request to a handled resource. Its writes through `ctx.db` and its log record are committed together
 * or not at all. If it fails, the steps given to `ctx.undo` take back what was done outside of the database.
 */
export class HandlerUnit {
  readonly #store: Store
  readonly #engine: Engine
  readonly #undo: (() => unknown)[] = []
  /** The transaction, opened by the first use of `ctx.db`. A slow device that uses no database must not hold up other writes. */
  #tx: Promise<Transaction> | null = null
  readonly #end = Promise.withResolvers<void>()
  #done: Promise<void> = Promise.resolve()
  #over = false

  constructor(store: Store, engine: Engine) {
    this.#store = store
    this.#engine = engine
  }

  undo(step: () => unknown): void {
    this.#undo.push(step)
  }

  /** Runs a call that was made through `ctx.db`. */
  async handle(call: Call): Promise<Outcome> {
    if (this.#over) throw new ApiError('unavailable', { detail: 'the request is over: ctx.db ended with it' })
    const tx = await (this.#tx ??= this.#open())
    return this.#engine.within(tx, call)
  }

  /** Commits the unit together with its log record. Resolves to the record's seq. */
  async keep(record: Omit<Published, 'seq'>): Promise<number> {
    this.#over = true
    const { uri, op, body } = record
    if (!this.#tx) {
      return this.#store.write(function* (tx) {
        return yield* wait(tx.publish(uri, op, body))
      })
    }
    const seq = await (await this.#tx).publish(uri, op, body)
    this.#end.resolve()
    await this.#done
    return seq
  }

  /** Rolls the unit back and runs the undo steps, the last one first. A step that fails is reported, and the others still run. */
  async drop(reason: unknown, onFault: (error: unknown) => void): Promise<void> {
    this.#over = true
    if (this.#tx) {
      this.#end.reject(reason)
      await this.#done.catch(() => undefined)
    }
    for (const step of this.#undo.toReversed()) {
      try {
        await step()
      } catch (error) {
        onFault(error)
      }
    }
  }

  #open(): Promise<Transaction> {
    const opened = Promise.withResolvers<Transaction>()
    // `drop` may reject it before the store's transaction waits for it.
    this.#end.promise.catch(() => undefined)
    this.#done = this.#store.transaction(tx => {
      opened.resolve(tx)
      return this.#end.promise
    })
    this.#done.catch(opened.reject)
    return opened.promise
  }
}

/** Runs a call for `ctx.db`. */
export type RunCall = (call: Call) => Maybe<Outcome>
