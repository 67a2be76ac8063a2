import type { ShownOrder } from '../../protocol/outline.ts'
import { brokenText } from '../read/broken-text.ts'
import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type {
  Coercions,
  ColumnDefinition,
  OperatorSet,
  Print,
  ReadValue,
  ScalarType,
  StoredValue,
} from '../scalar-type.ts'
import type { JsonSchema } from '../json-schema.ts'
import { shownAsText } from '../read/shown-as-stored.ts'
import { spelledId, storedId } from '../read/spelled-id.ts'
import { hasLength, lengthRefused } from '../read/text-length.ts'
import type { Value } from '../value.ts'
import { bigint, bigintColumn, checkBigint, compareBigint, readBigint } from './bigint.ts'
import { checkInteger, integerOf } from './integer.ts'

/** Integers counted up, integers of 64 bits, UUIDs of version 7 (RFC 9562), or text that clients choose. */
export type IdKind = 'integer' | 'bigint' | 'uuid' | 'text' | 'hex'

interface Kind {
  readonly check: ReadValue
  readonly coercions?: Coercions
  readonly compare?: (a: Value, b: Value) => number
  readonly shownOrder?: ShownOrder
  readonly operators: OperatorSet
  readonly schema: JsonSchema
  readonly example: Value
  readonly print: Print
}

/** Largest length of a text id, in code points. Ids are parts of URIs, logs and keys. */
const LONGEST = 255

const kinds: Readonly<Record<IdKind, Kind>> = {
  integer: {
    check: value => checkInteger(value),
    coercions: { text: integerOf },
    operators: 'ordered',
    schema: { type: 'integer' },
    example: 1,
    print: 'raw',
  },
  bigint: {
    check: checkBigint,
    coercions: { text: readBigint },
    compare: compareBigint,
    shownOrder: 'decimal',
    operators: 'ordered',
    schema: bigint().schema,
    example: 1,
    print: 'json',
  },
  uuid: {
    check: checkUuid,
    coercions: { text: smallLetters },
    operators: 'ordered',
    schema: { type: 'string', format: 'uuid' },
    example: '0193a3c0-0000-7000-8000-000000000000',
    print: 'quoted',
  },
  hex: {
    check: checkHex,
    shownOrder: 'text',
    operators: 'ordered',
    schema: { type: 'string', pattern: '^([0-9a-f]{2})+$' },
    example: '0193a3c0',
    print: 'quoted',
  },
  text: {
    check: checkTextId,
    operators: 'text',
    schema: { type: 'string', minLength: 1, maxLength: LONGEST },
    example: 'a',
    print: 'json',
  },
}

const textColumn = { column: 'TEXT', kind: 'text' } as const
const columns: Readonly<Record<IdKind, ColumnDefinition<Value>>> = {
  integer: { column: 'INTEGER', kind: 'integer' },
  bigint: bigintColumn,
  uuid: { ...textColumn, postgres: { type: 'uuid' } },
  hex: {
    column: 'BLOB',
    kind: 'hex',
    encode: value => Buffer.from(value as string, 'hex'),
    decode: stored => Buffer.from(stored as Uint8Array).toString('hex'),
  },
  text: textColumn,
}

/** The key of a resource, and the type of references to it. */
export function id(of: IdKind = 'integer'): ScalarType {
  return defineType({
    ...kinds[of],
    name: 'id',
    options: { of },
    sql: columns[of],
    key: of,
  })
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * The text ids of a table that somebody else made: of any length, with any characters. Those that no URL could have as a
 * segment have another spelling than in their column, unless they are `composed` of parts, which have a spelling already.
 */
export function existingTextId(type: ScalarType, composed: boolean): ScalarType {
  const check: ReadValue = value => {
    if (typeof value !== 'string') return new Refused('type', 'must be a text id')
    return brokenText(value) ?? (isSegment(value) ? value : spelledId(value))
  }
  const common: ScalarType = { ...type, check, readText: check, schema: { type: 'string' }, unbounded: () => existing }
  const existing: ScalarType = Object.freeze(composed ? common : { ...common, ...asSpelled(type) })
  return existing
}

/** How ids are stored and compared that their rows show in another spelling. */
function asSpelled(type: ScalarType): Pick<ScalarType, 'compare' | 'sql'> {
  const stored = (id: Value): string => storedId(id as string)
  return {
    compare: (a: Value, b: Value) => type.compare(stored(a), stored(b)),
    sql: Object.freeze({
      ...type.sql,
      foreign: {
        encode: (id: Value) => (id === null ? null : stored(id)),
        decode: (id: StoredValue) => spelledId(shownAsText(id) as string),
      },
    }),
  }
}

const isSegment = (id: string): boolean => id !== '' && id !== '.' && id !== '..'

/** Clients resolve the segments "." and ".." away before they ask (WHATWG URL), so that such a row could never be asked for. */
const unspelled = (): Refused => new Refused('format', 'must be an id that can be part of a path')

/** A UUID in small letters (RFC 9562 §4), so that an id has one spelling. */
function checkUuid(value: unknown): Value | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a UUID in text')
  const text = value.toLowerCase()
  return UUID.test(text) ? text : new Refused('format', 'must be a UUID')
}

/** Bytes in hexadecimal, in small letters, so that one id has one spelling. */
function checkHex(value: unknown): Value | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be text in hexadecimal')
  return /^(?:[0-9a-f]{2})+$/.test(value) ? value : new Refused('format', 'must be bytes in hexadecimal')
}

/** Refuses capital letters. JSON may contain them, but in a path they would be a second URI of the same row. */
function smallLetters(value: unknown): unknown {
  const text = value as string
  return text === text.toLowerCase() ? text : new Refused('format', 'must be a UUID in small letters')
}

/** An id that clients choose. It must be usable as one segment of a path. */
function checkTextId(value: unknown): string | Refused {
  if (typeof value !== 'string') return new Refused('type', 'must be a text id')
  if (!hasLength(value, 1, LONGEST)) return lengthRefused(value, 1, LONGEST)
  if (!isSegment(value) || /\p{Cc}/u.test(value)) return unspelled()
  return brokenText(value) ?? value
}
