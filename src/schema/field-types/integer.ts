import { defineType } from '../define-type.ts'
import { Refused } from '../read/refused.ts'
import type { ScalarType } from '../scalar-type.ts'
import type { Value } from '../value.ts'
import { keyword, orderFaults } from './bounds.ts'
import { boundFaults, boundsOf, checkNumber, clamped, type NumberOptions } from './number.ts'

export function integer(options: NumberOptions = {}): ScalarType {
  const { min, max } = options
  return defineType({
    name: 'integer',
    options,
    check: value => checkInteger(value, min, max),
    coercions: { text: integerOf },
    sql: { column: 'INTEGER', from: ['bool'] },
    schema: { type: 'integer', ...keyword('minimum', min), ...keyword('maximum', max) },
    example: clamped(1, options),
    print: 'raw',
    input: 'number',
    // 0 is left to the check, which turns -0 into 0.
    fits: v => `Number.isSafeInteger(${v}) && ${v} !== 0${boundsOf(v, options)}`,
    unbounded: () => integer(),
    faults: () => [...boundFaults(options, Number.isSafeInteger, 'give a whole number'), ...orderFaults(min, max)],
  })
}

/** A safe integer within its bounds. */
export function checkInteger(value: unknown, min?: number, max?: number): Value | Refused {
  if (typeof value !== 'number' || !Number.isInteger(value)) return new Refused('type', 'must be an integer')
  // Beyond 2^53 different integers become the same number (RFC 7493 §2.2).
  if (!Number.isSafeInteger(value))
    return new Refused('range', 'must be between -9007199254740991 and 9007199254740991')
  return checkNumber(value, min, max)
}

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/

/** Reads an integer from text. Each value has one spelling: `01`, ` 1`, `1e0` and `+7` are not integers. */
export function integerOf(value: unknown): unknown {
  return INTEGER.test(value as string) ? Number(value) : value
}
