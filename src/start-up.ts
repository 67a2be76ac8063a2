import type { Maybe } from './store/work.ts'

/** The time until the store is open and the first rows are there. */
export interface StartUp {
  /** Resolves when it is over; rejects with what stands in the way. */
  readonly ready: Promise<void>
  /** Does work when it is over: at once, if nothing has to be waited for. */
  readonly whenReady: <T>(work: () => Maybe<T>) => Maybe<T>
}

export function startUp(started: Maybe<void>): StartUp {
  // Null once there is nothing to wait for, which a synchronous store without a seed never makes anybody do.
  let waiting = started instanceof Promise ? started : null
  const ready = Promise.resolve(started).then(() => {
    waiting = null
  })
  ready.catch(() => undefined) // whoever awaits `ready` hears of it; nobody else should be taken down
  return { ready, whenReady: work => (waiting ? ready.then(work) : work()) }
}
