/** When requests are refused so that those that are admitted stay quick. */
export interface OverloadOptions {
  /** Milliseconds that a turn of the event loop may take; while all take longer, what comes later in a turn is refused. Default 100. */
  readonly delay?: number
  /** Milliseconds for which turns must have taken longer before anything is refused: a burst is served. Default 200. */
  readonly patience?: number
  /** Requests under way at once: bodies that arrive, writes and actions that wait. Default 5000. */
  readonly inFlight?: number
}

/**
 * Decides, before a body is read, whether a request can still be served in time. Node takes what has arrived in turns: as
 * long as turns are short, nobody waits. When they stay long, more comes than can be done, and waiting would only grow
 * until everybody gives up; so each turn serves what it can in the time it may take, and the rest is told to come back
 * (the idea of CoDel, RFC 8289, with turns of the event loop as the queue).
 */
export class Admission {
  readonly #delay: number
  readonly #patience: number
  readonly #most: number
  readonly #now: () => number
  /** When this turn began; 0 between turns. */
  #turn = 0
  /** Since when all turns took too long; 0 if the last one did not. */
  #since = 0
  #shedding = false
  #inFlight = 0
  #refused = 0

  constructor(
    { delay = 100, patience = 200, inFlight = 5_000 }: OverloadOptions = {},
    now: () => number = () => performance.now(),
  ) {
    this.#now = now
    this.#delay = delay
    this.#patience = patience
    this.#most = inFlight
  }

  /** Whether a request may begin; if so, `leave` must be called at its end. */
  enter(): boolean {
    if (this.#turn === 0) {
      this.#turn = this.#now()
      setImmediate(this.#endOfTurn)
    } else if (this.#shedding && this.#now() - this.#turn > this.#delay) return this.#refuse()
    if (this.#inFlight >= this.#most) return this.#refuse()
    this.#inFlight++
    return true
  }

  leave(): void {
    this.#inFlight--
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Requests that were refused since the start. */
  get refused(): number {
    return this.#refused
  }

  get isShedding(): boolean {
    return this.#shedding
  }

  #refuse(): false {
    this.#refused++
    return false
  }

  readonly #endOfTurn = (): void => {
    const now = this.#now()
    const isLong = now - this.#turn > this.#delay
    this.#turn = 0
    if (!isLong) {
      this.#since = 0
      this.#shedding = false
    } else if (this.#since === 0) this.#since = now
    else if (now - this.#since > this.#patience) this.#shedding = true
  }
}
