// What every type must satisfy, whoever wrote it: its parts agree with each other, with SQLite and with JSON Schema.
import { DatabaseSync } from 'node:sqlite'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { defineType } from '../define-type.ts'
import { refuse, Refused } from '../read/refused.ts'
import { hasOrder, type ScalarType, type StoredValue } from '../scalar-type.ts'
import type { Value } from '../value.ts'
import { sql, statementText } from '../../store/sql/kysely.ts'
import { sqliteDialect } from '../../store/sqlite/sqlite-dialect.ts'
import * as types from './built-in.ts'

/** A type, and canonical values of it in ascending order. */
type Sample = readonly [type: ScalarType, ...values: Value[]]

const texts = ['', '10', '9', 'A', '\u{d7ff}', '\u{ff01}', '\u{1f600}']

const samples: Readonly<Record<keyof typeof types, readonly Sample[]>> = {
  bigint: [[types.bigint(), '-9223372036854775808', -1, 0, 9, 10, '9007199254740993', '9223372036854775807']],
  bool: [[types.bool(), false, true]],
  bytes: [[types.bytes({ max: 3 }), '', 'AA==', '/w==', 'AQID']],
  date: [[types.date({ after: '0000-01-01' }), '0001-01-01', '2024-02-29', '2026-01-01']],
  datetime: [[types.datetime(), '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.050Z', '2026-01-01T00:00:00.500Z']],
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

const all: readonly Sample[] = [...Object.values(samples).flat(), [version, '0.0.1', '1.9.0', '1.10.0', '9999.0.0']]

const ajv = new Ajv({ strict: false })
addFormats.default(ajv)

describe.each(all.map(([type, ...values]) => [type.name, JSON.stringify(type.options), type, values] as const))(
  '%s %s',
  (_, __, type, values) => {
    const shown = (value: Value): Value => (type.show && value !== null ? type.show(value) : value)

    test('its options are sound, and its example is one of its values', () => {
      expect(type.faults()).toEqual([])
      expect(type.check(type.example)).toStrictEqual(type.example)
    })

    test('canonical values stay as they are', () => {
      for (const value of values) expect(type.check(value)).toBe(value)
    })

    test('values of other types are refused, and never throw', () => {
      for (const odd of [undefined, Symbol('x'), () => {}, 10n, Number.NaN])
        expect([type.check(odd), type.readText(odd)]).toEqual([expect.any(Refused), expect.any(Refused)])
    })

    test('a value shown as JSON is read back, also as text', () => {
      for (const value of values) {
        const json = JSON.stringify(shown(value))
        expect(type.check(JSON.parse(json))).toStrictEqual(value)
        const text = typeof value === 'string' && type.name !== 'json' ? (shown(value) as string) : json
        expect(type.readText(text)).toStrictEqual(value)
      }
    })

    test('the short ways of writing JSON write the same', () => {
      for (const value of values) {
        const written = JSON.stringify(shown(value))
        if (type.print === 'raw') expect(String(shown(value))).toBe(written)
        if (type.print === 'quoted') expect(`"${String(shown(value))}"`).toBe(written)
      }
    })

    test('its JSON Schema accepts the shown values', () => {
      const takes = ajv.compile(type.schema)
      for (const value of values) expect([value, takes(shown(value)), takes.errors]).toEqual([value, true, null])
    })

    test('the expression for compiled code agrees with the check', () => {
      if (!type.fits) return
      // oxlint-disable-next-line typescript/no-implied-eval -- the type's own code
      const fits = new Function('v', `return ${type.fits('v')}`) as (value: unknown) => boolean
      for (const value of [...values, undefined, null, 'x', -0, 0.5, 2 ** 60, {}])
        if (fits(value)) expect(type.check(value)).toBe(value)
    })

    test('SQLite returns the stored values, in the order of the type', () => {
      const db = new DatabaseSync(':memory:')
      db.exec(`CREATE TABLE a (i INTEGER PRIMARY KEY, x ${type.sql.column}) STRICT`)
      const insert = db.prepare('INSERT INTO a (x) VALUES (?)')
      const stored = values.filter(value => value !== null)
      for (const value of stored.toReversed()) insert.run(type.sql.encode(value))
      const column = {
        plain: 'x',
        text: 'cast(x as text)',
        safe: statementText(sqliteDialect.readSafe(sql`x`), sqliteDialect.text),
      }[type.sql.select]
      const rows = db.prepare(`SELECT ${column} AS v FROM a ORDER BY x`).all() as { v: StoredValue }[]
      const back = rows.map(({ v }) => (type.sql.decode ? type.sql.decode(v) : v))
      if (hasOrder(type)) {
        expect(back).toEqual(stored)
        expect(stored.toReversed().toSorted(type.compare)).toEqual(stored)
      } else expect(new Set(back.map(v => JSON.stringify(v)))).toEqual(new Set(stored.map(v => JSON.stringify(v))))
      expect(type.sql.encode(null)).toBe(null)
      db.close()
    })

    test('without its bounds it takes all that it took', () => {
      for (const value of values) expect(type.unbounded().check(value)).toStrictEqual(value)
    })
  },
)
