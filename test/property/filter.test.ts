// A filter means the same in every form: as it was written, as its canonical text, and together with its negation.
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultLimits } from '../../src/protocol/limits.ts'
import { negate, type Predicate } from '../../src/query/predicate.ts'
import { printFilter } from '../../src/query/predicate.ts'
import { decodeQueryObject } from '../../src/query/query.ts'
import { memory } from '../../src/store/memory.ts'
import type { Value } from '../../src/model/model.ts'
import { wait } from '../../src/store/work.ts'
import { arbitraryFilter, arbitraryValue } from '../../src/testing/arbitrary.ts'
import {
  created,
  testEnvironment,
  friendship,
  idsOfRows,
  model,
  todo,
  user,
} from '../../src/testing/store-suite/world.ts'

const store = memory()
const ids = [1, 2, 3, 10]

beforeAll(async () => {
  await store.open(model, testEnvironment({ now: 1 }))
  const valuesOf = fc.record(
    Object.fromEntries(
      user.columns.map(field => [
        field.name,
        field.nullable ? fc.option(arbitraryValue(field.type)) : arbitraryValue(field.type),
      ]),
    ),
  )
  const people = fc.sample(fc.tuple(...ids.map(() => valuesOf)), { numRuns: 1, seed: 3 })[0]! as Record<string, Value>[]
  await store.write(function* (tx) {
    const users = people.map((values, i) => created(user, { ...values, id: ids[i]!, email: `${i}` }))
    const todos = ids.map((id, i) => created(todo, { id, text: `t${i}`, owner: ids[i % 2]! }))
    yield* wait(tx.apply([...users, ...todos], [...friendship('add', 1, 2), ...friendship('add', 2, 10)]))
  })
})
afterAll(() => store.close())

const parsed = (filter: unknown): Predicate => {
  // The canonical form may be longer and one level deeper than the original.
  const limits = { ...defaultLimits, filterNodes: 10_000, filterDepth: 20 }
  return decodeQueryObject(user, { filter }, limits, 'list').query!.where
}

test('its canonical form is read back as itself, and finds the same rows; its negation finds the others', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryFilter(user, 2), async filter => {
      const where = parsed(filter)
      const text = printFilter(where)
      const again = parsed(JSON.parse(text))
      expect(printFilter(again)).toBe(text)
      const found = await idsOfRows(store, user, { where })
      expect(await idsOfRows(store, user, { where: again })).toEqual(found)
      expect(await idsOfRows(store, user, { where: negate(where) })).toEqual(ids.filter(id => !found.includes(id)))
    }),
    { numRuns: 500 },
  )
})
