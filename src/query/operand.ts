import { coerce, Refused, type Mode } from '../schema/coerce.ts'
import type { Value } from '../schema/field.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import { note, type Faults, type Where } from './faults.ts'

/** How values of a query are read: exact JSON, the text of a URL, or blargh's lenient cast. */
export type ReadMode = Exclude<Mode, 'drf'>

/** The canonical value of an operand; null if there is none, which is noted. */
export function operand(
  reading: { readonly mode: ReadMode; readonly faults: Faults },
  type: ScalarType,
  raw: unknown,
  where: Where,
): Value {
  if (raw === null) {
    note(reading.faults, 'type', where, 'null has no place here; the operator null asks for it')
    return null
  }
  const value = coerce(reading.mode, type.unbounded(), raw)
  if (!(value instanceof Refused)) return value
  note(reading.faults, value.code, where, value.detail)
  return null
}
