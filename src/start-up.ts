import type { Maybe } from './store/work.ts'

/** The time until the store is open and the first rows are made. */
export interface StartUp {
  /** Resolves when it is over. Rejects with the reason if the API cannot start. */
  readonly ready: Promise<void>
  /** Does work when it is over, and at once if there is nothing to wait for. */
  readonly whenReady: <T>(work: () => Maybe<T>) => Maybe<T>
}

export function startUp(started: Maybe<void>): StartUp {
  // null = there is nothing to wait for. With a synchronous store and no seed this is so from the beginning.
  let waiting = started instanceof Promise ? started : null
  const ready = Promise.resolve(started).then(() => {
    waiting = null
  })
  ready.catch(() => undefined) // a caller that awaits `ready` gets the rejection; it must not end the process as an unhandled one
  return { ready, whenReady: work => (waiting ? ready.then(work) : work()) }
}
