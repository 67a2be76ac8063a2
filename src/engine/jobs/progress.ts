/** The shortest time between two writes of a job's progress, in milliseconds. */
const EVERY = 250

/**
 * The progress of a job. The first report is written at once, later ones at most every 250 ms: a job that counts to a million
 * must not cause a million commits.
 */
export class Progress {
  readonly #write: (done: number | null, note: string | null) => Promise<void>
  #pending: { readonly done: number | null; readonly note: string | null } | null = null
  #note: string | null = null
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  #ended = false

  constructor(write: (done: number | null, note: string | null) => Promise<void>) {
    this.#write = write
  }

  tell(done: number, note: string | undefined): void {
    if (this.#ended) return
    if (note !== undefined) this.#note = note.slice(0, 200)
    this.#pending = { done: Number.isFinite(done) ? Math.min(1, Math.max(0, done)) : null, note: this.#note }
    if (!this.#timer) this.#flush()
  }

  /** Stops writing, and waits for a write in progress. */
  async end(): Promise<void> {
    this.#ended = true
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = this.#pending = null
    await this.#writing
  }

  #flush(): void {
    const pending = this.#pending
    this.#timer = null
    if (!pending || this.#ended) return
    this.#pending = null
    this.#writing = this.#write(pending.done, pending.note).catch(() => {}) // if the store is broken, writing the end of the job fails too, and reports it
    this.#timer = setTimeout(() => this.#flush(), EVERY)
    this.#timer.unref()
  }
}
