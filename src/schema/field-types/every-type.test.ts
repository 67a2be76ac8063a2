// What every type must satisfy, whoever wrote it: its parts agree with each other, with SQLite and with JSON Schema.
import { DatabaseSync } from 'node:sqlite'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { Refused } from '../read/refused.ts'
import { hasOrder, type StoredValue } from '../scalar-type.ts'
import type { Value } from '../value.ts'
import { sql, statementText } from '../../store/sql/kysely.ts'
import { sqliteDialect } from '../../store/sqlite/sqlite-dialect.ts'
import { typeSamples } from '../../testing/store-suite/type-samples.ts'

const ajv = new Ajv({ strict: false })
addFormats.default(ajv)

describe.each(typeSamples.map(([type, ...values]) => [type.name, JSON.stringify(type.options), type, values] as const))(
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
