// What the client works out of the rows that it shows, against what the server answers.
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { matches } from '../../src/client/live/matches.ts'
import { orderOf, withId, type Row } from '../../src/client/live/order.ts'
import { merge, share } from '../../src/client/live/share.ts'
import { api, resource, t } from '../../src/index.ts'

const team = resource({ id: t.id(), name: t.text(), rank: t.integer().nullable(), people: t.back('person', 'team') })
const person = resource({
  id: t.id(),
  name: t.text().nullable(),
  mail: t.email({ case: 'lower' }).nullable(),
  rank: t.integer().nullable(),
  wage: t.decimal({ digits: 6, places: 2 }).nullable(),
  born: t.date().nullable(),
  seen: t.datetime().nullable(),
  kind: t.enum(['a', 'b']).nullable(),
  tags: t.list(t.text()).default([]),
  done: t.bool().default(false),
  team: t.one('team').nullable(),
})

const samples = {
  name: ['', 'a', 'A', 'ab', 'É', '😀', '\uff01', '10', '9', 'b a'],
  mail: ['ann@x.io', 'Ann@X.io', 'ben@x.io'],
  rank: [-1, 0, 1, 2],
  wage: ['-1.50', '0.00', '2.00', '10.00', '2'],
  born: ['2026-01-01', '2026-11-22'],
  seen: ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.500Z', '2026-01-01T01:00:00+01:00'],
  kind: ['a', 'b'],
} as const
const others = { tags: [[], ['a'], ['a', 'b']], done: [true, false], team: [1, 2] } as const

/** The operations, for filters that are made at random. */
let app: {
  list(name: string, options: object): Promise<Row[]>
  post(name: string, data: unknown): Promise<unknown>
}
beforeAll(async () => {
  app = api({ team: team.public(), person: person.public() }) as object as typeof app
  await app.post('team', [
    { name: 'red', rank: 1 },
    { name: 'blue', rank: null },
  ])
  const any = (values: readonly unknown[], i: number): unknown => [...values, null][i % (values.length + 1)]
  for (let i = 0; i < 60; i++) {
    const row = Object.fromEntries(Object.entries(samples).map(([name, values], n) => [name, any(values, i * (n + 1))]))
    await app.post('person', { ...row, tags: others.tags[i % 3], done: i % 2 === 0, team: any(others.team, i) })
  }
})

const operand = (name: keyof typeof samples): fc.Arbitrary<unknown> => fc.constantFrom(...samples[name], null)
const scalar = fc.constantFrom(...(Object.keys(samples) as (keyof typeof samples)[])).chain(name => {
  const one = operand(name)
  const solid = fc.constantFrom<unknown>(...samples[name])
  const isText = name === 'name' || name === 'mail'
  const of = (op: string, value: fc.Arbitrary<unknown>): fc.Arbitrary<object> =>
    value.map(given => ({ [name]: { [op]: given } }))
  return fc.oneof(
    one.map(value => ({ [name]: value })),
    ...['$eq', '$ne'].map(op => of(op, one)),
    ...['$in', '$nin'].map(op => of(op, fc.array(one, { maxLength: 3 }))),
    of('$null', fc.boolean()),
    ...(name === 'kind' ? [] : ['$gt', '$gte', '$lt', '$lte'].map(op => of(op, solid))),
    ...(isText ? ['$contains', '$startsWith', '$endsWith', '$icontains'].map(op => of(op, solid)) : []),
  )
})
const leaf: fc.Arbitrary<object> = fc.oneof(
  scalar,
  fc.boolean().map(done => ({ done })),
  fc.constantFrom(1, 2, null).map(one => ({ team: one })),
  fc.constantFrom<object>({ name: 'red' }, { rank: null }, { rank: { $gt: 0 } }).map(one => ({ team: one })),
  fc.constantFrom('a', 'c').map(one => ({ tags: { $has: one } })),
  fc
    .subarray(['a', 'b', 'c'], { minLength: 1 })
    .chain(list => fc.constantFrom('$hasAny', '$hasAll').map(op => ({ tags: { [op]: list } }))),
)
const filter = fc.letrec<{ filter: object }>(tie => ({
  filter: fc.oneof(
    { maxDepth: 2 },
    leaf,
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map(of => ({ $and: of })),
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }).map(of => ({ $or: of })),
    tie('filter').map(of => ({ $not: of })),
  ),
})).filter

test('a filter never contradicts the server, whatever is shown', async () => {
  let told = 0
  let asked = 0
  await fc.assert(
    fc.asyncProperty(
      filter,
      fc.constantFrom<object>({}, { include: ['team'] }, { fields: ['id', 'rank'] }),
      async (condition, shown) => {
        const rows = await app.list('person', shown)
        const found = new Set((await app.list('person', { filter: condition, fields: ['id'] })).map(row => row['id']))
        for (const row of rows) {
          const verdict = matches(condition as Row, row)
          asked++
          if (verdict === null) continue
          told++
          expect(verdict, JSON.stringify([condition, row])).toBe(found.has(row['id']))
        }
      },
    ),
    { numRuns: 500 },
  )
  expect(told / asked).toBeGreaterThan(0.4)
})

test('the order is that of the server wherever the rows tell it', async () => {
  const keys = ['name', 'rank', 'born', 'kind', 'done', 'team', 'team.name', 'id'].flatMap(key => [key, `-${key}`])
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...keys), { minLength: 1, maxLength: 3 }), async sort => {
      const rows = await app.list('person', { sort, include: ['team'] })
      const { compare, tells } = orderOf(sort)
      expect(rows.every(row => tells(row))).toBe(true)
      for (const row of rows) withId(row, row['id'])
      expect(rows.toReversed().toSorted(compare)).toEqual(rows)
    }),
    { numRuns: 100 },
  )
  expect(orderOf(['team.name']).tells({ id: 1, team: 1 })).toBe(false)
  expect(orderOf(['-rank']).tells({ id: 1 })).toBe(false)
})

test('what did not change is the same object', () => {
  const former = { a: 1, b: { c: [1, { d: 2 }] }, e: [1] }
  expect(share(former, structuredClone(former))).toBe(former)
  const now = share(former, { a: 2, b: { c: [1, { d: 2 }] }, e: [1, 2] })
  expect(now.b).toBe(former.b)
  expect(now).toEqual({ a: 2, b: { c: [1, { d: 2 }] }, e: [1, 2] })
  expect(share({ a: 1 }, { b: 1 })).toEqual({ b: 1 })
})

test('a merge patch is applied as RFC 7396 says', () => {
  expect(merge({ a: 'b', c: { d: 'e', f: 'g' } }, { a: 'z', c: { f: null } })).toEqual({ a: 'z', c: { d: 'e' } })
  expect(merge({ a: [1] }, { a: [2, null] })).toEqual({ a: [2, null] })
  expect(merge('text', { a: { b: null } })).toEqual({ a: {} })
})
