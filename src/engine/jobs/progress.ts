/** Milliseconds between two writes of one job's progress. */
const EVERY = 250

/** How far a job is: the first word at once, then the newest now and then, so that counting does not wear out the disk. */
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

  /** Nothing is written after it. */
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
    this.#writing = this.#write(pending.done, pending.note).catch(() => {}) // the end of the job will fail as well, and tell
    this.#timer = setTimeout(() => this.#flush(), EVERY)
    this.#timer.unref()
  }
}
