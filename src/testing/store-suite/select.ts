import { expect, test } from 'vitest'
import type { Value } from '../../model/model.ts'
import type { Predicate, SortKey } from '../../query/predicate.ts'
import type { Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import { RED, created, friendship, idsOfRows, member, passport, put, team, todo, user } from './world.ts'

const by = (...keys: string[]): SortKey[] =>
  keys.map(key => ({ path: key.replace('-', '').split('.'), descending: key.startsWith('-') }))

/** Five users: one with nothing but an email, two that agree in much. */
async function sample(store: Store): Promise<void> {
  await put(
    store,
    created(user, {
      id: 1,
      email: 'a',
      name: 'Ann',
      rank: 3,
      price: '9.50',
      seen: '2026-01-01T00:00:00.000Z',
      tags: ['x', 'y'],
    }),
    created(user, {
      id: 2,
      email: 'b',
      name: 'ann',
      rank: 1,
      price: '10.00',
      seen: '2026-01-01T00:00:00.500Z',
      tags: [],
      boss: 1,
    }),
    created(user, { id: 3, email: 'c', name: '\u{1f600}', rank: 3, price: '-1.00', isAdmin: true, boss: 1 }),
    created(user, { id: 4, email: 'd', name: '\u{ff01}', score: 1.5, price: '-20.00', role: 'guest', boss: 2 }),
    created(user, { id: 5, email: 'e' }),
  )
  await put(store, created(todo, { id: 1, text: '50%', owner: 1 }), created(todo, { id: 2, text: 'a_b', owner: 1 }))
  await put(store, created(todo, { id: 3, text: 'ÄRGER', owner: 2 }), created(passport, { id: 'P', owner: 3 }))
  await put(store, created(team, { id: RED, title: 'red' }))
  await store.write(tx =>
    wait(tx.apply([], [member('add', RED, 1), member('add', RED, 2), ...friendship('add', 1, 5)])),
  )
}

const cmp = (field: string, op: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte', value: Value): Predicate => ({
  kind: 'compare',
  op,
  field,
  value,
})
const text = (
  field: string,
  op: 'eq' | 'contains' | 'startsWith' | 'endsWith',
  value: string,
  fold = false,
): Predicate => ({
  kind: 'text',
  op,
  field,
  value,
  fold,
})
const one = (field: string, of: Predicate): Predicate => ({ kind: 'one', field, of })
const many = (field: string, quantifier: 'some' | 'every' | 'none', of: Predicate): Predicate => ({
  kind: 'many',
  field,
  quantifier,
  of,
})
const none = (field: string): Predicate => ({ kind: 'null', field, is: true })
const has = (mode: 'any' | 'all', values: readonly Value[]): Predicate => ({ kind: 'has', field: 'tags', mode, values })
const letters = ['q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7', 'q8', 'q9']
const anything: Predicate = { kind: 'constant', value: true }

