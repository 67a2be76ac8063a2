import type { Commit } from '../store.ts'

/** Changes that are kept; older ones are forgotten a commit at a time. */
const KEPT = 1_000_000

/** The change log of a store in memory. */
export class Log {
  #commits: Commit[] = []
  #changes = 0
  /** Everything after this position is here. */
  #floor = 0
  readonly #kept: number

  constructor(kept: number = KEPT) {
    this.#kept = kept
  }

  append(commit: Commit): void {
    this.#commits.push(commit)
    this.#changes += sizeOf(commit)
    if (this.#changes > this.#kept * 1.1) this.#trim()
  }

  /** Begins anew after rows came without records. */
  restart(position: number): void {
    this.#commits = []
    this.#changes = 0
    this.#floor = position
  }

  after(position: number, limit: number): Commit[] | null {
    if (position < this.#floor) return null
    const commits: Commit[] = []
    let changes = 0
    for (let i = this.#indexAfter(position); i < this.#commits.length && changes < limit; i++) {
      const commit = this.#commits[i]!
      commits.push(commit)
      changes += sizeOf(commit)
    }
    return commits
  }

  #indexAfter(position: number): number {
    let low = 0
    let high = this.#commits.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#commits[middle]!.position > position) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Drops a tenth at once, so that what is kept is not moved for every commit. */
  #trim(): void {
    let drop = 0
    while (this.#changes > this.#kept && drop < this.#commits.length - 1) {
      this.#changes -= sizeOf(this.#commits[drop]!)
      this.#floor = this.#commits[drop]!.position
      drop++
    }
    this.#commits = this.#commits.slice(drop)
  }
}

/** Records of a commit. */
export function sizeOf(commit: Commit): number {
  return commit.changes.length + commit.published.length
}
