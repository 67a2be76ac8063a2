/** For how many milliseconds after the last question costs are measured, so that they are free while nobody looks. */
const ASKED = 15_000

/** The weight of a new measurement in a moving average. */
const WEIGHT = 0.3

/** What commits cost the followed queries that they concern. It is measured while somebody asks. */
export class CommitCosts<G extends object> {
  readonly #averages = new WeakMap<G, number>()
  #until = -Infinity

  /** Average milliseconds of a commit that concerns this group; null = none has while somebody asked. Measures from now on. */
  of(group: G): number | null {
    this.#until = performance.now() + ASKED
    return this.#averages.get(group) ?? null
  }

  get isAsked(): boolean {
    return performance.now() < this.#until
  }

  /** Notes that a commit took so many milliseconds for these groups together. */
  share(groups: ReadonlySet<G>, milliseconds: number): void {
    for (const group of groups) this.#note(group, milliseconds / groups.size)
  }

  /** Notes that a group took the time since `begin`, and returns the time now. */
  lap(group: G, begin: number): number {
    const now = performance.now()
    this.#note(group, now - begin)
    return now
  }

  #note(group: G, milliseconds: number): void {
    this.#averages.set(group, averaged(this.#averages.get(group) ?? null, milliseconds))
  }
}

/** The moving average after one more measurement; null = there was none before. */
export const averaged = (before: number | null, next: number): number =>
  before === null ? next : before + WEIGHT * (next - before)
