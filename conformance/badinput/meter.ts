import { getHeapStatistics } from 'node:v8'

/** What a server took while something was tried on it. */
export interface Taken {
  /** The longest turn of the event loop, in milliseconds of the processor: how busy the machine is does not count. */
  readonly busyMs: number
  /** Mebibytes by which the memory of this thread grew. */
  readonly grownMiB: number
}

const mebibyte = 1_048_576
const everyMs = 5

/** Watches the event loop and the memory until it is stopped. */
export class Meter {
  #busy = 0
  #most = 0
  #last = process.threadCpuUsage()
  readonly #before = memory()
  readonly #timer = setInterval(() => this.#look(), everyMs)

  stop(): Taken {
    clearInterval(this.#timer)
    this.#look()
    return { busyMs: this.#busy, grownMiB: Math.max(0, this.#most - this.#before) / mebibyte }
  }

  #look(): void {
    const { user, system } = process.threadCpuUsage(this.#last)
    this.#last = process.threadCpuUsage()
    this.#busy = Math.max(this.#busy, (user + system) / 1_000)
    this.#most = Math.max(this.#most, memory())
  }
}

/** Of this thread alone: others of the process have their own. */
function memory(): number {
  const { total_physical_size: heap, external_memory: external, malloced_memory: native } = getHeapStatistics()
  return heap + external + native
}
