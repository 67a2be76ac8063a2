import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IssueCode } from '../protocol/codes.ts'
import * as types from '../schema/field-types/built-in.ts'
import { jsonMode, type InputMode } from '../schema/read/input-mode.ts'
import { Refused } from '../schema/read/refused.ts'
import type { ScalarType } from '../schema/scalar-type.ts'

/** The expected value, or the code of the expected refusal with its place in the value. */
type Expected = { readonly is: unknown } | { readonly no: IssueCode; readonly at?: string }
export type InputRow = [type: ScalarType, value: unknown, expected: Expected]

export const is = (value: unknown): Expected => ({ is: value })
export const no = (code: IssueCode, at?: string): Expected => ({ no: code, ...(at === undefined ? {} : { at }) })

type SampleName =
  | 'integer'
  | 'number'
  | 'bool'
  | 'text'
  | 'json'
  | 'dict'
  | 'list'
  | 'date'
  | 'datetime'
  | 'money'
  | 'color'
  | 'bytes'
  | 'url'
  | 'email'
  | 'id'
  | 'uuid'
  | 'key'

/** Types for the rows of a table. */
export const samples: Readonly<Record<SampleName, ScalarType>> = {
  integer: types.integer(),
  number: types.number(),
  bool: types.bool(),
  text: types.text(),
  json: types.json(),
  dict: types.json({ shape: 'object' }),
  list: types.list(),
  date: types.date(),
  datetime: types.datetime(),
  money: types.decimal({ digits: 6, places: 2 }),
  color: types.enum(['red', 'green']),
  bytes: types.bytes({ max: 3 }),
  url: types.url(),
  email: types.email(),
  id: types.id(),
  uuid: types.id('uuid'),
  key: types.id('text'),
}
export const UUID = '12345678-1234-5678-9abc-1234567890ab'

/** Tests a mode with a table of values, and checks that all results are canonical. */
export function inputSuite(mode: InputMode, rows: readonly InputRow[]): void {
  describe(`the mode ${mode.name}`, () => {
    test.each(
      rows.map(
        ([type, value, expected]) =>
          [
            `${type.name} ${JSON.stringify(type.options)}`,
            JSON.stringify(value)?.slice(0, 60),
            type,
            value,
            expected,
          ] as const,
      ),
    )('%s %s', (_, __, type, value, expected) => {
      const result = mode.read(type, value)
      if ('is' in expected) expect(result).toStrictEqual(expected.is)
      else
        expect(result).toMatchObject({ code: expected.no, ...(expected.at === undefined ? {} : { at: expected.at }) })
      if (!('is' in expected)) expect(result).toBeInstanceOf(Refused)
    })

    test('what comes out is canonical: it goes in again as JSON and stays the same', () => {
      const value = fc.oneof(
        fc.jsonValue(),
        fc.date({ noInvalidDate: true }).map(d => d.toISOString()),
        fc.integer().map(String),
        fc.double().map(String),
        fc.tuple(fc.integer({ min: -99999, max: 99999 }), fc.nat(999)).map(([a, b]) => `${a}.${b}`),
        fc.uuid(),
        fc.base64String(),
        fc.constantFrom(
          'red',
          'true',
          'True',
          '',
          'ann@example.org',
          'https://example.org',
          '2024-02-29',
          1e21,
          -0,
          1e-7,
        ),
      )
      fc.assert(
        fc.property(fc.constantFrom(...Object.values(samples)), value, (type, given) => {
          const once = mode.read(type, given)
          if (once instanceof Refused) return
          expect(jsonMode.read(type, once)).toStrictEqual(once)
          // Rows are JSON texts in the log and in bodies: nothing may be lost there.
          if (type.name !== 'json' && type.name !== 'list') expect(JSON.parse(JSON.stringify(once))).toStrictEqual(once)
        }),
        { numRuns: 500 },
      )
    })
  })
}
