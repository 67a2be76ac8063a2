/**
 * Orders the requests of one connection. A write waits for everything sent before it, and everything waits for the writes
 * before it (as RFC 9112 §9.3.2 demands for pipelined requests). Otherwise a read could be answered from before the write.
 */
export class RequestTurns {
  readonly #settled: () => void
  #writes: Promise<void> = Promise.resolve()
  readonly #reads = new Set<Promise<void>>()
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
    this.#reads.add(read)
    void read.then(() => this.#reads.delete(read))
  }

  #write(run: () => Promise<void>): void {
    const isFree = !this.#isWriting && this.#reads.size === 0
    const write = isFree ? run() : Promise.all([this.#writes, ...this.#reads]).then(run)
    this.#writes = write
    this.#isWriting = true
    void write.then(() => {
      if (this.#writes === write) this.#isWriting = false
    })
  }
}
