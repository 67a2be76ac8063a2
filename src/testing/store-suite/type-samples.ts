import { defineType } from '../../schema/define-type.ts'
import { refuse } from '../../schema/read/refused.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import type { Value } from '../../schema/value.ts'
import * as types from '../../schema/field-types/built-in.ts'

/** A type, and canonical values of it in ascending order. */
export type TypeSample = readonly [type: ScalarType, ...values: Value[]]

const texts = ['', '10', '9', 'A', '\u{d7ff}', '\u{ff01}', '\u{1f600}']

const samples: Readonly<Record<keyof typeof types, readonly TypeSample[]>> = {
  bigint: [[types.bigint(), '-9223372036854775808', -1, 0, 9, 10, '9007199254740993', '9223372036854775807']],
  bool: [[types.bool(), false, true]],
  bytes: [[types.bytes({ max: 3 }), '', 'AA==', '/w==', 'AQID']],
  date: [[types.date({ after: '0000-01-01' }), '0000-02-29', '0001-01-01', '2024-02-29', '2026-01-01']],
  datetime: [
    [
      types.datetime(),
      '0000-02-29T00:00:00.000Z',
      '2026-01-01T00:00:00.000Z',
      '2026-01-01T00:00:00.050Z',
      '2026-01-01T00:00:00.500Z',
    ],
  ],
  decimal: [
    [types.decimal({ digits: 6, places: 2, min: '-20' }), '-12.50', '-2.00', '0.00', '0.10', '9.50', '10.00'],
    [types.decimal({ digits: 18, places: 0 }), '-999999999999999999', '9', '10', '999999999999999999'],
  ],
  email: [[types.email(), 'Ann@example.org', 'ann@example.org', 'bob@example.org']],
  enum: [[types.enum(['pro', 'free', '"']), '"', 'free', 'pro']],
  id: [
    [types.id(), -1, 9, 10],
    [types.id('bigint'), -1, 10, '1234567890123456789'],
    [types.id('uuid'), '0190a7c0-0000-7000-8000-000000000001', '0190a7c0-0000-7000-8000-000000000002'],
    [types.id('text'), '10', '9', 'é'],
    [types.id('hex'), '00ff', '01', 'ff'],
  ],
  integer: [[types.integer(), -9_007_199_254_740_991, -1, 0, 9, 10, 9_007_199_254_740_991]],
  json: [[types.json(), null, 'a"', { a: [1] }, [false]]],
  list: [
    [types.list(types.decimal({ digits: 4, places: 1 }), { unique: true }), [], ['1.0'], ['1.0', '2.5']],
    [types.list(), [], [{ a: null }]],
  ],
  number: [[types.number({ min: -2 }), -1.5, 0, 0.000001, 0.1, 1, 123456789012]],
  password: [[types.password(), 'correct horse "']],
  text: [[types.text(), ...texts]],
  url: [[types.url({ max: 40 }), 'http://example.org/?a', 'https://example.org/']],
}

/** A type as a user would write it: three numbers, stored so that they sort. */
const version = defineType({
  name: 'version',
  check: value =>
    typeof value === 'string' && /^(0|[1-9]\d{0,3})(\.(0|[1-9]\d{0,3})){2}$/.test(value)
      ? value
      : refuse('format', 'must be a version like "1.10.0"'),
  sql: {
    column: 'INTEGER',
    encode: value => value.split('.').reduce((sum, part) => sum * 10_000 + Number(part), 0),
    decode: stored => [1e8, 1e4, 1].map(unit => Math.floor((stored as number) / unit) % 10_000).join('.'),
  },
  schema: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+$' },
  example: '1.10.0',
  print: 'quoted',
})

/** Samples of all types. */
export const typeSamples: readonly TypeSample[] = [
  ...Object.values(samples).flat(),
  [version, '0.0.1', '1.9.0', '1.10.0', '9999.0.0'],
]
