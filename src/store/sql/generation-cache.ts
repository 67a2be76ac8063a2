/**
 * Values by text, in two generations: a hit costs one look-up, and values are dropped that were not used while as many others
 * came as one generation holds.
 */
export class GenerationCache<V extends object> {
  readonly #most: number
  #current = new Map<string, V>()
  #former = new Map<string, V>()

  /** `most` = how many values a generation holds. */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#current.size + this.#former.size
  }

  get(key: string): V | undefined {
    return this.#current.get(key) ?? this.#renewed(key)
  }

  /** Keeps a value, and returns it. */
  set(key: string, value: V): V {
    if (this.#current.size >= this.#most) {
      this.#former = this.#current
      this.#current = new Map()
    }
    this.#former.delete(key)
    this.#current.set(key, value)
    return value
  }

  clear(): void {
    this.#current.clear()
    this.#former.clear()
  }

  #renewed(key: string): V | undefined {
    const value = this.#former.get(key)
    return value && this.set(key, value)
  }
}
