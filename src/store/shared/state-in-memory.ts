import type { SharedStep, SharedState, SharedText } from './shared-state.ts'

/** The most texts that are kept. Above it, those go that expire first. */
const MOST = 100_000

/** Texts of one process, for stores that no other process can use. */
export class StateInMemory implements SharedState {
  readonly #clock: () => number
  readonly #texts = new Map<string, { readonly text: string; readonly until: number }>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  update<T>(key: string, step: SharedStep<T>): T {
    const now = this.#clock()
    const found = this.#texts.get(key)
    const { value, text, until = Infinity } = step(found && found.until > now ? found.text : undefined, now)
    if (text === null) this.#texts.delete(key)
    else if (text !== undefined) {
      if (this.#texts.size >= MOST && found === undefined) this.#tidy(now)
      this.#texts.set(key, { text, until })
    }
    return value
  }

  list(prefix: string, most: number): SharedText[] {
    const now = this.#clock()
    return [...this.#texts]
      .filter(([key, { until }]) => key.startsWith(prefix) && until > now)
      .toSorted(([, a], [, b]) => b.until - a.until)
      .slice(0, most)
      .map(([key, { text }]) => ({ key, text }))
  }

  #tidy(now: number): void {
    for (const [key, { until }] of this.#texts) if (until <= now) this.#texts.delete(key)
    if (this.#texts.size < MOST) return
    const soonest = [...this.#texts].toSorted(([, a], [, b]) => a.until - b.until).slice(0, MOST / 10)
    for (const [key] of soonest) this.#texts.delete(key)
  }

  close(): void {
    this.#texts.clear()
  }
}
