/** A value, or a promise of it. A synchronous store returns the value itself, so that nobody has to wait. */
export type Maybe<T> = T | Promise<T>

/**
 * Work of the engine that pauses only where a store is asynchronous. It is written once, as a generator: on a synchronous store
 * it runs to its end at once, on another it is resumed by promises (docs/decisions/001-generators.md).
 */
export interface Work<T> {
  next(value?: unknown): IteratorResult<Promise<unknown>, T>
  return(value: T): IteratorResult<Promise<unknown>, T>
  throw(error: unknown): IteratorResult<Promise<unknown>, T>
  [Symbol.iterator](): Work<T>
}

/** Work that is already done. On a synchronous store that is most steps of a request, and it costs a tenth of a generator. */
class Ready<T> implements Work<T> {
  readonly done = true
  readonly value: T

  constructor(value: T) {
    this.value = value
  }

  next(): this {
    return this
  }

  return(value: T): IteratorResult<never, T> {
    return { done: true, value }
  }

  throw(error: unknown): never {
    throw error
  }

  [Symbol.iterator](): this {
    return this
  }
}

/** Work that does nothing. */
export const noWork: Work<void> = Object.freeze(new Ready<void>(undefined))

/** Work that is already done. */
export function ready<T>(value: T): Work<T> {
  return new Ready(value)
}

/** Inside work: waits for a value if it is a promise. `const row = yield* wait(tx.get(todo, 7))` */
export function wait<T>(value: Maybe<T>): Work<T> {
  return value instanceof Promise ? arrival(value) : new Ready(value)
}

function* arrival<T>(value: Promise<T>): Work<T> {
  return (yield value) as T
}

const turns = new WeakSet<Promise<unknown>>()

/** Inside work that has read all it needs: goes on in the next turn of the event loop. Its snapshot may end meanwhile. */
export function* nextTurnAfterReading(): Work<void> {
  const turn = new Promise<void>(resolve => void setImmediate(resolve))
  turns.add(turn)
  yield turn
}

/** Whether work that waits for a promise has read all it needs. */
export const hasRead = (promise: Promise<unknown>): boolean => turns.has(promise)

/** Runs work to its end. Returns the result itself if nothing had to be waited for, otherwise a promise. */
export function run<T>(work: Work<T>): Maybe<T> {
  return goOn(work, work.next())
}

/** The same after its first step. */
export function goOn<T>(work: Work<T>, step: IteratorResult<Promise<unknown>, T>): Maybe<T> {
  return step.done ? step.value : resume(work, step.value)
}

async function resume<T>(work: Work<T>, first: Promise<unknown>): Promise<T> {
  let waiting = first
  for (;;) {
    let step: IteratorResult<Promise<unknown>, T>
    try {
      const value = await waiting
      step = work.next(value)
    } catch (error) {
      step = work.throw(error)
    }
    if (step.done) return step.value
    waiting = step.value
  }
}

/** Continues with a value, now or when its promise resolves. */
export function chain<T, U>(value: Maybe<T>, next: (value: T) => U): Maybe<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
