import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openedFile } from '../../../testing/store-suite/opened-file.ts'
import { everything, type Predicate, type SortKey } from '../../../query/predicate.ts'
import { model, plain, row, todo, user } from '../../../testing/store-suite/world.ts'
import type { Opened } from '../open.ts'
import { loadRows } from '../write/load.ts'

const ROWS = 11
let opened: Opened
beforeAll(() => {
  opened = openedFile(model)
  loadRows(
    opened,
    user,
    Array.from({ length: ROWS }, (_, i) => row(user, { id: i + 1, email: `${i}`, name: '', rank: i })),
  )
})
afterAll(() => opened.state.connection.close())

const compare = (field: string, value: string | number): Predicate => ({ kind: 'compare', op: 'eq', field, value })

const by = (...keys: string[]): SortKey[] =>
  keys.map(key => ({ path: [key.replace('-', '')], descending: key.startsWith('-') }))

/** Statements that a query adds to those that are prepared. */
function added(query: () => unknown): number {
  const before = opened.reader.connection.size
  query()
  return opened.reader.connection.size - before
}

test('a statement is made for each shape of query, not for each value', () => {
  const { reader } = opened
  const find = (where: Predicate, limit: number | null = 25, offset = 0): unknown =>
    reader.select(user, { ...plain, where, limit, offset })
  expect(added(() => find(compare('email', 'a')))).toBe(1)
  expect(added(() => find(compare('email', 'b')))).toBe(0)
  expect(added(() => find(compare('name', 'a')))).toBe(1)
  expect(added(() => find(compare('name', 'a'), 26))).toBe(1)
  expect(added(() => find(compare('name', 'a'), 37))).toBe(1)
  expect(added(() => find(compare('name', 'a'), 38))).toBe(0)
  expect(added(() => find(compare('name', 'a'), 37, 5))).toBe(1)
  expect(added(() => find(compare('name', 'a'), 37, 6))).toBe(0)
  const many = (length: number): Predicate => ({
    kind: 'in',
    field: 'rank',
    negated: false,
    values: Array.from({ length }, (_, i) => i),
  })
  expect(added(() => find(many(100)))).toBe(1)
  expect(added(() => find(many(1000)))).toBe(0)
})

test('at most a thousand statements are kept, and one that went comes back', () => {
  const { reader } = opened
  const nested = (depth: number): Predicate =>
    depth === 0 ? compare('email', 'a') : { kind: 'not', of: nested(depth - 1) }
  for (let offset = 0; offset < 20; offset++) {
    for (let depth = 0; depth < 60; depth++) {
      const where: Predicate = { kind: 'or', of: [nested(offset), nested(depth)] }
      void reader.select(user, { ...plain, where })
    }
  }
  expect(reader.connection.size).toBeGreaterThan(500)
  expect(reader.connection.size).toBeLessThanOrEqual(1000)
  const first: Predicate = { kind: 'or', of: [nested(0), nested(0)] }
  expect(added(() => expect(reader.select(user, { ...plain, where: first })).toEqual([]))).not.toBe(0)
  expect(added(() => reader.select(user, { ...plain, where: first }))).toBe(0)
})

/** How SQLite finds the rows. */
function planOf(make: () => unknown): string {
  const { connection } = opened.reader
  const texts: string[] = []
  const prepare = connection.prepare.bind(connection)
  connection.prepare = (text): ReturnType<typeof prepare> => {
    texts.push(typeof text === 'string' ? text : text.sql)
    return prepare(text)
  }
  connection.forget()
  make()
  connection.prepare = prepare
  return connection.db
    .prepare(`EXPLAIN QUERY PLAN ${texts[0]}`)
    .all()
    .map(step => String(step['detail']))
    .join('; ')
}

test.each<[string, () => unknown, RegExp]>([
  [
    'a foreign key',
    () => opened.reader.select(todo, { ...plain, where: compare('owner', 1) }),
    /^SEARCH t USING INDEX \w+owner/,
  ],
  [
    'a unique field',
    () => opened.reader.select(user, { ...plain, where: compare('email', 'x') }),
    /SEARCH t USING INDEX/,
  ],
  [
    'a prefix',
    () =>
      opened.reader.select(user, {
        ...plain,
        where: { kind: 'text', op: 'startsWith', field: 'email', value: 'x', fold: false },
      }),
    /SEARCH t USING INDEX .*email>\? AND email<\?/,
  ],
  [
    'a page after a cursor',
    () =>
      opened.reader.select(user, {
        ...plain,
        sort: [{ path: ['email'], descending: false }],
        limit: 25,
        cursor: { before: false, keys: ['x', 7] },
      }),
    /^SEARCH t USING INDEX \w+email_unique \(email>\?\)$/,
  ],
  [
    'a nullable key, nulls last',
    () => opened.reader.select(todo, { ...plain, sort: [{ path: ['owner'], descending: false }], limit: 25 }),
    /^SCAN t USING INDEX \w+owner$/,
  ],
  [
    'children of several parents',
    () => opened.reader.children(todo.field.get('owner') as never, [1, 2, 3], 10),
    /SEARCH t USING COVERING INDEX \w+owner/,
  ],
  ['all', () => opened.reader.select(user, { ...plain, where: everything, limit: 25 }), /^SCAN t$/],
])('an index serves %s', (_, make, plan) => {
  expect(planOf(make)).toMatch(plan)
})

test.each<[string, Predicate, readonly SortKey[], boolean]>([
  ['a page of a table', everything, [], true],
  ['a page by an index', everything, by('owner'), true],
  ['a page by a unique field', everything, by('-email'), true],
  ['a row by its id', compare('id', 1), [], true],
  ['what an index finds', compare('boss', 1), [], true],
  ['what an index finds, by something else', compare('boss', 1), by('name'), false],
  [
    'what an index finds, of which a part matches',
    { kind: 'and', of: [compare('boss', 1), compare('rank', 1)] },
    [],
    false,
  ],
  ['what no index finds', compare('rank', 1), [], false],
  ['rows in an order that no index has', everything, by('rank'), false],
  ['either of two', { kind: 'or', of: [compare('boss', 1), compare('rank', 1)] }, [], false],
])('rows are counted unless an index serves the whole query: %s', (_, where, sort, isServed) => {
  const of = sort[0]?.path[0] === 'owner' ? todo : user
  const asked = { ...plain, where, sort, limit: 25, visits: { most: 5, account: null } }
  const metered = vi.spyOn(opened.state.connection, 'metered')
  try {
    void opened.reader.select(of, asked)
  } catch (error) {
    expect(error).toMatchObject({ code: 'too_complex' })
  }
  expect(metered).toHaveBeenCalledTimes(isServed ? 0 : 1)
  metered.mockRestore()
})

test('rows are not counted one by one in a table that has no more than may be visited', () => {
  const metered = vi.spyOn(opened.state.connection, 'metered')
  try {
    const read = (most: number): unknown =>
      opened.reader.select(user, { ...plain, where: compare('rank', 3), limit: 25, visits: { most, account: 'me' } })
    expect(read(ROWS)).toHaveLength(1)
    expect(metered).not.toHaveBeenCalled()
    expect(() => read(ROWS - 1)).toThrow(`more than ${ROWS - 1} rows`)
    loadRows(opened, user, [row(user, { id: ROWS + 1, email: 'new', name: '', rank: 0 })])
    expect(() => read(ROWS)).toThrow(`more than ${ROWS} rows`)
  } finally {
    metered.mockRestore()
  }
})
