import type { Id, Resource } from '../../model/model.ts'
import type { Commit, Recorded } from '../store.ts'

/** How many changes are kept. Above it, the oldest commits are dropped. */
const KEPT = 1_000_000

/** The change log of the in-memory store. */
export class MemoryLog {
  #commits: Commit[] = []
  #changes = 0
  /** Everything after this position is in the log. */
  #floor = 0
  readonly #kept: number

  constructor(kept: number = KEPT) {
    this.#kept = kept
  }

  append(commit: Commit): void {
    this.#commits.push(commit)
    this.#changes += recordCount(commit)
    if (this.#changes > this.#kept * 1.1) this.#trim()
  }

  /** Starts an empty log at a position, after rows were loaded without records. */
  restart(position: number): void {
    this.#commits = []
    this.#changes = 0
    this.#floor = position
  }

  /** The commits after a position, with at least `limit` changes if there are so many; null if the log does not reach back. */
  after(position: number, limit: number): Commit[] | null {
    if (position < this.#floor) return null
    const commits: Commit[] = []
    let changes = 0
    for (let i = this.#indexAfter(position); changes < limit; i++) {
      const commit = this.#commits[i]
      if (!commit) break
      commits.push(commit)
      changes += recordCount(commit)
    }
    return commits
  }

  /** The oldest position after which all changes are known. */
  get reach(): number {
    return this.#floor
  }

  /** The newest records of a row before a seq, newest first. Searches all commits: the store is for small data. */
  history(resource: Resource, id: Id, before: number, limit: number): Recorded[] {
    const found: Recorded[] = []
    for (let i = this.#commits.length - 1; i >= 0 && found.length < limit; i--) {
      const { at = 0, changes = [] } = this.#commits[i] ?? {}
      for (let j = changes.length - 1; j >= 0 && found.length < limit; j--) {
        const change = changes[j]
        if (change?.id === id && change.resource === resource && change.seq < before) found.push({ ...change, at })
      }
    }
    return found
  }

  #indexAfter(position: number): number {
    let low = 0
    let high = this.#commits.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#commits[middle]?.position ?? Infinity) > position) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Drops a tenth of the log at once, so that the array is not moved for every commit. */
  #trim(): void {
    let drop = 0
    // The newest commit always stays, because it is the position.
    for (const commit of this.#commits.slice(0, -1)) {
      if (this.#changes <= this.#kept) break
      this.#changes -= recordCount(commit)
      this.#floor = commit.position
      drop++
    }
    this.#commits = this.#commits.slice(drop)
  }
}

/** The number of records in a commit. */
export function recordCount(commit: Commit): number {
  return commit.changes.length + commit.published.length
}
