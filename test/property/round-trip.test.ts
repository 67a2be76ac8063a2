// What was read can be sent back: for every type, over every store, each value is the same after GET → PUT, and filters find it.
import * as fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../../src/index.ts'
import { arbitraryValue } from '../../src/testing/arbitrary.ts'
import { slow } from '../../src/testing/slow-store.ts'
import { operatorsOf } from '../../src/query/operator.ts'
import type { ScalarField } from '../../src/model/model.ts'
import { served } from '../speakers.ts'
import { NativeClient } from '../../src/testing/native-client.ts'

const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memory(),
  sqlite: () => sqlite(':memory:'),
  slow: () => slow(memory()),
}

const thing = resource({
  id: t.id(),
  bool: t.bool().nullable(),
  bytes: t.bytes().nullable(),
  date: t.date({ after: '0000-01-01' }).nullable(),
  datetime: t.datetime().nullable(),
  decimal: t.decimal({ digits: 18, places: 2 }).nullable(),
  enum: t.enum(['a', 'b']).nullable(),
  integer: t.integer().nullable(),
  json: t.json().nullable(),
  list: t.list(t.number()).nullable(),
  number: t.number().nullable(),
  text: t.text().nullable(),
}).public()

/** Numbers that trip parsers, among them integers beyond 2^53. */
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => (value === 0 ? 0 : value)),
  fc.constantFrom(1e17, 2 ** 53, -(2 ** 53), 2 ** 64, 1e20, 123456789012345680000, 1e21, 1e-7, 5e-324),
)

/** Members with these names are data within a value, and nothing else. */
const namedLikePrototypes: readonly unknown[] = [
  '{"__proto__":{"polluted":1,"a":null}}',
  '{"a":[{"constructor":{"prototype":{"polluted":1}}}]}',
  '{"__proto__":null,"prototype":"x"}',
].map(text => JSON.parse(text) as unknown)

test.each(Object.entries(stores))('%s', async (_, store) => {
  const app = api({ thing }, { store: store(), report: () => {} })
  const port = await served(app)
  const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
  onTestFinished(() => client.cut())
  const ask = async (method: string, path: string, body?: string): Promise<[number, string]> => {
    const init = body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }
    const answer = await app.fetch(new Request(`http://x${path}`, { method, ...init }))
    return [answer.status, await answer.text()]
  }
  const fields = [...app.model.resources.get('thing')!.columns].filter(
    (field): field is ScalarField => field.name !== 'id',
  )
  const values = fields.map(field => {
    // U+0000 and lone surrogates are refused.
    const own = arbitraryValue(field.type).filter(value => !JSON.stringify(value).includes('\\u'))
    const more = field.name === 'number' ? numbers : field.name === 'list' ? fc.array(numbers, { maxLength: 3 }) : own
    const deep =
      field.name === 'json'
        ? fc.oneof(
            own,
            numbers.map(n => ({ a: [n], b: { c: null } })),
            fc.constantFrom(...namedLikePrototypes),
          )
        : more
    return fc.tuple(fc.constant(field.name), fc.oneof(own, deep, fc.constant(null)))
  })
  await fc.assert(
    fc.asyncProperty(fc.tuple(...values), async entries => {
      const [made, text] = await ask('POST', '/thing', JSON.stringify(Object.fromEntries(entries)))
      expect([made, text]).toEqual([201, text])
      const row = JSON.parse(text) as Record<string, unknown> & { readonly id: number }
      const path = `/thing/${row.id}`
      const [, shown] = await ask('GET', path)
      expect(JSON.parse(shown)).toEqual(row)
      expect(await ask('PUT', path, shown)).toEqual([200, shown])
      const sent = await client.ask({ op: 'replace', uri: path, data: JSON.parse(shown) })
      expect([sent.status, sent.data]).toEqual([200, row])
      for (const field of fields) {
        const value = row[field.name]
        if (value === null || !operatorsOf(field).includes('eq')) continue
        const filter = encodeURIComponent(JSON.stringify({ [field.name]: { $eq: value }, id: row.id }))
        expect([field.name, ...(await ask('GET', `/thing?filter=${filter}`))]).toEqual([field.name, 200, `[${shown}]`])
        const isJson = field.name === 'json' || typeof value === 'object'
        const flat = encodeURIComponent(isJson ? JSON.stringify(value) : String(value))
        expect([field.name, ...(await ask('GET', `/thing?id=${row.id}&${field.name}=${flat}`))]).toEqual([
          field.name,
          200,
          `[${shown}]`,
        ])
      }
    }),
    { numRuns: 60 },
  )
})

test('integers that would become other ones are still refused', async () => {
  const app = api({ thing }, { store: memory(), report: () => {} })
  onTestFinished(() => app.close())
  for (const number of ['9007199254740993', '12345678901234567890', '-9007199254740995', '100000000000000001']) {
    const answer = await app.fetch(
      new Request('http://x/thing', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"json":{"n":${number}}}`,
      }),
    )
    expect([number, answer.status]).toEqual([number, 400])
  }
})
