/** Who wants to hear of the commits of a store. They hear of them once per turn, after those who wrote have got their answers. */
export class CommitListeners {
  readonly #all = new Set<() => void>()
  #isTelling = false

  get size(): number {
    return this.#all.size
  }

  /** Returns a function that takes the listener off. */
  add(listener: () => void): () => void {
    // The same function may be given twice.
    const own = (): void => listener()
    this.#all.add(own)
    return () => void this.#all.delete(own)
  }

  tell(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    setImmediate(() => {
      this.#isTelling = false
      for (const listener of this.#all) listener()
    })
  }

  clear(): void {
    this.#all.clear()
  }
}
