// When the requests of a connection are carried out: a bucket limits how many come, turns keep their order.

/** Limits the messages of a connection: `rate` per second, `burst` at once. */
export class Bucket {
  readonly #rate: number
  readonly #burst: number
  readonly #clock: () => number
  #left: number
  #at: number
  /** How many messages in a row were refused. */
  refused = 0

  constructor(rate: number, burst: number, clock: () => number) {
    this.#rate = rate
    this.#burst = burst
    this.#clock = clock
    this.#left = burst
    this.#at = clock()
  }

  take(): boolean {
    const now = this.#clock()
    // If the clock is set back, nothing is taken away.
    const passed = Math.max(0, now - this.#at)
    this.#left = Math.min(this.#burst, this.#left + (passed * this.#rate) / 1_000)
    this.#at = now
    if (this.#left < 1) {
      this.refused++
      return false
    }
    this.#left--
    this.refused = 0
    return true
  }

  /** Whether the client has gone on after as many refusals as a burst has. It is then disconnected. */
  get isFlooded(): boolean {
    return this.refused > this.#burst
  }
}

/**
 * Orders the requests of one connection. A write waits for everything sent before it, and everything waits for the writes
 * before it (as RFC 9112 §9.3.2 demands for pipelined requests). Otherwise a read could be answered from before the write.
 */
export class RequestTurns {
  readonly #settled: () => void
  #writes: Promise<void> = Promise.resolve()
  /** The reads in progress; null if there are none, as nearly always. */
  #reads: Set<Promise<void>> | null = null
  #isWriting = false
  #underWay = 0

  /** `settled` is called whenever a request is done. */
  constructor(settled: () => void) {
    this.#settled = settled
  }

  get underWay(): number {
    return this.#underWay
  }

  /** Runs a request when its turn comes, at once if nothing is in the way. Errors are passed to `failed`. */
  take(isWrite: boolean, work: () => void | Promise<void>, failed: (thrown: unknown) => void): void {
    this.#underWay++
    const run = async (): Promise<void> => {
      try {
        await work()
      } catch (thrown) {
        failed(thrown)
      } finally {
        this.#underWay--
        this.#settled()
      }
    }
    if (isWrite) this.#write(run)
    else this.#read(run)
  }

  #read(run: () => Promise<void>): void {
    const read = this.#isWriting ? this.#writes.then(run) : run()
    const reads = (this.#reads ??= new Set())
    reads.add(read)
    void read.then(() => {
      reads.delete(read)
      if (reads.size === 0 && this.#reads === reads) this.#reads = null
    })
  }

  #write(run: () => Promise<void>): void {
    const isFree = !this.#isWriting && this.#reads === null
    const write = isFree ? run() : Promise.all([this.#writes, ...(this.#reads ?? [])]).then(run)
    this.#writes = write
    this.#isWriting = true
    void write.then(() => {
      if (this.#writes === write) this.#isWriting = false
    })
  }
}
