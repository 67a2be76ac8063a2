import type { StoredField } from '../../model/model.ts'
import type { ScalarType, Value } from '../../schema/field.ts'

/** What goes into and comes out of a statement. */
export type Bind = null | number | bigint | string | Uint8Array

/** How values of a field are stored. */
export interface Codec {
  /** Type of the column in a table of ours. */
  readonly column: 'INTEGER' | 'REAL' | 'TEXT' | 'BLOB'
  /** What the stored bytes mean; two kinds with one column type still need a conversion. */
  readonly kind: string
  readonly encode: (value: Value) => Bind
  /** null: what the column holds is the value. Never called with null. */
  readonly decode: ((stored: Bind) => Value) | null
  /** How the column is selected: as it is, as text (numbers that JavaScript cannot hold), or as text only where it must. */
  readonly select: 'plain' | 'text' | 'safe'
}

const same = (value: Value): Bind => value as Bind
const plain = (column: Codec['column'], kind: string): Codec =>
  Object.freeze({ column, kind, encode: same, decode: null, select: 'plain' })

const integer = plain('INTEGER', 'integer')
const real = plain('REAL', 'real')
const text = plain('TEXT', 'text')
const bool: Codec = Object.freeze({
  column: 'INTEGER',
  kind: 'bool',
  encode: (value: Value) => (value === null ? null : value === true ? 1 : 0),
  decode: (stored: Bind) => stored !== 0,
  select: 'plain',
})
const bytes: Codec = Object.freeze({
  column: 'BLOB',
  kind: 'bytes',
  encode: (value: Value) => (value === null ? null : Buffer.from(value as string, 'base64')),
  decode: base64,
  select: 'plain',
})
const json = (kind: string): Codec =>
  Object.freeze({
    column: 'TEXT',
    kind,
    encode: (value: Value) => (value === null ? null : JSON.stringify(value)),
    decode: (stored: Bind) => JSON.parse(stored as string) as Value,
    select: 'plain',
  })
const jsonText = json('json')
const listText = json('list')
const date = plain('TEXT', 'date')
const datetime = plain('TEXT', 'datetime')

/** How a field of a table of ours is stored (DECISIONS B15). */
export function codecOf(field: StoredField): Codec {
  return codecOfType(field.type)
}

export function codecOfType(type: ScalarType): Codec {
  switch (type.type) {
    case 'id':
      return type.of === 'integer' ? integer : text
    case 'integer':
      return integer
    case 'number':
      return real
    case 'bool':
      return bool
    case 'decimal':
      return decimal(type.places)
    case 'date':
      return date
    case 'datetime':
      return datetime
    case 'json':
      return jsonText
    case 'list':
      return listText
    case 'bytes':
      return bytes
    case 'text':
    case 'email':
    case 'url':
    case 'password':
    case 'enum':
      return text
  }
}

/** Scaled integers: exact, and in the order of numbers. Beyond 2^53 they must pass JavaScript as text. */
function decimal(places: number): Codec {
  return Object.freeze({
    column: 'INTEGER',
    kind: `decimal.${places}`,
    encode: (value: Value) => (value === null ? null : scale(value as string, places)),
    decode: (stored: Bind) => unscale(stored as string, places),
    select: 'text',
  })
}

function scale(value: string, places: number): bigint {
  const [whole = '0', fraction = ''] = value.split('.')
  return BigInt(whole + fraction.padEnd(places, '0').slice(0, places))
}

function unscale(stored: string, places: number): string {
  if (places === 0) return stored
  const negative = stored.startsWith('-')
  const digits = (negative ? stored.slice(1) : stored).padStart(places + 1, '0')
  return `${negative ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`
}

/**
 * How a column that we did not make is read: it keeps its storage, whatever a row holds is shown and never a fault
 * (DECISIONS B15): integers beyond 2^53 as text, blobs as base64, what cannot be parsed as it is stored.
 */
export function foreignCodec(type: ScalarType): Codec {
  const own = codecOfType(type)
  return Object.freeze({ ...own, encode: encodeForeign(type, own), decode: decodeForeign(type), select: 'safe' })
}

function encodeForeign(type: ScalarType, own: Codec): Codec['encode'] {
  if (type.type === 'decimal') return same
  if (type.type === 'bool') return value => (typeof value === 'boolean' ? Number(value) : (value as Bind))
  return own.encode
}

function decodeForeign({ type }: ScalarType): (stored: Bind) => Value {
  return stored => {
    if (type === 'bool') return stored === 0 ? false : stored === 1 ? true : shown(stored)
    if (type === 'json' || type === 'list') return typeof stored === 'string' ? parsed(stored) : shown(stored)
    return shown(stored)
  }
}

function shown(stored: Bind): Value {
  switch (typeof stored) {
    case 'bigint':
      return String(stored)
    case 'number':
      return Number.isFinite(stored) ? stored : String(stored)
    case 'string':
      return stored
    default:
      return stored === null ? null : base64(stored)
  }
}

function parsed(stored: string): Value {
  try {
    return JSON.parse(stored) as Value
  } catch {
    return stored
  }
}

function base64(stored: Bind): Value {
  const { buffer, byteOffset, byteLength } = stored as Uint8Array
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}
