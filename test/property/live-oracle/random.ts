import { seeded } from '../../rules/seeded.ts'

/** Random choices, the same for the same seed. */
export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seeded(seed)
  }

  /** An integer from 0 to n - 1. */
  int(n: number): number {
    return Math.floor(this.#next() * n)
  }

  chance(probability: number): boolean {
    return this.#next() < probability
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(values.length)]!
  }

  /** Up to `count` different values, in random order. */
  some<T>(values: readonly T[], count: number): T[] {
    const left = [...values]
    const taken: T[] = []
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.int(left.length), 1))
    return taken
  }
}
