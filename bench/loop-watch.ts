/** Watches how long single turns of the event loop take: on the clock, and in processor time of this thread alone. */
export class LoopWatch {
  #last = 0
  #lastCpu = 0
  #turn = 0
  #cpu = 0
  #next: NodeJS.Immediate | null = null

  /** Begins once the loop is quiet. */
  async settle(): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, 50))
    this.#last = performance.now()
    this.#lastCpu = cpuOfThread()
    this.#look()
  }

  /** The longest turn since then, in milliseconds. */
  stop(): { readonly turn: number; readonly cpu: number } {
    this.#measure()
    if (this.#next) clearImmediate(this.#next)
    return { turn: this.#turn, cpu: this.#cpu }
  }

  #look(): void {
    this.#next = setImmediate(() => {
      this.#measure()
      this.#look()
    })
  }

  #measure(): void {
    const now = performance.now()
    const cpu = cpuOfThread()
    this.#turn = Math.max(this.#turn, now - this.#last)
    this.#cpu = Math.max(this.#cpu, cpu - this.#lastCpu)
    this.#last = now
    this.#lastCpu = cpu
  }
}

function cpuOfThread(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
