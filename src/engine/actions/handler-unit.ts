import { ApiError } from '../../protocol/error.ts'
import type { Published, Store, Transaction } from '../../store/store.ts'
import { wait, type Maybe } from '../../store/work.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { Engine } from '../engine.ts'

/**
 * What the functions of one request to a handled resource do, as a whole: their writes through `ctx.db` and the log
 * record are kept together or not at all, and what they did outside is taken back by what they said would.
 */
export class HandlerUnit {
  readonly #store: Store
  readonly #engine: Engine
  readonly #undo: (() => unknown)[] = []
  /** Opened by the first use of `ctx.db`, so that a slow device does not hold up writes. */
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

  /** Runs a call of `ctx.db`. */
  async handle(call: Call): Promise<Outcome> {
    if (this.#over) throw new ApiError('unavailable', { detail: 'the request is over: ctx.db ended with it' })
    const tx = await (this.#tx ??= this.#open())
    return this.#engine.within(tx, call)
  }

  /** Keeps everything, with a record; its seq. */
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

  /** Takes everything back; what fails at that is told, and the rest is taken back all the same. */
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
    this.#end.promise.catch(() => undefined)
    this.#done = this.#store.transaction(tx => {
      opened.resolve(tx)
      return this.#end.promise
    })
    this.#done.catch(opened.reject)
    return opened.promise
  }
}

/** Runs calls for `ctx.db`. */
export type Handle = (call: Call) => Maybe<Outcome>
