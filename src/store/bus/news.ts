import { parsePosition } from '../../protocol/position.ts'
import type { Terms } from '../terms.ts'
import type { Bus } from './bus.ts'

export interface NewsOptions {
  readonly bus: Bus
  /** Names the database. */
  readonly topic: string
  readonly terms: Terms
  /** The newest position that this node knows. */
  readonly position: () => number
  /** Called when another node has committed something that this one does not know, or may have; with the position, if it is told. */
  readonly onNews: (position: number) => void
}

/** Tells other nodes the position of the newest commit, and hears theirs. */
export class News {
  readonly #options: NewsOptions
  #told = -1
  #isDue = false

  constructor(options: NewsOptions) {
    this.#options = options
    options.bus.open(options.topic, text => this.#hear(text))
  }

  /** Called after commits of this node; tells of all of a turn at once. */
  committed(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      const { bus, terms, position } = this.#options
      const now = position()
      if (now === this.#told) return
      this.#told = now
      bus.publish(terms.position(now))
    })
  }

  #hear(text: string): void {
    const { terms, position, onNews } = this.#options
    // An empty message: some may have been lost.
    if (text === '') return onNews(0)
    const told = parsePosition(text)
    if (told === null) return
    // A term that is not known here has begun elsewhere.
    if (terms.epochAt(told.seq) !== told.epoch || told.seq > position()) onNews(told.seq)
  }
}
