import { Ajv } from 'ajv'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inputSuite, is, no, samples, UUID, type InputRow } from '../../testing/input-suite.ts'
import * as types from '../field-types/built-in.ts'
import { defineMode, jsonMode, textMode } from './input-mode.ts'
import { defineType } from '../define-type.ts'
import { refuse, Refused } from './refused.ts'
import type { ScalarType } from '../scalar-type.ts'

const {
  integer,
  number,
  bool,
  text,
  json,
  dict,
  list,
  date,
  datetime,
  money,
  color,
  bytes,
  url,
  email,
  id,
  uuid,
  key,
} = samples

const pair = '\u{1f600}'
const half = '\ud83d'

const exact: InputRow[] = [
  [integer, 7, is(7)],
  [integer, -0, is(0)],
  [integer, 7.5, no('type')],
  [integer, '7', no('type')],
  [integer, true, no('type')],
  [integer, null, no('type')],
  [integer, undefined, no('type')],
  [integer, [], no('type')],
  [integer, 2 ** 53 - 1, is(2 ** 53 - 1)],
  [integer, 2 ** 53, no('range')],
  [types.integer({ min: 1, max: 3 }), 0, no('range')],
  [types.integer({ min: 1, max: 3 }), 1, is(1)],
  [types.integer({ min: 1, max: 3 }), 4, no('range')],
  [number, 1.5, is(1.5)],
  [number, -0, is(0)],
  [number, 1e308, is(1e308)],
  [number, Infinity, no('type')],
  [number, NaN, no('type')],
  [number, '1', no('type')],
  [types.number({ max: 0.5 }), 0.6, no('range')],
  [bool, true, is(true)],
  [bool, 1, no('type')],
  [bool, 'true', no('type')],
  [text, 'x', is('x')],
  [text, '', is('')],
  [text, 5, no('type')],
  [text, null, no('type')],
  [text, 'a\0b', no('format')],
  [text, half, no('format')],
  [text, 'A\u030a', is('A\u030a')],
  [text, 'x'.repeat(10_000), is('x'.repeat(10_000))],
  [text, 'x'.repeat(10_001), no('length')],
  [types.text({ max: 2 }), pair + pair, is(pair + pair)],
  [types.text({ max: 2 }), pair + pair + 'x', no('length')],
  [types.text({ min: 2 }), pair, no('length')],
  [types.text({ min: 2 }), pair + 'x', is(pair + 'x')],
  [types.text({ max: 2, trim: true }), '  ab ', is('ab')],
  [types.text({ min: 1, trim: true }), '   ', no('length')],
  [types.text({ case: 'lower', pattern: /^[a-z]+$/ }), 'ABC', is('abc')],
  [types.text({ case: 'upper' }), 'straße', is('STRASSE')],
  [types.text({ pattern: /^[a-z]+$/ }), 'ABC', no('format')],
  [types.password({ min: 8 }), ' secret ', is(' secret ')],
  [types.password({ min: 8 }), 'short', no('length')],
  [email, 'ann@example.org', is('ann@example.org')],
  [email, "o'hara+x@a.b-c.d", is("o'hara+x@a.b-c.d")],
  [email, 'ann@localhost', is('ann@localhost')],
  [email, 'ann', no('format')],
  [email, 'ann@', no('format')],
  [email, 'ann@-x.org', no('format')],
  [email, 'ann@x..org', no('format')],
  [email, 'ann@x.org\n', no('format')],
  [types.email({ trim: true, case: 'lower' }), ' Ann@Example.org ', is('ann@example.org')],
  [url, 'https://example.org/a?b=c#d', is('https://example.org/a?b=c#d')],
  [url, 'HTTP://example.org', is('HTTP://example.org')],
  [url, 'javascript:alert(1)', no('format')],
  [url, '/relative', no('format')],
  [url, 'https://', no('format')],
  [url, ' https://example.org', no('format')],
  [url, 'https://exa mple.org', no('format')],
  [url, 'https://example.org:99999', no('format')],
  [url, 'https:\\\\example.org', no('format')],
  [money, '3.50', is('3.50')],
  [money, '3.5', is('3.50')],
  [money, 3.5, is('3.50')],
  [money, 3, is('3.00')],
  [money, '3.500', is('3.50')],
  [money, '-0', is('0.00')],
  [money, -0.004, no('range')],
  [money, '-1.2', is('-1.20')],
  [money, 9999.99, is('9999.99')],
  [money, 10000, no('range')],
  [money, '1.234', no('range')],
  [money, '+1', no('format')],
  [money, '01', no('format')],
  [money, '1e2', no('format')],
  [money, '.5', no('format')],
  [money, '', no('format')],
  [money, true, no('type')],
  [money, NaN, no('format')],
  [types.decimal({ digits: 18, places: 0 }), '123456789012345678', is('123456789012345678')],
  [types.decimal({ digits: 18, places: 18 }), 1e-7, is('0.000000100000000000')],
  [types.decimal({ digits: 6, places: 2, min: '0.5' }), '0.49', no('range')],
  [types.decimal({ digits: 6, places: 2, min: '0.5' }), '0.50', is('0.50')],
  [types.decimal({ digits: 6, places: 2, min: '-2', max: '-1' }), '-2.01', no('range')],
  [types.decimal({ digits: 6, places: 2, min: '-2', max: '-1' }), '-0.99', no('range')],
  [types.decimal({ digits: 6, places: 2, max: '10' }), '9', is('9.00')],
  [date, '2024-02-29', is('2024-02-29')],
  [date, '2023-02-29', no('format')],
  [date, '1900-02-29', no('format')],
  [date, '2000-02-29', is('2000-02-29')],
  [date, '2023-04-31', no('format')],
  [date, '2023-13-01', no('format')],
  [date, '2023-00-01', no('format')],
  [date, '2023-1-1', no('format')],
  [date, '2023-01-01T00:00:00Z', no('format')],
  [date, 20230101, no('type')],
  [types.date({ after: '2023-01-01' }), '2023-01-01', no('range')],
  [types.date({ after: '2023-01-01', before: '2023-01-03' }), '2023-01-02', is('2023-01-02')],
  [types.date({ before: '2023-01-01' }), '2023-01-01', no('range')],
  [datetime, '2024-01-02T03:04:05Z', is('2024-01-02T03:04:05.000Z')],
  [datetime, '2024-01-02t03:04:05.5z', is('2024-01-02T03:04:05.500Z')],
  [datetime, '2024-01-02T03:04:05.123999Z', is('2024-01-02T03:04:05.123Z')],
  [datetime, '2024-01-01T01:00:00+02:30', is('2023-12-31T22:30:00.000Z')],
  [datetime, '2024-02-28T23:00:00-01:00', is('2024-02-29T00:00:00.000Z')],
  [datetime, '0050-01-01T00:00:00Z', is('0050-01-01T00:00:00.000Z')],
  [datetime, '0000-01-01T00:00:00+01:00', no('range')],
  [datetime, '9999-12-31T23:59:59-01:00', no('range')],
  [datetime, '2024-01-02T03:04:05', no('format')],
  [datetime, '2024-01-02 03:04:05Z', no('format')],
  [datetime, '2024-01-02T03:04Z', no('format')],
  [datetime, '2024-01-02T24:00:00Z', no('format')],
  [datetime, '2024-01-02T03:60:00Z', no('format')],
  [datetime, '2024-01-02T03:04:60Z', no('format')],
  [datetime, '2024-02-30T03:04:05Z', no('format')],
  [datetime, '2024-01-02T03:04:05+24:00', no('format')],
  [datetime, '2024-01-02', no('format')],
  [datetime, 1704164645000, no('type')],
  [types.datetime({ after: '2024-01-01T00:00:00Z' }), '2024-01-01T01:00:00+01:00', no('range')],
  [types.datetime({ after: '2024-01-01T00:00:00Z' }), '2024-01-01T00:00:00.001Z', is('2024-01-01T00:00:00.001Z')],
  [color, 'red', is('red')],
  [color, 'Red', no('enum')],
  [color, 0, no('type')],
  [bytes, 'AQID', is('AQID')],
  [bytes, 'AQI=', is('AQI=')],
  [bytes, 'AQ==', is('AQ==')],
  [bytes, '', is('')],
  [bytes, 'AQIDBA==', no('length')],
  [bytes, 'AQ', no('format')],
  [bytes, 'AR==', no('format')],
  [bytes, 'AQJ=', no('format')],
  [bytes, 'A===', no('format')],
  [bytes, 'A-_B', no('format')],
  [bytes, 'AQ==AQ==', no('format')],
  [json, null, is(null)],
  [json, { a: [1, 'x', null, { b: false }] }, is({ a: [1, 'x', null, { b: false }] })],
  [json, { a: [1, half] }, no('format', '/a/1')],
  [json, { 'x/y~': 'a\0' }, no('format', '/x~1y~0')],
  [json, { [half]: 1 }, no('format')],
  [json, { a: undefined }, no('type', '/a')],
  [json, new Date(0), no('type', '')],
  [json, [Infinity], no('type', '/0')],
  [dict, {}, is({})],
  [dict, [], no('type')],
  [dict, null, no('type')],
  [list, [1, { a: 2 }, null], is([1, { a: 2 }, null])],
  [list, {}, no('type')],
  [list, 'ab', no('type')],
  [types.list(integer), [1, 2, 'x', 'y'], no('type', '/2')],
  [types.list(types.list(bool)), [[], [true, 1]], no('type', '/1/1')],
  [types.list(money), [1, '2.5'], is(['1.00', '2.50'])],
  [types.list(number), [1, -0], is([1, 0])],
  [types.list(text), [null], no('type', '/0')],
  [types.list(null, { min: 1, max: 2 }), [], no('length')],
  [types.list(null, { min: 1, max: 2 }), [1, 2, 3], no('length')],
  [types.list(null, { unique: true }), [1, '1', true], is([1, '1', true])],
  [types.list(null, { unique: true }), ['a', 'b', 'a'], no('duplicate', '/2')],
  [
    types.list(null, { unique: true }),
    [
      { a: 1, b: [2] },
      { b: [2], a: 1 },
    ],
    no('duplicate', '/1'),
  ],
  [types.list(money, { unique: true }), ['1', '1.0'], no('duplicate', '/1')],
  [id, 1, is(1)],
  [id, -1, is(-1)],
  [id, '1', no('type')],
  [id, 1.5, no('type')],
  [uuid, UUID, is(UUID)],
  [uuid, UUID.toUpperCase(), is(UUID)],
  [uuid, UUID.replaceAll('-', ''), no('format')],
  [uuid, 7, no('type')],
  [key, 'pl', is('pl')],
  [key, 'a~b/ü', is('a~b/ü')],
  [key, '', no('length')],
  [key, '..', no('format')],
  [key, 'a\nb', no('format')],
  [key, 5, no('type')],
  [key, 'x'.repeat(256), no('length')],
]

