/** Runs one job at a time, in the order in which they come. */
export class TransactionQueue {
  #busy = false
  readonly #waiting: (() => void)[] = []

  get isBusy(): boolean {
    return this.#busy
  }

  async take<T>(job: () => T | Promise<T>): Promise<T> {
    if (this.#busy) await new Promise<void>(resolve => this.#waiting.push(resolve))
    this.#busy = true
    try {
      return await job()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#busy = false
    }
  }
}
