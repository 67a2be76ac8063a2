/** A lock by name. Work under one name runs in the order in which it was submitted; other names do not wait for it. */
export class KeyedLock {
  readonly #last = new Map<string, Promise<unknown>>()

  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const mine = before ? before.then(work) : work()
    const settled = mine.catch(() => undefined)
    this.#last.set(name, settled)
    try {
      return await mine
    } finally {
      // Nobody queued up behind us, so the name can be forgotten; the Map stays small.
      if (this.#last.get(name) === settled) this.#last.delete(name)
    }
  }
}
