import { closeSync, fdatasync, openSync } from 'node:fs'

/** How many commits there are between two flushes. */
const EVERY = 250

/**
 * Flushes the write-ahead log to disk in the background, where no commit waits for it. Otherwise a checkpoint, which happens
 * inside a commit, would have to flush everything since the last one; that was half of the longest pause that writers see. It
 * uses a descriptor of the log and not of the database: closing one of the database would release SQLite's locks.
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
      // Without the log, checkpoints flush by themselves.
      this.#isClosed = true
      return
    }
    this.#isFlushing = true
    // If flushing fails here, it also fails in the checkpoint, which reports it.
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
