import type { Commit } from '../store.ts'

/** Changes kept in memory, so that whoever follows the log closely does not make it read again. */
const KEPT = 4_096

/** The newest commits, without a gap up to the newest. */
export class Recent {
  #commits: Commit[] = []
  #changes = 0
  /** Position before the oldest. */
  #start: number

  constructor(position: number) {
    this.#start = position
  }

  /** Forgets all: what comes next follows on this position. */
  restart(position: number): void {
    this.#commits = []
    this.#changes = 0
    this.#start = position
  }

  push(commit: Commit): void {
    this.#commits.push(commit)
    this.#changes += sizeOf(commit)
    if (this.#changes < 2 * KEPT) return
    // Half at once, so that a commit costs the same however many are kept.
    let gone = 0
    while (gone < this.#commits.length - 1 && this.#changes > KEPT) {
      this.#start = this.#commits[gone]!.position
      this.#changes -= sizeOf(this.#commits[gone++]!)
    }
    this.#commits = this.#commits.slice(gone)
  }

  /** Commits after a position, or undefined if they are not all here. */
  after(position: number, limit: number): Commit[] | undefined {
    if (position < this.#start) return undefined
    const found: Commit[] = []
    let changes = 0
    for (let i = this.#firstAfter(position); i < this.#commits.length && changes < limit; i++) {
      const commit = this.#commits[i]!
      found.push(cut(commit, position))
      changes += sizeOf(commit)
    }
    return found
  }

  #firstAfter(position: number): number {
    let low = 0
    let high = this.#commits.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#commits[middle]!.position > position) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** A position within a commit (the version of one of its rows) gets the rest of it. */
function cut(commit: Commit, position: number): Commit {
  // Positions are dense, so the first is as far from the last as there are records.
  if (commit.position - sizeOf(commit) >= position) return commit
  const isAfter = ({ seq }: { readonly seq: number }): boolean => seq > position
  return { ...commit, changes: commit.changes.filter(isAfter), published: commit.published.filter(isAfter) }
}

function sizeOf(commit: Commit): number {
  return commit.changes.length + commit.published.length
}
