import { canonicalJson } from '../../protocol/canonical-json.ts'
import { Refused } from '../../schema/read/refused.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import type { Value } from '../../schema/value.ts'
import type { ChangeColumn, Mapping } from './step.ts'
import { columnTypeOf, type CustomTypes } from './type-data.ts'

/** How the values of a column change. */
export interface Conversion {
  readonly from: ScalarType
  readonly to: ScalarType
  /** Turns a value into one of the new type. It never gets null. */
  readonly convert: (value: Value) => Value | Refused
  /** No value changes, whatever the column holds; they are at most no longer taken. */
  readonly isIdentity: boolean
}

/** The conversion of a step. It depends on the values alone, so every database does it alike. */
export function conversionOf(step: ChangeColumn, custom: CustomTypes): Conversion {
  const from = columnTypeOf(step.from, custom)
  const to = columnTypeOf(step.to, custom)
  const { values = [], otherwise } = step
  const mapped = new Map(values.map(([value, becomes]) => [canonicalJson(value), becomes]))
  const convert = (value: Value): Value | Refused => {
    const asked = mapped.size === 0 ? undefined : mapped.get(canonicalJson(value))
    if (asked !== undefined) return asked
    const read = readAs(value, from, to)
    return read instanceof Refused && otherwise !== undefined ? instead(value, to, otherwise, read) : read
  }
  const isIdentity = from.sql.kind === to.sql.kind && values.length === 0 && (otherwise ?? 'keep') === 'keep'
  return { from, to, convert, isIdentity }
}

function readAs(value: Value, from: ScalarType, to: ScalarType): Value | Refused {
  if (from.secret || to.secret) return from.sql.column === to.sql.column ? value : new Refused('type', 'is secret')
  return reinterpreted(value, from, to) ?? accepted(value, to) ?? to.readText(textOf(value))
}

/** The value that the same stored form means in the other type, where types share it: 0 and 1 are false and true. */
function reinterpreted(value: Value, { sql: from }: ScalarType, to: ScalarType): Value | null {
  if (!to.sql.from.includes(from.kind) && !from.from.includes(to.sql.kind)) return null
  const stored = from.encode(value)
  const read = to.sql.decode ? to.sql.decode(stored) : (stored as Value)
  if (to.check(read) instanceof Refused) return null
  return to.sql.encode(read) === stored ? read : null
}

/** The value itself, if the type takes it as it is. It would change what is merely trimmed on the way in. */
function accepted(value: Value, to: ScalarType): Value | null {
  const read = to.check(value)
  return read instanceof Refused ? null : read
}

const textOf = (value: Value): string =>
  typeof value === 'object' ? JSON.stringify(value) : typeof value === 'string' ? value : String(value)

function instead(
  value: Value,
  to: ScalarType,
  otherwise: NonNullable<Mapping['otherwise']>,
  refused: Refused,
): Value | Refused {
  if (otherwise === 'keep') return value
  if (otherwise !== 'cut') return otherwise.value
  const { max } = to.options
  if (typeof max !== 'number') return refused
  return to.readText(Array.from(textOf(value)).slice(0, max).join(''))
}