const texts: InputRow[] = [
  [integer, '7', is(7)],
  [integer, '-7', is(-7)],
  [integer, '0', is(0)],
  [integer, '01', no('type')],
  [integer, '-0', no('type')],
  [integer, ' 1', no('type')],
  [integer, '1e0', no('type')],
  [integer, '+7', no('type')],
  [integer, '1.0', no('type')],
  [integer, '0x1', no('type')],
  [integer, '', no('type')],
  [integer, '9007199254740993', no('range')],
  [number, '1.5', is(1.5)],
  [number, '-0.5', is(-0.5)],
  [number, '2', is(2)],
  [number, '-0.0', is(0)],
  [number, '1e0', no('type')],
  [number, '.5', no('type')],
  [number, '00.5', no('type')],
  [number, 'NaN', no('type')],
  [number, 'Infinity', no('type')],
  [bool, 'true', is(true)],
  [bool, 'false', is(false)],
  [bool, 'True', no('type')],
  [bool, '1', no('type')],
  [text, '', is('')],
  [text, '7', is('7')],
  [text, 'null', is('null')],
  [money, '3.5', is('3.50')],
  [money, '3,5', no('format')],
  [date, '2024-02-29', is('2024-02-29')],
  [datetime, '2024-01-02T03:04:05Z', is('2024-01-02T03:04:05.000Z')],
  [datetime, '1704164645', no('format')],
  [color, 'green', is('green')],
  [color, 'blue', no('enum')],
  [bytes, 'AQID', is('AQID')],
  [json, '{"a":1}', is({ a: 1 })],
  [json, '{', no('format')],
  [dict, '[]', no('type')],
  [types.list(integer), '[1,2]', is([1, 2])],
  [types.list(integer), ['1', '2'], is([1, 2])],
  [types.list(integer), ['1', '02'], no('type', '/1')],
  [id, '7', is(7)],
  [id, '07', no('type')],
  [id, 'abc', no('type')],
  [uuid, UUID, is(UUID)],
  [uuid, UUID.toUpperCase(), no('format')],
  [key, '01', is('01')],
]

