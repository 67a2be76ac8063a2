import { expect, test } from 'vitest'
import { readCollections } from './collections.ts'
import { adopt } from './sql/tables/adopt.ts'

const adopted = (document: unknown) => adopt(readCollections(document), { foreign: false, tablePaths: true })

/** `name: type` of each field, `?` for nullable, `→` for a to-one. */
function outline(document: unknown, name: string): string[] {
  return Object.entries(adopted(document).resources[name]!['~resource'].fields).map(([field, def]) => {
    const kind = def.is === 'scalar' ? (def.type.key ?? def.type.name) : 'to' in def ? `${def.is} ${def.to}` : def.is
    return `${field}: ${kind}${def.nullable ? '?' : ''}`
  })
}

test.each([
  ['integers', [1, 2], 'integer'],
  ['numbers', [1, 2.5], 'number'],
  ['integers that no double holds', [1, 2 ** 60], 'number'],
  ['text', ['a', ''], 'text'],
  ['booleans', [true, false], 'bool'],
  ['lists', [[1], []], 'list'],
  ['objects', [{ a: 1 }, {}], 'json'],
  ['a mixture', [1, 'a'], 'json'],
  ['text that may be missing', ['a', undefined], 'text?'],
  ['text that may be null', ['a', null], 'text?'],
  ['nothing but null', [null, null], 'json?'],
])('the type of %s comes from all rows', (_, values, type) => {
  const rows = values.map((value, i) => (value === undefined ? { id: i } : { id: i, x: value }))
  expect(outline({ rows }, 'row')).toEqual(['id: integer', `x: ${type}`])
})

test.each([
  ['postId', 1, ['id: integer', 'post: one post']],
  ['post_id', 1, ['id: integer', 'post: one post']],
  ['postId', null, ['id: integer', 'post: one post?']],
  ['postId', 99, ['id: integer', 'postId: integer']],
  ['postId', '1', ['id: integer', 'postId: text']],
  ['writerId', 1, ['id: integer', 'writerId: integer']],
  ['grid', 1, ['id: integer', 'grid: integer']],
])('%s: %j is a relation if it names a row of another list', (member, value, fields) => {
  expect(outline({ posts: [{ id: 1 }], comments: [{ id: 1, [member]: value }] }, 'comment')).toEqual(fields)
})

test('the other side of a relation is a list of the parent', () => {
  const document = { posts: [{ id: 'a' }], comments: [{ id: 1, postId: 'a' }] }
  expect(outline(document, 'post')).toEqual(['id: text', 'comments: back comment'])
  expect(outline(document, 'comment')).toEqual(['id: integer', 'post: one post'])
})

test('a list answers under its own name, too, unless that is taken', () => {
  const { resources } = adopted({ posts: [], news: [], post: [] })
  const paths = Object.entries(resources).map(([name, one]) => [name, one['~resource'].table, one['~resource'].path])
  expect(paths).toEqual([
    ['news', 'news', undefined],
    ['post', 'post', undefined],
    ['posts', 'posts', undefined],
  ])
  expect(adopted({ posts: [] }).resources['post']!['~resource'].path).toEqual(['post', 'posts'])
})

test.each([
  [{ name: 'me' }, 'it is a single object: those are served with --json-server'],
  ['x', 'it is not a list: only lists of objects are served'],
  [[1, 2], 'not all of it are objects'],
  [[{ a: 1 }], 'its objects do not all have an "id"'],
  [[{ id: 1 }, { id: 'a' }], 'its objects do not all have an "id"'],
  [[{ id: 1.5 }], 'its objects do not all have an "id"'],
  [[{ id: 1 }, { id: 1 }], 'an "id" occurs twice'],
])('%j is reported as not served, and why', (value, why) => {
  expect(adopted({ things: value })).toEqual({
    resources: {},
    report: [{ table: 'things', resource: null, served: 'not', notes: [expect.stringContaining(why)] }],
  })
})
