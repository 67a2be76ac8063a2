import { Unknown } from '../result.ts'

/** What some prose means: a pattern, and what to do with what it captures. */
export type Meaning<T> = readonly [pattern: RegExp, make: (...groups: string[]) => T]

/** What prose means by the first pattern that fits; `Unknown` if none does. */
export function meant<T>(meanings: readonly Meaning<T>[], prose: string): T {
  for (const [pattern, make] of meanings) {
    const found = pattern.exec(prose)
    if (found) return make(...found.slice(1))
  }
  throw new Unknown(prose)
}

const factors: Readonly<Record<string, number>> = { '': 1, k: 1_000, m: 1_000_000 }
const units: Readonly<Record<string, number>> = { b: 1, bytes: 1, kb: 1_024, kib: 1_024, mb: 1_048_576, mib: 1_048_576 }

/** `1e6`, `100k`, `2000`, `5 MiB` as a number. */
export function numberOf(text: string): number {
  const [, digits = '', factor = '', unit = 'b'] = /^([\d.]+(?:e\d+)?)(k|m)? ?(bytes|[km]i?b|b)?$/i.exec(text) ?? []
  return Number(digits) * factors[factor.toLowerCase()]! * units[unit.toLowerCase()]!
}

/** A number in a pattern of prose, for `numberOf`. */
export const amount = '([\\d.]+(?:e\\d+)?[km]?(?: ?(?:[KM]i?B|bytes))?)'