inputSuite(jsonMode, exact)
inputSuite(textMode, texts)

describe('every mode', () => {
  /** Numbers in texts, as a dialect may take them. */
  const numbers = defineMode('numbers', { integer: value => (typeof value === 'string' ? Number(value) : value) })

  test('the value given is never changed', () => {
    const given = Object.freeze([1, '2'])
    expect(numbers.read(types.list(integer), given)).toEqual([1, 2])
    expect(given).toEqual([1, '2'])
    const same = [1, 2]
    expect(jsonMode.read(types.list(integer), same)).toBe(same)
  })

  test('a coercion of the type for the mode comes first', () => {
    const shouted = defineType({
      name: 'integer',
      check: value => (value === 'A' ? 'A' : refuse('enum', 'must be A')),
      coercions: { numbers: value => String(value).toUpperCase() },
      sql: { column: 'TEXT' },
      schema: {},
    })
    expect(numbers.read(shouted, 'a')).toBe('A')
    expect(numbers.read(types.list(shouted), ['a', 'b'])).toMatchObject({ code: 'enum', at: '/1' })
    expect(numbers.read(text, 5)).toBeInstanceOf(Refused)
  })

  test('a value in a circle is refused', () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(jsonMode.read(json, circle)).toBeInstanceOf(Refused)
  })
})

