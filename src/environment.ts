import { randomBytes } from 'node:crypto'
import type { EnvironmentOptions } from './api-options.ts'
import type { Call } from './engine/call/call.ts'
import { printFault, printLine } from './engine/rules/report-refusal.ts'
import { ApiError } from './protocol/error.ts'

/** What all parts of an API share: time, randomness, and where reports and faults go. */
export interface ApiEnvironment {
  /** The current time in milliseconds since the epoch. */
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  /** Gets the lines in which start-up says what it did to the store. */
  readonly report: (line: string) => void
  /** Called with faults of the server, and the call that met them. */
  readonly onFault: (error: ApiError, call: Call | null) => void
  /** Called with faults that happen outside of any call. */
  readonly onBackgroundFault: (error: unknown) => void
}

export function apiEnvironment(options: EnvironmentOptions): ApiEnvironment {
  const { clock = Date.now, random = randomBytes, report = printLine, onFault = printFault } = options
  return { clock, random, report, onFault, onBackgroundFault: error => onFault(ApiError.from(error), null) }
}
