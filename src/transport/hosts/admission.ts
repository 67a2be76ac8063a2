import { ApiError } from '../../protocol/error.ts'
import { standing } from '../http/request/arrival-queue.ts'

/** When requests are refused so that those that are admitted stay quick. */
export interface OverloadOptions {
  /** Milliseconds that a request may wait for its turn; what waited longer is refused while the server is overloaded. Default 100. */
  readonly delay?: number
  /** Milliseconds for which there must always have been some that wait before any is refused: a burst is served. Default 200. */
  readonly patience?: number
  /** Requests under way at once: bodies that arrive, writes and actions that wait. Default 5000. */
  readonly inFlight?: number
}

/** What those are told who come at the wrong time. */
export const overloaded: ApiError = new ApiError('unavailable', {
  detail: 'more is asked than can be answered in time; come back a little later',
  expected: true,
})

/** What admission sees of its process. */
export interface Loop {
  /** Milliseconds on a monotonic clock. */
  now(): number
  /** Requests that came in earlier turns of the event loop and wait still. */
  standing(): number
}

/**
 * Decides for all faces of an API, before a body is read, whether a request can still be served in time. A queue that empties now and then is a
 * burst: nobody waits for long. One that never does means that more comes than can be done, and waiting would only grow
 * until everybody gives up; so whatever has waited too long is told to come back (the idea of CoDel, RFC 8289). What is
 * not queued waits as long as its turn of the event loop has taken so far.
 */
export class Admission {
  readonly #delay: number
  readonly #patience: number
  readonly #most: number
  readonly #loop: Loop
  /** When this turn began; 0 between turns. */
  #turn = 0
  /** Since when every turn left somebody waiting; 0 if the last one did not. */
  #since = 0
  #shedding = false
  #inFlight = 0
  #refused = 0

  constructor(
    { delay = 100, patience = 200, inFlight = 5_000 }: OverloadOptions = {},
    loop: Loop = { now: () => performance.now(), standing },
  ) {
    this.#loop = loop
    this.#delay = delay
    this.#patience = patience
    this.#most = inFlight
  }

  /** Whether a request that waits since then (0 = it does not wait) may begin; if so, `leave` must be called at its end. */
  enter(arrived: number): boolean {
    if (this.#turn === 0) {
      this.#turn = this.#loop.now()
      setImmediate(this.#endOfTurn)
    }
    if (this.#shedding && this.#loop.now() - (arrived || this.#turn) > this.#delay) return this.#refuse()
    if (this.#inFlight >= this.#most) return this.#refuse()
    this.#inFlight++
    return true
  }

  leave(): void {
    this.#inFlight--
  }

  /** Does what a message asks. Throws `overloaded` if it may not begin. */
  async admit<T>(work: () => T | Promise<T>): Promise<T> {
    if (!this.enter(0)) throw overloaded
    try {
      return await work()
    } finally {
      this.leave()
    }
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
    const now = this.#loop.now()
    const isBusy = this.#loop.standing() > 0 || now - this.#turn > this.#delay
    this.#turn = 0
    if (!isBusy) {
      this.#since = 0
      this.#shedding = false
    } else if (this.#since === 0) this.#since = now
    else if (now - this.#since > this.#patience) this.#shedding = true
  }
}

/** Null where nothing is refused. */
export function admissionOf(options: OverloadOptions | false | undefined): Admission | null {
  return options === false ? null : new Admission(options)
}