describe('the mode json agrees with JSON Schema', () => {
  const ajv = new Ajv({ strictTypes: false })
  const pairs: [string, ScalarType, object][] = [
    ['integer', types.integer({ min: -5, max: 100 }), { type: 'integer', minimum: -5, maximum: 100 }],
    ['number', types.number({ min: -0.5 }), { type: 'number', minimum: -0.5 }],
    ['bool', bool, { type: 'boolean' }],
    [
      'text',
      types.text({ min: 1, max: 4, pattern: /^[^b]*$/ }),
      { type: 'string', minLength: 1, maxLength: 4, pattern: '^[^b]*$' },
    ],
    ['enum', types.enum(['a', 'ab', '']), { enum: ['a', 'ab', ''] }],
    ['object', dict, { type: 'object' }],
    [
      'list',
      types.list(types.integer({ min: 0 }), { max: 3, unique: true }),
      { type: 'array', items: { type: 'integer', minimum: 0 }, maxItems: 3, uniqueItems: true },
    ],
    ['list of anything', types.list(null, { min: 1, unique: true }), { type: 'array', minItems: 1, uniqueItems: true }],
  ]
  // JSON Schema does not express NUL, surrogates and the bounds of safe integers, so these values contain none.
  const word = fc.string({ unit: fc.constantFrom('a', 'b', pair, 'é'), maxLength: 6 })
  const leaf = fc.oneof(
    word,
    fc.integer({ min: -200, max: 200 }),
    fc.double({ min: -10, max: 10, noNaN: true }),
    fc.boolean(),
    fc.constant(null),
  )
  const value = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 4 }),
    fc.array(fc.nat(3), { maxLength: 4 }),
    fc.array(fc.array(fc.nat(1), { maxLength: 1 }), { maxLength: 3 }),
    fc.dictionary(word, leaf, { maxKeys: 3 }),
  )
  test.each(pairs)('%s', (_, type, schema) => {
    const valid = ajv.compile(schema)
    fc.assert(
      fc.property(value, given => {
        expect(jsonMode.read(type, given) instanceof Refused).toBe(!valid(given))
      }),
      { numRuns: 500 },
    )
  })
})
