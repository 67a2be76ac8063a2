import { coerce, Refused, type Mode } from '../schema/coerce.ts'
import type { ScalarType, Value } from '../schema/field.ts'
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
  const value = coerce(reading.mode, unbounded(type), raw)
  if (!(value instanceof Refused)) return value
  note(reading.faults, value.code, where, value.detail)
  return null
}

const loose = new WeakMap<ScalarType, ScalarType>()

/** Bounds say what may be stored; one may ask for what lies outside them, and finds nothing. */
function unbounded(type: ScalarType): ScalarType {
  let known = loose.get(type)
  if (!known) loose.set(type, (known = Object.freeze(loosened(type))))
  return known
}

function loosened(type: ScalarType): ScalarType {
  switch (type.type) {
    case 'text':
    case 'email':
    case 'url':
    case 'password':
      // What is changed when it is stored is changed here, too.
      return { type: 'text', ...(type.trim ? { trim: true } : {}), ...(type.case ? { case: type.case } : {}) }
    case 'number':
    case 'integer':
      return { type: type.type }
    case 'date':
    case 'datetime':
      return { type: type.type }
    case 'decimal':
      return { type: 'decimal', digits: type.digits, places: type.places }
    case 'bytes':
      return { type: 'bytes' }
    case 'list':
      return { type: 'list', item: type.item }
    case 'id':
    case 'bool':
    case 'enum':
    case 'json':
      return type
  }
}
