/** Sends no more messages than the server accepts: a burst at once, the others as there is room (docs/protocol.md §8.6). */
export class Pace {
  readonly #send: (text: string) => void
  #waiting: string[] = []
  #rate = 50
  #burst = 100
  #room = 100
  #filled = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(send: (text: string) => void) {
    this.#send = send
  }

  /** A connection is open, with these limits. */
  begin({ rate, burst }: { readonly rate: number; readonly burst: number }): void {
    this.#rate = rate
    this.#burst = burst
    this.#room = burst
    this.#filled = Date.now()
  }

  send(text: string): void {
    this.#waiting.push(text)
    this.#pump()
  }

  /** The connection is lost. */
  end(): void {
    this.#waiting = []
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #pump(): void {
    const now = Date.now()
    this.#room = Math.min(this.#burst, this.#room + ((now - this.#filled) * this.#rate) / 1000)
    this.#filled = now
    const count = Math.min(this.#waiting.length, Math.floor(this.#room))
    for (const text of this.#waiting.splice(0, count)) this.#send(text)
    this.#room -= count
    if (this.#waiting.length === 0) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#pump()
    }, 1000 / this.#rate)
  }
}
