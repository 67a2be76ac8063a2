import type { Commit } from '../../store.ts'

/** Commits kept in memory, so that whoever follows the log closely does not make it read again; a power of two. */
const KEPT = 512
/** Changes in them all. */
const CHANGES = 4_096

/**
 * The newest commits, without a gap up to the newest. They stand in a ring that is written over in place: what left it is
 * held by nothing that is older, so the collector lets go of it while it is young, which is most of what a write costs it.
 */
export class Recent {
  readonly #ring: (Commit | undefined)[] = Array.from({ length: KEPT }, () => undefined)
  /** Numbers of the oldest commit and of the next one, counted from the beginning. */
  #oldest = 0
  #next = 0
  #changes = 0
  /** Position before the oldest. */
  #start: number

  constructor(position: number) {
    this.#start = position
  }

  /** Forgets all: what comes next follows on this position. */
  restart(position: number): void {
    this.#ring.fill(undefined)
    this.#oldest = this.#next = this.#changes = 0
    this.#start = position
  }

  push(commit: Commit): void {
    if (this.#next - this.#oldest === KEPT) this.#drop()
    this.#changes += sizeOf(commit)
    while (this.#changes > CHANGES && this.#oldest < this.#next) this.#drop()
    this.#ring[this.#next++ % KEPT] = commit
  }

  #drop(): void {
    const place = this.#oldest++ % KEPT
    const gone = this.#ring[place]!
    this.#ring[place] = undefined
    this.#changes -= sizeOf(gone)
    this.#start = gone.position
  }

  /** Commits after a position, or undefined if they are not all here. */
  after(position: number, limit: number): Commit[] | undefined {
    if (position < this.#start) return undefined
    const found: Commit[] = []
    let changes = 0
    for (let i = this.#firstAfter(position); i < this.#next && changes < limit; i++) {
      const commit = this.#ring[i % KEPT]!
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
      if (this.#ring[middle % KEPT]!.position > position) high = middle
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
