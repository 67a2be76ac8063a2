import type { JsonSchema } from '../json-schema.ts'
import type { TypeFault } from '../scalar-type.ts'

/** The faults of bounds that count something. */
export function lengthFaults({ min, max }: { readonly min?: number; readonly max?: number }): TypeFault[] {
  const faults: TypeFault[] = []
  for (const [word, value] of Object.entries({ min, max }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
      faults.push({ problem: `has ${value} as its ${word}`, fix: 'give a whole number that is not negative' })
  return [...faults, ...orderFaults(min, max)]
}

export function orderFaults(min: number | undefined, max: number | undefined): TypeFault[] {
  if (min === undefined || max === undefined || min <= max) return []
  return [{ problem: `has a min of ${min} above its max of ${max}`, fix: 'swap them' }]
}

/** A keyword of JSON Schema, if its bound is declared. */
export function keyword(name: string, value: number | undefined): JsonSchema {
  return value === undefined ? {} : { [name]: value }
}
