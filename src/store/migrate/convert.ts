import { createHash } from 'node:crypto'
import { canonicalJson } from '../../protocol/canonical-json.ts'
import { Refused } from '../../schema/read/refused.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import type { Value } from '../../schema/value.ts'
import { UNKNOWN } from '../log/unknown-member.ts'
import type { ColumnShape } from './shape.ts'
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
  const isUuid = becomesUuid(step.from, step.to)
  // References become the same as the ids that they lead to.
  const keyed = step.to.references?.table ?? step.table
  const mapped = new Map(values.map(([value, becomes]) => [canonicalJson(value), becomes]))
  const convert = (value: Value): Value | Refused => {
    const asked = mapped.size === 0 ? undefined : mapped.get(canonicalJson(value))
    if (asked !== undefined) return asked
    const read = isUuid ? uuidOf(keyed, value) : readAs(value, from, to)
    return read instanceof Refused && otherwise !== undefined ? instead(value, to, otherwise, read) : read
  }
  const isIdentity = from.sql.kind === to.sql.kind && values.length === 0 && (otherwise ?? 'keep') === 'keep'
  return { from, to, convert, isIdentity }
}

type Image = Record<string, Value>

/** Converts a field in an image of the log. What cannot be converted is null, and named as unknown. */
export function convertImage(image: Image, field: string, convert: Conversion['convert']): void {
  const value = image[field] ?? null
  if (value === null) return
  const becomes = convert(value)
  image[field] = becomes instanceof Refused ? null : becomes
  if (becomes instanceof Refused) image[UNKNOWN] = [...unknownIn(image), field]
}

/** An image of the log in which a field is called otherwise. */
export function renameInImage(image: Image, was: string, is: string): Image {
  const named = (name: string): string => (name === was ? is : name)
  const renamed = Object.fromEntries(Object.entries(image).map(([name, value]) => [named(name), value]))
  return UNKNOWN in image ? { ...renamed, [UNKNOWN]: unknownIn(image).map(named) } : renamed
}

const unknownIn = (image: Image): readonly string[] => (image[UNKNOWN] ?? []) as readonly string[]

/** Whether integer ids, or references to them, become UUIDs. */
export function becomesUuid(from: ColumnShape, { type }: ColumnShape): boolean {
  return from.kind === 'integer' && type?.name === 'id' && type.options['of'] === 'uuid'
}

/** A UUID that is made of a table and an id in it (RFC 9562 §5.8), so that no mapping has to be kept. */
function uuidOf(table: string, id: Value): string {
  const bytes = createHash('sha256')
    .update(`${table} ${JSON.stringify(id)}`)
    .digest()
    .subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
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
