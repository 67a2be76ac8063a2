import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../protocol/limits.ts'
import type { Value } from '../schema/field.ts'
import { relate, scopeOf } from '../testing/scope.ts'
import { compileTest, type RowAccess } from './evaluate.ts'
import { everything, negate, type Predicate } from './predicate.ts'
import { decodeQueryObject } from './query.ts'
import * as types from '../schema/field-types/built-in.ts'

interface Person {
  readonly [name: string]: Value | Person | readonly Person[]
}

const person = scopeOf('person', {
  name: types.text(),
  rank: types.integer(),
  price: types.decimal({ digits: 8, places: 2 }),
  seen: types.datetime(),
  active: types.bool(),
  tags: types.list(types.text()),
})
relate(person, {
  boss: { target: person },
  card: { target: person, is: 'back' },
  friends: { target: person, is: 'many', toMany: true },
})

const access: RowAccess<Person> = {
  value: field => row => {
    const value = row[field.name] ?? null
    return typeof value === 'object' && value !== null && 'id' in value ? value['id']! : value
  },
  one: field => row => (row[field.name] ?? null) as Person | null,
  many: field => row => (row[field.name] ?? []) as readonly Person[],
}

const ann: Person = {
  id: 1,
  name: 'Ann',
  rank: 3,
  price: '9.50',
  seen: '2026-01-01T00:00:00.000Z',
  active: true,
  tags: ['a', 'b'],
}
const bob: Person = { id: 2, name: 'Bob', rank: 1, price: '-10.00', active: false, tags: [], boss: ann, friends: [ann] }
const cy: Person = { id: 3, name: '\u{1f600}\u{c4}', boss: bob, card: ann, friends: [ann, bob] }
const nobody: Person = { id: 4 }
const people = [ann, bob, cy, nobody]

function matches(filter: unknown): Value[] {
  const { query } = decodeQueryObject(person, { filter }, defaultLimits, 'list')
  return people.filter(compileTest(query!.where, person, access)).map(row => row['id'] as Value)
}

test('a related row that must ask many others is asked once, however many rows lead to it', () => {
  let asked = 0
  const counting: RowAccess<Person> = {
    ...access,
    isFrozen: true,
    many: field => row => (asked++, access.many(field)(row)),
  }
  const staff = Array.from({ length: 50 }, (_, i): Person => ({ id: 10 + i, boss: cy }))
  const friendsOfBoss = { boss: { friends: { $some: { name: 'Ann' } } } }
  const { query } = decodeQueryObject(person, { filter: friendsOfBoss }, defaultLimits, 'list')
  expect(staff.filter(compileTest(query!.where, person, counting))).toHaveLength(50)
  expect(asked).toBe(1)
})

describe('evaluation', () => {
  test.each<[unknown, number[]]>([
    [{}, [1, 2, 3, 4]],
    [{ $or: [] }, []],
    [{ rank: 3 }, [1]],
    [{ rank: { $ne: 3 } }, [2, 3, 4]],
    [{ rank: { $gt: 1 } }, [1]],
    [{ rank: { $gte: 1 } }, [1, 2]],
    [{ rank: { $lt: 3 } }, [2]],
    [{ rank: { $lte: 3 } }, [1, 2]],
    [{ rank: { $in: [1, 2] } }, [2]],
    [{ rank: { $nin: [1, 2] } }, [1, 3, 4]],
    [{ rank: { $in: [] } }, []],
    [{ rank: { $in: [1, null] } }, [2, 3, 4]],
    [{ rank: { $nin: [1, null] } }, [1]],
    [{ rank: null }, [3, 4]],
    [{ rank: { $null: false } }, [1, 2]],
    [{ $not: { rank: { $gt: 1 } } }, [2, 3, 4]],
    [{ rank: { $gt: 1, $lt: 3 } }, []],
    [{ $or: [{ rank: 1 }, { id: 4 }, { id: 4 }] }, [2, 4]],
    [{ name: 'Ann', rank: 3, active: true }, [1]],
    [{ active: { $ne: true } }, [2, 3, 4]],
    [{ price: { $lt: '9.5' } }, [2]],
    [{ price: { $gt: '-9.99' } }, [1]],
    [{ seen: { $lt: '2026-01-01T00:00:00.001Z' } }, [1]],
    [{ name: { $gt: '\u{ffff}' } }, [3]],
    [{ name: { $contains: 'n' } }, [1]],
    [{ name: { $contains: '' } }, [1, 2, 3]],
    [{ name: { $startsWith: 'B' } }, [2]],
    [{ name: { $endsWith: 'Ä' } }, [3]],
    [{ name: { $ieq: 'ANN' } }, [1]],
    [{ name: { $icontains: 'ä' } }, [3]],
    [{ name: { $icontains: 'A\u{308}' } }, [3]],
    [{ name: { $istartsWith: 'b' } }, [2]],
    [{ name: { $iendsWith: 'N' } }, [1]],
    [{ tags: { $has: 'b' } }, [1]],
    [{ tags: { $hasAny: ['x', 'a'] } }, [1]],
    [{ tags: { $hasAll: ['x', 'a'] } }, []],
    [{ tags: { $hasAll: [] } }, [1, 2]],
    [{ tags: { $size: 0 } }, [2]],
    [{ boss: 1 }, [2]],
    [{ boss: { $ne: 1 } }, [1, 3, 4]],
    [{ boss: { rank: 3 } }, [2]],
    [{ boss: { rank: { $ne: 3 } } }, [3]],
    [{ boss: { boss: { name: 'Ann' } } }, [3]],
    [{ boss: {} }, [2, 3]],
    [{ boss: null }, [1, 4]],
    [{ $not: { boss: { rank: 3 } } }, [1, 3, 4]],
    [{ card: { name: 'Ann' } }, [3]],
    [{ card: 1 }, [3]],
    [{ card: { $ne: 1 } }, [1, 2, 4]],
    [{ card: null }, [1, 2, 4]],
    [{ friends: { $some: { rank: 1 } } }, [3]],
    [{ friends: { $every: { rank: 3 } } }, [1, 2, 4]],
    [{ friends: { $none: { rank: 1 } } }, [1, 2, 4]],
    [{ friends: { $size: 2 } }, [3]],
  ])('%j', (filter, ids) => {
    expect(matches(filter)).toEqual(ids)
  })

  test('a null operand, which only rules can have, equals nothing', () => {
    const test = (predicate: Predicate): number => people.filter(compileTest(predicate, person, access)).length
    for (const op of ['eq', 'gt', 'gte', 'lt', 'lte'] as const) {
      expect(test({ kind: 'compare', op, field: 'rank', value: null })).toBe(0)
    }
    expect(test({ kind: 'compare', op: 'ne', field: 'rank', value: null })).toBe(4)
    expect(test({ kind: 'in', field: 'rank', values: [null], negated: false })).toBe(0)
    expect(test({ kind: 'in', field: 'rank', values: [null], negated: true })).toBe(4)
  })

  test('not is the complement, whatever is negated', () => {
    const all: Predicate[] = [
      everything,
      { kind: 'size', field: 'tags', value: 0 },
      { kind: 'has', field: 'tags', mode: 'any', values: ['a'] },
    ]
    for (const predicate of all) {
      const holds = compileTest(predicate, person, access)
      const fails = compileTest(negate(predicate), person, access)
      expect(people.map(row => holds(row) !== fails(row))).toEqual([true, true, true, true])
    }
  })
})
