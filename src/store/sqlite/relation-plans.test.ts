// Filters and rules through relations: what SQLite does for them according to its query plans.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openedFile } from '../../testing/store-suite/opened-file.ts'
import { link } from '../../model/link/link.ts'
import { resource } from '../../model/declare/resource.ts'
import { everything, type Predicate } from '../../query/predicate.ts'
import { t } from '../../schema/builder.ts'
import { layoutsOf } from '../sql/layout.ts'
import { countRows, selectRows } from '../sql/statements/rows.ts'
import type { Opened } from './open.ts'
import { sqliteDialect } from './sqlite-dialect.ts'

const model = link({
  user: resource({
    id: t.id(),
    name: t.text(),
    email: t.text().unique(),
    lists: t.back('list', 'owner'),
    shared: t.many('list', { inverse: 'members' }),
    friends: t.many('user', { symmetric: true }),
  }),
  list: resource({
    id: t.id(),
    title: t.text(),
    code: t.text().index(),
    isOpen: t.bool(),
    owner: t.one('user', { inverse: 'lists' }),
    members: t.many('user', { inverse: 'shared' }),
    todos: t.back('todo', 'list'),
  }),
  todo: resource({ id: t.id(), text: t.text(), list: t.one('list', { inverse: 'todos' }) }),
})
const layouts = layoutsOf(model, {
  dialect: sqliteDialect,
  baseline: { seq: 1, at: 0 },
  facts: {
    isNumeric: () => false,
    isIndexed: () => true,
    hasTriggers: () => false,
    hidesConflicts: () => false,
    hasCascades: () => false,
  },
})

let opened: Opened
beforeAll(() => {
  opened = openedFile(model)
})
afterAll(() => opened.state.connection.close())

const eq = (field: string, value: string | number): Predicate => ({ kind: 'compare', op: 'eq', field, value })
const one = (field: string, of: Predicate): Predicate => ({ kind: 'one', field, of })
const many = (quantifier: 'some' | 'none' | 'every', field: string, of: Predicate): Predicate => ({
  kind: 'many',
  field,
  quantifier,
  of,
})
const some = (field: string, of: Predicate): Predicate => many('some', field, of)
const all = (...of: Predicate[]): Predicate => ({ kind: 'and', of })
const either = (...of: Predicate[]): Predicate => ({ kind: 'or', of })

/** The steps of the plan of a whole list. */
function planOf(name: string, where: Predicate, what: 'rows' | 'count' = 'rows'): string[] {
  const layout = layouts.get(model.resources.get(name)!)!
  const query = { where, sort: [], limit: null, offset: 0, cursor: null }
  const { sql } = what === 'rows' ? selectRows(layout, layouts, query) : countRows(layout, layouts, where)
  const rows = opened.state.connection.db.prepare(`explain query plan ${sql}`).all()
  return rows.map(({ detail }) => String(detail))
}

const scans = (plan: string[]): string[] => plan.filter(step => step.startsWith('SCAN'))
const lists = (plan: string[]): string[] => plan.filter(step => step.startsWith('LIST SUBQUERY'))

describe('a condition with an index on the other side is evaluated first, without scanning a table', () => {
  const selective: [title: string, resource: string, where: Predicate][] = [
    ['a rule of two steps', 'todo', one('list', eq('owner', 1))],
    ['three steps, by a unique field', 'todo', one('list', one('owner', eq('email', 'a')))],
    ['a membership', 'list', some('members', eq('id', 1))],
    ['a membership of the list above', 'todo', one('list', some('members', eq('id', 1)))],
    ['the other side of it', 'user', some('shared', eq('id', 1))],
    ['a symmetric relation', 'user', some('friends', eq('id', 1))],
    ['rows that point back', 'user', some('lists', eq('code', 'a'))],
    ['rows that point back to rows that point back', 'user', some('lists', some('todos', eq('id', 1)))],
    ['any of several', 'todo', one('list', either(eq('owner', 1), some('members', eq('id', 1)), eq('code', 'a')))],
    ['one of a conjunction', 'todo', one('list', all(eq('title', 'a'), eq('owner', 1)))],
    ['one of several values', 'todo', one('list', { kind: 'in', field: 'owner', values: [1, 2], negated: false })],
  ]
  test.each(selective)('%s', (_, name, where) => {
    expect(scans(planOf(name, where))).toEqual([])
    expect(scans(planOf(name, where, 'count'))).toEqual([])
  })
})

describe('a condition without an index is evaluated once, and not once per row', () => {
  const honest: [title: string, resource: string, where: Predicate][] = [
    ['the rows below the row above', 'todo', one('list', some('todos', eq('text', 'nope')))],
    ['the same, of which there are none', 'todo', one('list', many('none', 'todos', eq('text', 'nope')))],
    ['the same, which all match', 'todo', one('list', many('every', 'todos', eq('text', 'nope')))],
    ['how many there are', 'todo', one('list', { kind: 'size', field: 'todos', value: 3 })],
    ['members whose lists match', 'list', some('members', some('lists', eq('title', 'nope')))],
    ['members of which all match', 'list', many('every', 'members', some('lists', eq('title', 'nope')))],
    ['members of which none matches', 'list', many('none', 'members', some('lists', eq('title', 'nope')))],
    ['friends of friends', 'user', some('friends', some('friends', eq('name', 'nope')))],
  ]
  test.each(honest)('%s', (_, name, where) => {
    const plan = planOf(name, where)
    // A condition that is evaluated row by row only looks up that row.
    expect(lists(plan).length).toBeGreaterThan(0)
    expect(scans(plan).length).toBeLessThanOrEqual(2)
  })
})

test('a query for a single row starts at the row, so it costs only its related rows', () => {
  const plan = planOf('todo', all(eq('id', 7), one('list', eq('owner', 1))))
  expect(scans(plan)).toEqual([])
  expect(lists(plan)).toEqual([])
})

test('negations find the same rows as their opposites leave out', () => {
  expect(scans(planOf('todo', { kind: 'not', of: one('list', eq('owner', 1)) }))).toEqual(['SCAN t'])
  expect(scans(planOf('list', many('none', 'members', eq('id', 1))))).toEqual(['SCAN t'])
  expect(scans(planOf('todo', everything))).toEqual(['SCAN t'])
})
