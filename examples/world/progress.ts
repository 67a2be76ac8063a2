/** Shows progress: a bar on a terminal, otherwise a line at the end and, if it takes long, one for each tenth. */
export class Progress {
  readonly #label: string
  readonly #total: number
  readonly #out: NodeJS.WriteStream
  #done = 0
  #shown = -1

  constructor(label: string, total: number, out: NodeJS.WriteStream = process.stderr) {
    this.#label = label
    this.#total = total
    this.#out = out
  }

  /** Passes values on, one step each. */
  *over<T>(values: Iterable<T>): Generator<T> {
    for (const value of values) {
      yield value
      this.#done++
      this.#show()
    }
  }

  #show(): void {
    const steps = this.#out.isTTY ? 100 : this.#total < 10_000 ? 1 : 10
    const step = Math.floor((this.#done * steps) / this.#total)
    if (step === this.#shown || (step === 0 && !this.#out.isTTY)) return
    this.#shown = step
    const share = `${Math.round((step * 100) / steps)} %`.padStart(5)
    if (!this.#out.isTTY) this.#out.write(`${this.#label} ${share}\n`)
    else {
      const full = Math.floor((step * 30) / steps)
      const bar = '█'.repeat(full) + '░'.repeat(30 - full)
      this.#out.write(`\r${this.#label.padEnd(12)} ${bar} ${share}${step === steps ? '\n' : ''}`)
    }
  }
}
