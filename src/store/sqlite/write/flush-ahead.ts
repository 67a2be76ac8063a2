import { closeSync, fdatasync, openSync } from 'node:fs'

/** Commits between two requests to the system. */
const EVERY = 250

/**
 * Has the write-ahead log brought to the disk beside the event loop, where commits do not wait for that. A checkpoint
 * does wait, within a commit, and would for everything since the one before: half of the longest pause that writers see.
 * A descriptor of the log may be closed at any time; one of the database itself would take SQLite's locks with it.
 */
export class FlushAhead {
  readonly #log: string
  #descriptor: number | null = null
  #commits = 0
  #isFlushing = false
  #isClosed = false

  constructor(database: string) {
    this.#log = `${database}-wal`
  }

  committed(commits: number): void {
    this.#commits += commits
    if (this.#commits < EVERY || this.#isFlushing || this.#isClosed) return
    this.#commits = 0
    try {
      this.#descriptor ??= openSync(this.#log, 'r+')
    } catch {
      // Then checkpoints wait as they would without.
      this.#isClosed = true
      return
    }
    this.#isFlushing = true
    // What fails here fails in the checkpoint as well, where it is told.
    fdatasync(this.#descriptor, () => {
      this.#isFlushing = false
      if (this.#isClosed) this.#release()
    })
  }

  close(): void {
    this.#isClosed = true
    if (!this.#isFlushing) this.#release()
  }

  #release(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }
}
