import type { Exchange } from '../exchange.ts'

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
