import { ApiError } from '../../protocol/error.ts'
import type { Exchange } from '../http/exchange.ts'

/** When to refuse requests, so that the admitted ones are answered quickly. */
export interface OverloadOptions {
  /** Milliseconds that a request may wait while the server is overloaded; one that has waited longer is refused. Default: 100. */
  readonly delay?: number
  /**
   * Milliseconds for which the queue must not have been empty before anything is refused, so that bursts are served. Default:
   * 200.
   */
  readonly patience?: number
  /** The most requests in progress: bodies that are arriving, writes and actions that wait. Default: 5000. */
  readonly inFlight?: number
}

/** The error for requests that come at the wrong time. */
export const overloaded: ApiError = new ApiError('unavailable', {
  detail: 'more is asked than can be answered in time; come back a little later',
  expected: true,
})

/** An overload is over when nothing was asked for so many milliseconds. */
const QUIET = 1_000

/** What the admission observes of its process. */
export interface Loop {
  /** Milliseconds of a monotonic clock. */
  now(): number
  /** How many requests came in earlier turns of the event loop and still wait. */
  waiting(): number
}

/**
 * Decides for all faces of an API, before a body is read, whether a request can still be answered in time. A queue that empties
 * now and then is a burst, and nobody waits long. A queue that never empties means that more comes in than can be done. Waiting
 * would only grow until everybody gives up, so requests that have waited too long are refused (the idea of CoDel, RFC 8289).
 * Requests that are not queued have waited as long as the current turn has taken so far (docs/decisions/009-overload.md).
 */
export class Admission {
  readonly #delay: number
  readonly #patience: number
  readonly #most: number
  readonly #loop: Loop
  /** When the current turn began; 0 between turns. */
  #turn = 0
  /** Since when requests were left waiting at the end of every turn; 0 if the last turn left none. */
  #since = 0
  /** When the last turn ended. */
  #ended = 0
  #shedding = false
  #inFlight = 0
  #refused = 0

  constructor(
    { delay = 100, patience = 200, inFlight = 5_000 }: OverloadOptions = {},
    loop: Loop = { now: () => performance.now(), waiting: waitingArrivals },
  ) {
    this.#loop = loop
    this.#delay = delay
    this.#patience = patience
    this.#most = inFlight
  }

  /**
   * Whether a request may begin that has waited since `arrived` (0 = it was not queued). If it may, `leave` must be called at
   * its end.
   */
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

  /** Does the work of a message. Throws `overloaded` if it may not begin. */
  async admit<T>(work: () => T | Promise<T>): Promise<T> {
    if (!this.enter(0)) throw overloaded
    try {
      return await work()
    } finally {
      this.leave()
    }
  }

  /** How many requests are in progress. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** How many requests have been refused since the start. */
  get refused(): number {
    return this.#refused
  }

  get isShedding(): boolean {
    return this.#shedding
  }

  /** Whether requests are refused at this moment: those that have waited too long, or all, as too many are in progress. */
  get isRefusing(): boolean {
    if (this.#inFlight >= this.#most) return true
    // If nothing comes any more, no turn ends that would tell that the overload is over.
    return this.#shedding && (this.#turn !== 0 || this.#loop.now() - this.#ended <= QUIET)
  }

  #refuse(): false {
    this.#refused++
    return false
  }

  readonly #endOfTurn = (): void => {
    const now = this.#loop.now()
    const isBusy = this.#loop.waiting() > 0 || now - this.#turn > this.#delay
    this.#turn = 0
    this.#ended = now
    if (!isBusy) {
      this.#since = 0
      this.#shedding = false
    } else if (this.#since === 0) this.#since = now
    else if (now - this.#since > this.#patience) this.#shedding = true
  }
}

/** The admission of an API; null if nothing is ever refused. */
export function admissionOf(options: OverloadOptions | false | undefined): Admission | null {
  return options === false ? null : new Admission(options)
}

/** A request that waits to be answered. */
type Arrival = Exchange & { answer(exchange: Exchange): void | Promise<void> }

/** For how many milliseconds requests are answered before the event loop gets its turn. */
const SLICE = 2

/** Requests in the order of arrival. */
let queue: Arrival[] = []
/** How many of them came in earlier turns. */
let left = 0

/**
 * Queues a safe request, to be answered at the end of this turn of the event loop. First the parser and the kernel run for all
 * requests that came, then the engine; this keeps each of them in the processor's caches. No timer is involved. What takes
 * longer than a slice continues in later turns, so that connections are accepted and subscribers told in between.
 */
export function enqueueArrival(exchange: Arrival): void {
  exchange.arrived = performance.now()
  if (queue.push(exchange) === 1) setImmediate(answerSome)
}

/** How many requests came in earlier turns and still wait. */
export function waitingArrivals(): number {
  return left
}

function answerSome(): void {
  const due = queue
  const end = performance.now() + SLICE
  let answered = 0
  try {
    do {
      const exchange = due[answered++]!
      void exchange.answer(exchange)
    } while (answered < due.length && performance.now() < end)
  } finally {
    // If one throws, the others must still be answered.
    queue = answered === due.length ? [] : due.slice(answered)
    left = queue.length
    if (left > 0) setImmediate(answerSome)
  }
}