export function selectTests(make: MakeStore): void {
  test.each<[string, Predicate, Value[]]>([
    ['eq', cmp('rank', 'eq', 3), [1, 3]],
    ['ne matches null', cmp('rank', 'ne', 3), [2, 4, 5]],
    ['gt does not match null', cmp('rank', 'gt', 1), [1, 3]],
    ['lte does not match null', cmp('rank', 'lte', 1), [2]],
    ['decimals by value', cmp('price', 'gte', '9.50'), [1, 2]],
    ['negative decimals by value', cmp('price', 'lt', '-1.00'), [4]],
    ['moments by value', cmp('seen', 'gt', '2026-01-01T00:00:00.000Z'), [2]],
    ['text by code point', cmp('name', 'gt', '\u{ff01}'), [3]],
    ['booleans', cmp('isAdmin', 'eq', true), [3]],
    ['a to-one by id', cmp('boss', 'eq', 1), [2, 3]],
    ['in', { kind: 'in', field: 'rank', values: [3, 7], negated: false }, [1, 3]],
    ['in nothing', { kind: 'in', field: 'rank', values: [], negated: false }, []],
    ['nin matches null', { kind: 'in', field: 'rank', values: [3], negated: true }, [2, 4, 5]],
    ['nin nothing', { kind: 'in', field: 'rank', values: [], negated: true }, [1, 2, 3, 4, 5]],
    ['null', none('name'), [5]],
    ['not null', { kind: 'null', field: 'name', is: false }, [1, 2, 3, 4]],
    ['not of a comparison is plain negation', { kind: 'not', of: cmp('rank', 'gt', 1) }, [2, 4, 5]],
    ['and', { kind: 'and', of: [cmp('rank', 'eq', 3), cmp('isAdmin', 'eq', false)] }, [1]],
    ['or', { kind: 'or', of: [cmp('id', 'eq', 4), cmp('rank', 'eq', 1)] }, [2, 4]],
    ['text equal but for case', text('name', 'eq', 'ANN', true), [1, 2]],
    ['text with case', text('name', 'startsWith', 'A'), [1]],
    ['has', { kind: 'has', field: 'tags', mode: 'any', values: ['y', 'z'] }, [1]],
    ['has all', { kind: 'has', field: 'tags', mode: 'all', values: ['y', 'z'] }, []],
    ['has all of nothing', { kind: 'has', field: 'tags', mode: 'all', values: [] }, [1, 2]],
    ['has any of nothing', { kind: 'has', field: 'tags', mode: 'any', values: [] }, []],
    ['has any of many', has('any', ['a', ...letters, 'y']), [1]],
    ['has all of many', has('all', letters), []],
    [
      'many foldings of one text',
      { kind: 'or', of: [...letters, 'ANN'].map(value => text('name', 'contains', value, true)) },
      [1, 2],
    ],
    [
      'many foldings beside other conditions',
      {
        kind: 'and',
        of: [
          cmp('rank', 'eq', 3),
          { kind: 'not', of: text('name', 'contains', 'ANN', true) },
          { kind: 'not', of: text('name', 'eq', 'Q', true) },
          cmp('isAdmin', 'eq', true),
        ],
      },
      [3],
    ],
    ['size of a list', { kind: 'size', field: 'tags', value: 0 }, [2]],
    ['size of a relation', { kind: 'size', field: 'todos', value: 2 }, [1]],
    ['size none of a relation', { kind: 'size', field: 'teams', value: 0 }, [3, 4, 5]],
    ['one', one('boss', cmp('rank', 'eq', 3)), [2, 3]],
    ['one of one', one('boss', one('boss', anything)), [4]],
    ['no one', { kind: 'not', of: one('boss', anything) }, [1, 5]],
    ['ne through one needs the row', one('boss', cmp('name', 'ne', 'Ann')), [4]],
    ['the other side of a one-to-one', one('passport', cmp('id', 'eq', 'P')), [3]],
    ['some', many('todos', 'some', text('text', 'contains', '%')), [1]],
    ['% is a character', many('todos', 'some', text('text', 'eq', '50_')), []],
    ['_ is a character', many('todos', 'some', text('text', 'contains', '_')), [1]],
    ['umlauts fold', many('todos', 'some', text('text', 'contains', 'ärg', true)), [2]],
    ['every holds of nothing', many('todos', 'every', text('text', 'endsWith', 'R')), [2, 3, 4, 5]],
    ['none', many('todos', 'none', anything), [3, 4, 5]],
    ['some of a join', many('teams', 'some', cmp('title', 'eq', 'red')), [1, 2]],
    ['some of a symmetric join', many('friends', 'some', cmp('id', 'eq', 1)), [5]],
    ['all', anything, [1, 2, 3, 4, 5]],
    ['nothing', { kind: 'constant', value: false }, []],
  ])('where: %s', async (_, where, ids) => {
    const { store } = await opened(make)
    await sample(store)
    expect(await idsOfRows(store, user, { where })).toEqual(ids)
  })

  test.each<[string[], Value[]]>([
    [['-id'], [5, 4, 3, 2, 1]],
    [['rank'], [2, 1, 3, 4, 5]],
    [['-rank'], [1, 3, 2, 4, 5]],
    [
      ['-rank', '-id'],
      [3, 1, 2, 5, 4],
    ],
    [['price'], [4, 3, 1, 2, 5]],
    [['-price'], [2, 1, 3, 4, 5]],
    [['name'], [1, 2, 4, 3, 5]],
    [['-name'], [3, 4, 2, 1, 5]],
    [['-isAdmin'], [3, 1, 2, 4, 5]],
    [['boss'], [2, 3, 4, 1, 5]],
    [['boss.name'], [2, 3, 4, 1, 5]],
    [
      ['-boss.name', '-id'],
      [4, 3, 2, 5, 1],
    ],
    [
      ['boss.boss.email', 'id'],
      [4, 1, 2, 3, 5],
    ],
  ])('sort: %j', async (keys, ids) => {
    const { store } = await opened(make)
    await sample(store)
    expect(await idsOfRows(store, user, { sort: by(...keys) })).toEqual(ids)
  })

  test.each<[number | null, number, Value[]]>([
    [2, 0, [1, 2]],
    [2, 3, [4, 5]],
    [0, 0, []],
    [null, 4, [5]],
    [9, 5, []],
  ])('limit %j, offset %j', async (limit, offset, ids) => {
    const { store } = await opened(make)
    await sample(store)
    expect(await idsOfRows(store, user, { limit, offset })).toEqual(ids)
  })

  // Nulls come last in both directions, so a cursor may be at a null.
  test.each<[keys: string[], at: Value[], before: Value[], after: Value[]]>([
    [[], [3], [1, 2], [4, 5]],
    [['-id'], [3], [5, 4], [2, 1]],
    [['rank'], [3, 1], [2], [3, 4, 5]],
    [['-rank'], [3, 3], [1], [2, 4, 5]],
    [['rank'], [null, 4], [2, 1, 3], [5]],
    [['-rank'], [null, 4], [1, 3, 2], [5]],
    [
      ['rank', '-name'],
      [3, 'Ann', 1],
      [2, 3],
      [4, 5],
    ],
    [['boss.name'], ['ann', 4], [2, 3], [1, 5]],
    [['-boss.name', '-id'], ['Ann', 3], [4], [2, 5, 1]],
    [['price'], ['-1.00', 3], [4], [1, 2, 5]],
    [['rank'], [2, 99], [2], [1, 3, 4, 5]],
  ])('cursor by %j at %j', async (keys, at, before, after) => {
    const { store } = await opened(make)
    await sample(store)
    const sort = by(...keys)
    expect(await idsOfRows(store, user, { sort, cursor: { before: false, keys: at } })).toEqual(after)
    expect(await idsOfRows(store, user, { sort, cursor: { before: true, keys: at } })).toEqual(before)
    const page = { sort, limit: 1 }
    expect(await idsOfRows(store, user, { ...page, cursor: { before: false, keys: at } })).toEqual(after.slice(0, 1))
    expect(await idsOfRows(store, user, { ...page, cursor: { before: true, keys: at } })).toEqual(before.slice(-1))
  })

  test('where, sort, cursor and limit together', async () => {
    const { store } = await opened(make)
    await sample(store)
    const where: Predicate = { kind: 'or', of: [cmp('rank', 'eq', 3), none('rank')] }
    const cursor = { before: false, keys: [3, 3] }
    expect(await idsOfRows(store, user, { where, sort: by('-rank', '-id'), cursor, limit: 2 })).toEqual([1, 5])
  })
}
