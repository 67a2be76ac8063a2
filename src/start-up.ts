import { plainFailure } from './protocol/plain-failure.ts'
import { Undecided } from './store/migrate/at-start.ts'
import type { Maybe } from './store/work.ts'

/** The time until the store is open and the first rows are made. */
export interface StartUp {
  /** Resolves when it is over. Rejects with the reason if the API cannot start. */
  readonly ready: Promise<void>
  /** The same for a caller, who then is the one to tell why it cannot. */
  readonly awaited: () => Promise<void>
  /** Does work when it is over, and at once if there is nothing to wait for. */
  readonly whenReady: <T>(work: () => Maybe<T>) => Maybe<T>
}

/** Where it is told that an API cannot start, if nobody waits for it. */
export interface StartUpTold {
  readonly report: (line: string) => void
  readonly onFault: (error: unknown) => void
}

export function startUp(started: Maybe<void>, { report, onFault }: StartUpTold): StartUp {
  // null = there is nothing to wait for. With a synchronous store and no seed this is so from the beginning.
  let waiting = started instanceof Promise ? started : null
  let isAwaited = false
  let refusal: unknown = null
  const ready = Promise.resolve(started).then(
    () => {
      waiting = null
    },
    (error: unknown) => {
      refusal = inWords(error)
      throw error
    },
  )
  // A caller that awaits `ready` gets the rejection, and it is told once. It must not end the process as an unhandled one either.
  ready.catch((error: unknown) => {
    if (isAwaited) return
    if (error instanceof Undecided) report(error.message)
    else onFault(error)
  })
  const awaited = (): Promise<void> => {
    isAwaited = true
    if (refusal !== null) inWords(refusal)
    return ready
  }
  return { ready, awaited, whenReady: work => (waiting ? awaited().then(work) : work()) }
}

/** Opens a store. What it throws says in words what somebody has to decide. */
export function openInWords(open: () => Maybe<void>): Maybe<void> {
  try {
    return open()
  } catch (error) {
    throw inWords(error)
  }
}

/** Refusals that say what to do need no stack. */
const inWords = (error: unknown): unknown => (error instanceof Undecided ? plainFailure(error) : error)
