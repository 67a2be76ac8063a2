/** What has arrived and was not asked for yet. */
export class Inbox<T> {
  readonly #arrived: T[] = []
  #end: Error | null = null
  #wake: () => void = () => {}

  push(one: T): void {
    this.#arrived.push(one)
    this.#wake()
  }

  /** Nothing more arrives. Whoever waits is told why. */
  end(error: Error): void {
    this.#end ??= error
    this.#wake()
  }

  /** Takes the first that fits; those before it stay. Rejects if nothing fits and nothing more arrives. */
  async next(fits: (one: T) => boolean = () => true): Promise<T> {
    for (;;) {
      const at = this.#arrived.findIndex(one => fits(one))
      if (at >= 0) return this.#arrived.splice(at, 1)[0]!
      if (this.#end) throw this.#end
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}
