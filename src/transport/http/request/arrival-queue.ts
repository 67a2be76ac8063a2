import type { Exchange } from '../exchange.ts'

/** A request whose answer is made when its turn comes. */
type Arrival = Exchange & { answer(exchange: Exchange): void | Promise<void> }

/** Milliseconds for which requests are answered before the event loop looks for what else there is. */
const SLICE = 2

/** First come, first served. */
let queue: Arrival[] = []
/** How many of them came in earlier turns. */
let left = 0

/**
 * Queues a safe request, to be answered at the end of this turn of the event loop: the parser and the kernel run for all
 * that came, then the engine for all of them, which keeps each in the processor's caches. Nothing waits for a timer. What
 * takes longer than a slice goes on in later turns, so that connections are taken, written to and told of meanwhile.
 */
export function arrive(exchange: Arrival): void {
  exchange.arrived = performance.now()
  if (queue.push(exchange) === 1) setImmediate(answerSome)
}

/** Requests that came in earlier turns and still wait. */
export function standing(): number {
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
    // Whatever becomes of one, the others are not forgotten.
    queue = answered === due.length ? [] : due.slice(answered)
    left = queue.length
    if (left > 0) setImmediate(answerSome)
  }
}
