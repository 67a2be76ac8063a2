import type { Maybe } from '../store/work.ts'

/** Work that may be interrupted wherever it yields. */
export type Sliced<T> = Generator<void, T>

/** Milliseconds of one turn of the event loop that such work may take. */
const SLICE = 10

/** Does work turn by turn, so that requests are answered in between. If one turn is enough, the result comes at once. */
export function inSlices<T>(work: Sliced<T>): Maybe<T> {
  const end = performance.now() + SLICE
  do {
    const { done, value } = work.next()
    if (done) return value
  } while (performance.now() < end)
  return nextTurn().then(() => inSlices(work))
}

/** Resolves in the next turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise(resolve => void setImmediate(resolve))
