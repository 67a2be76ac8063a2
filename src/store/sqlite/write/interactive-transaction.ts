import { ApiError } from '../../../protocol/error.ts'
import type { Transaction } from '../../store.ts'
import { transactionEnded, TransactionHandle } from '../../transaction-handle.ts'
import type { Writer } from './writer.ts'

/**
 * A transaction of application code that waits for other things. It has the writer to itself until it ends or its time is over.
 */
export class Interactive {
  readonly #writer: Writer
  readonly #handle: TransactionHandle
  readonly #settle: (changed: boolean) => void
  #timer: NodeJS.Timeout | undefined
  #over = false

  /** `settle` is called when the writer is free again, before the caller's promise settles. */
  constructor(writer: Writer, settle: (changed: boolean) => void) {
    this.#writer = writer
    this.#handle = new TransactionHandle(writer)
    this.#settle = settle
  }

  /** Runs the work. The writer's transaction has already begun. */
  async run<T>(work: (tx: Transaction) => Promise<T>, milliseconds: number): Promise<T> {
    this.#writer.start(true)
    const late = Promise.withResolvers<never>()
    this.#timer = setTimeout(() => {
      this.#end(false)
      late.reject(new ApiError('unavailable', { detail: `the transaction took longer than ${milliseconds} ms` }))
    }, milliseconds)
    let value: T
    try {
      value = await Promise.race([work(this.#handle), late.promise])
    } catch (error) {
      this.#end(false)
      throw error
    }
    const failure = this.#over ? transactionEnded() : this.#end(true)
    if (failure !== null) throw failure
    return value
  }

  /** Rolls back, because the store closes. */
  abort(): void {
    this.#end(false)
  }

  #end(keep: boolean): ApiError | null {
    if (this.#over) return null
    this.#over = true
    clearTimeout(this.#timer)
    this.#handle.end()
    let failure: ApiError | null = null
    let changed = false
    try {
      if (keep) changed = this.#writer.commit()
      else this.#writer.rollback()
    } catch (error) {
      this.#writer.rollback()
      failure = this.#writer.failure(error)
    }
    this.#settle(changed)
    return failure
  }
}
