import type { Commit } from '../store.ts'

/** How many commits are kept in memory, so that followers of the log rarely read the file; a power of two. */
const KEPT = 512
/** The most changes in all of them together, and the most bytes. */
const CHANGES = 4_096
const BYTES = 16_777_216

/**
 * The newest commits, without a gap. They are in a ring that is overwritten in place. A commit that leaves it is not referenced
 * by older objects, so the garbage collector frees it while it is young. That is most of what this costs a write.
 */
export class RecentCommits {
  readonly #ring: (Commit | undefined)[] = Array.from({ length: KEPT }, () => undefined)
  /** The numbers of the oldest commit and of the next one, counted from the start. */
  #oldest = 0
  #next = 0
  #changes = 0
  #bytes = 0
  /** The position before the oldest commit. */
  #start: number

  constructor(position: number) {
    this.#start = position
  }

  /** Drops everything. The next commit follows on this position. */
  restart(position: number): void {
    this.#ring.fill(undefined)
    this.#oldest = this.#next = this.#changes = this.#bytes = 0
    this.#start = position
  }

  push(commit: Commit): void {
    if (this.#next - this.#oldest === KEPT) this.#drop()
    this.#changes += sizeOf(commit)
    this.#bytes += commit.bytes ?? 0
    while ((this.#changes > CHANGES || this.#bytes > BYTES) && this.#oldest < this.#next) this.#drop()
    this.#ring[this.#next++ % KEPT] = commit
  }

  #drop(): void {
    const place = this.#oldest++ % KEPT
    const gone = this.#ring[place]
    if (!gone) return
    this.#ring[place] = undefined
    this.#changes -= sizeOf(gone)
    this.#bytes -= gone.bytes ?? 0
    this.#start = gone.position
  }

  /** The commits after a position; undefined if some of them are not in memory. */
  after(position: number, limit: number): Commit[] | undefined {
    if (position < this.#start) return undefined
    const found: Commit[] = []
    let changes = 0
    for (let i = this.#firstAfter(position); i < this.#next && changes < limit; i++) {
      const commit = this.#ring[i % KEPT]
      if (!commit) break
      found.push(cut(commit, position))
      changes += sizeOf(commit)
    }
    return found
  }

  #firstAfter(position: number): number {
    let low = this.#oldest
    let high = this.#next
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ring[middle % KEPT]?.position ?? Infinity) > position) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** The part of a commit after a position. The version of a row may be a position in the middle of a commit. */
function cut(commit: Commit, position: number): Commit {
  // Positions are dense: the number of records tells where the commit begins.
  if (commit.position - sizeOf(commit) >= position) return commit
  const isAfter = ({ seq }: { readonly seq: number }): boolean => seq > position
  return { ...commit, changes: commit.changes.filter(isAfter), published: commit.published.filter(isAfter) }
}

function sizeOf(commit: Commit): number {
  return commit.changes.length + commit.published.length
}
