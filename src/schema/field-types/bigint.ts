import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { ColumnDefinition, ScalarType, StoredValue } from '../scalar-type.ts'
import type { Value } from '../value.ts'
import { integerOf } from './integer.ts'

/** An integer of 64 bits. What a JSON number cannot hold exactly, beyond 2^53 (RFC 7493 §2.2), is text. */
export function bigint(): ScalarType {
  return defineType({
    name: 'bigint',
    check: checkBigint,
    coercions: { text: readBigint },
    compare: compareBigint,
    shownOrder: 'decimal',
    sql: bigintColumn,
    schema: { anyOf: [{ type: 'integer' }, { type: 'string', pattern: '^-?[1-9][0-9]{15,18}$' }] },
    example: 1,
  })
}

export const bigintColumn: ColumnDefinition<Value> = Object.freeze({
  column: 'INTEGER',
  kind: 'integer',
  from: ['bool'],
  encode: (value: Value) => (typeof value === 'string' ? BigInt(value) : (value as StoredValue)),
  read: 'safe',
})

const DIGITS = /^-?[1-9][0-9]{15,18}$/

/** A safe integer, or the digits of one that is not safe but has 64 bits. */
export function checkBigint(value: unknown): number | string | Refused {
  if (typeof value === 'string') {
    if (!DIGITS.test(value)) return new Refused('format', 'must be an integer')
    const integer = BigInt(value)
    if (BigInt.asIntN(64, integer) !== integer)
      return new Refused('range', 'must be between -9223372036854775808 and 9223372036854775807')
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) return new Refused('type', 'must be an integer')
  if (!Number.isSafeInteger(value)) return new Refused('range', 'must be in text, since a number would not be exact')
  return value === 0 ? 0 : value
}

/** Digits in text: a number where one can hold them. */
export function readBigint(value: unknown): unknown {
  const read = integerOf(value)
  return typeof read === 'number' && !Number.isSafeInteger(read) ? value : read
}

export function compareBigint(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [BigInt(a as number | string), BigInt(b as number | string)]
  return x < y ? -1 : x > y ? 1 : 0
}
