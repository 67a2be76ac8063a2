import type { InputMode } from '../schema/read/input-mode.ts'
import { Refused } from '../schema/read/refused.ts'
import type { Value } from '../schema/field.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import { note, type Faults, type Locate } from './faults.ts'

/** Reads an operand. null = it is not valid, which is noted. */
export function operand(
  reading: { readonly mode: InputMode; readonly faults: Faults },
  type: ScalarType,
  raw: unknown,
  where: Locate,
): Value {
  if (raw === null) {
    note(reading.faults, 'type', where, 'null has no place here; the operator null asks for it')
    return null
  }
  const value = reading.mode.read(type.unbounded(), raw)
  if (!(value instanceof Refused)) return value
  note(reading.faults, value.code, where, value.detail)
  return null
}
