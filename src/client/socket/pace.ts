/** Sends no more messages than the server accepts: a burst at once, the others as there is room (docs/protocol.md §8.6). */
export class Pace {
  readonly #send: (text: string) => void
  #waiting: string[] = []
  /** Milliseconds between two messages of a steady flow. */
  #step = 20
  /** How far the messages of a burst run ahead of that flow, in milliseconds. */
  #ahead = 0
  /** When the flow has caught up with what was sent. */
  #even = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(send: (text: string) => void) {
    this.#send = send
  }

  /** A connection is open, with these limits. */
  begin({ rate, burst }: { readonly rate: number; readonly burst: number }): void {
    this.#step = 1000 / rate
    this.#ahead = burst * this.#step
    this.#even = 0
  }

  send(text: string): void {
    this.#waiting.push(text)
    this.#pump()
  }

  /** The connection is lost. */
  end(): void {
    this.#waiting = []
  }

  #pump(): void {
    clearTimeout(this.#timer)
    const now = Date.now()
    while (this.#waiting.length > 0) {
      const even = Math.max(this.#even, now) + this.#step
      if (even > now + this.#ahead) {
        this.#timer = setTimeout(() => this.#pump(), this.#step)
        return
      }
      this.#even = even
      this.#send(this.#waiting.shift()!)
    }
  }
}
