// The arguments of a GET action are in its query. They must arrive as the client gave them, whatever their type.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { client } from '../../src/client/index.ts'
import { act, actions, api, t } from '../../src/index.ts'
import { arbitraryValue } from '../../src/testing/arbitrary.ts'

const scalars = {
  text: t.text(),
  integer: t.integer(),
  number: t.number(),
  decimal: t.decimal({ digits: 9, places: 2 }),
  bool: t.bool(),
  enum: t.enum(['a', 'b,c']),
  date: t.date(),
  datetime: t.datetime(),
  bytes: t.bytes(),
  bigint: t.bigint(),
  json: t.json(),
} as const

const lists = Object.fromEntries(Object.entries(scalars).map(([name, field]) => [`${name}s`, t.list(field as never)]))
const given = { ...scalars, ...lists, none: t.text().nullable() }
type Field = (typeof scalars)['text']

/** Values of a field. A JSON argument that is a text is left out: the query cannot tell it from other JSON. */
const valuesOf = (name: string, field: Field): fc.Arbitrary<unknown> => {
  const def = field['~def'] as never as { type: Parameters<typeof arbitraryValue>[0] }
  if (name === 'bigint') return fc.constantFrom(1, '9007199254740993')
  if (name === 'bigints') return fc.array(fc.constantFrom(1, '9007199254740993'))
  if (name === 'none') return fc.constant(null)
  const values = arbitraryValue(def.type)
  if (!name.startsWith('json')) return values
  // JSON has no -0.
  const printed = values.map(value => JSON.parse(JSON.stringify(value)) as unknown)
  return name === 'json' ? printed.filter(value => typeof value !== 'string' && value !== null) : printed
}

const echo = actions('Echo', null, {
  ...Object.fromEntries(
    Object.entries(given).map(([name, field]) => [`get_${name}`, act({ input: { x: field } }, ({ input }) => input)]),
  ),
  get_rows: act(
    { input: { rows: [{ at: t.date(), tags: [t.text()] }], of: { n: t.integer() }, sort: t.list(t.text()) } },
    ({ input }) => input,
  ),
}).public()

const app = api({ echo }, { report: () => {}, http: { log: () => {} } })
const options = { fetch: (...request: Parameters<typeof fetch>) => Promise.resolve(app.fetch(new Request(...request))) }
const calls = client<any>('http://host', options) as any

test.each(Object.entries(given))('%s', async (name, field) => {
  await fc.assert(
    fc.asyncProperty(valuesOf(name, field as Field), async x => {
      expect(await calls.echo[`get_${name}`]({ x })).toEqual({ x })
    }),
    { numRuns: 50 },
  )
})

test('objects and lists of objects', async () => {
  const input = { rows: [{ at: '2026-01-01', tags: ['a,b', '[1]'] }], of: { n: 3 }, sort: ['a,b', 'c'] }
  expect(await calls.echo.get_rows(input)).toEqual(input)
})

test('a list may be repeated, as forms and other clients send it', async () => {
  const ask = async (query: string): Promise<unknown> =>
    (await app.fetch(new Request(`http://host/echo/${query}`))).json()
  expect(await ask('texts?x=a,b&x=c')).toEqual({ x: ['a,b', 'c'] })
  expect(await ask('integers?x=1&x=2')).toEqual({ x: [1, 2] })
  expect(await ask('integers?x=7')).toEqual({ x: [7] })
  expect(await ask('integers?x=1&x=b')).toMatchObject({ errors: [{ parameter: 'x', code: 'type' }] })
  expect(await ask('text?x=a&x=b')).toMatchObject({ errors: [{ parameter: 'x', code: 'duplicate' }] })
})
