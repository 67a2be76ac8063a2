import { asked, type Asked } from '../problem.ts'
import { loaded } from '../transports/later.ts'

/** Asks for something of all.ts, whose code is loaded first. */
export function onDemand<T>(ask: (all: typeof import('./all.ts')) => Promise<T>): Asked<T> {
  return asked(loaded(import('./all.ts')).then(ask))
}

/** A function of all.ts that is called with what its caller was given. types/ says what that is. */
export type OnDemand = (...given: readonly any[]) => Promise<unknown> // oxlint-disable-line typescript/no-explicit-any
