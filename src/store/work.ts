/** A value that may be there already. A store that is synchronous answers with the value itself and is never made to wait. */
export type Maybe<T> = T | Promise<T>

/**
 * Engine work that pauses where a store is asynchronous and only there: written once as a generator,
 * it runs to its end in one go on a synchronous store and is resumed by promises on another.
 */
export type Work<T> = Generator<Promise<unknown>, T, unknown>

/** Inside work: the value, waiting for it if it is not there yet. `const row = yield* wait(tx.get(todo, 7))` */
export function* wait<T>(value: Maybe<T>): Work<T> {
  return value instanceof Promise ? ((yield value) as T) : value
}

/** Runs work to its end: the result itself if nothing had to be waited for, otherwise a promise. */
export function run<T>(work: Work<T>): Maybe<T> {
  const step = work.next()
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

/** Continues with a value now or when it is there. */
export function chain<T, U>(value: Maybe<T>, next: (value: T) => U): Maybe<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
