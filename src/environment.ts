import { randomBytes } from 'node:crypto'
import type { EnvironmentOptions } from './api-options.ts'
import type { Call } from './engine/call/call.ts'
import { printFault, printLine } from './engine/rules/report-refusal.ts'
import { ApiError } from './protocol/error.ts'

/** What the parts of an API share: time, chance, and who hears of what happens. */
export interface Environment {
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  /** Hears what start-up did to the store. */
  readonly report: (line: string) => void
  /** Hears of faults that are ours, with the call. */
  readonly onFault: (error: ApiError, call: Call | null) => void
  /** Hears of faults that no call is to blame for. */
  readonly onBackgroundFault: (error: unknown) => void
}

export function environmentOf(options: EnvironmentOptions): Environment {
  const { clock = Date.now, random = randomBytes, report = printLine, onFault = printFault } = options
  return { clock, random, report, onFault, onBackgroundFault: error => onFault(ApiError.from(error), null) }
}
