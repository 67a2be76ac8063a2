import { describe, expect, onTestFinished, test } from 'vitest'
import { api, type Api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import type { Store } from '../../store/store.ts'
import { slow } from '../../testing/slow-store.ts'

const shelf = resource({ id: t.id(), name: t.text(), books: t.back('book', 'shelf') })
const book = resource(
  {
    id: t.id(),
    title: t.text({ max: 20 }),
    pages: t.integer({ min: 0 }),
    isbn: t.text().nullable().unique(),
    shelf: t.one('shelf').nullable(),
    sequelOf: t.one('book', { onDelete: 'restrict' }).nullable(),
  },
  { bulk: true },
).rules((_me, row) => ({ read: row.pages.lt(1_000), write: row.title.ne('locked'), create: row.title.ne('locked') }))

const declarations = { shelf, book }
type Library = Api<typeof declarations>

async function open(store: Store): Promise<Library> {
  const app = api(declarations, { store, report: () => {}, limits: { bulk: 4 }, http: { log: () => {} } })
  onTestFinished(() => app.close())
  await app.post('shelf', { name: 'low' })
  await app.post('book', [
    { title: 'a', pages: 10, shelf: 1 },
    { title: 'b', pages: 20, shelf: 1 },
    { title: 'c', pages: 30 },
    { title: 'd', pages: 40, sequelOf: 3 },
    { title: 'secret', pages: 2_000, shelf: 1 },
  ])
  return app
}

function ask(app: Library, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return app.fetch(
    new Request(`http://host${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
}

const pages = async (app: Library): Promise<unknown[]> =>
  (await app.list('book')).map(row => (row as Record<string, unknown>)['pages'])

describe.each([
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
])('writes of many rows on %s:', (_, make) => {
  test('PATCH changes the rows that are selected and seen, in one commit', async () => {
    const app = await open(make())
    const position = (await app.safe.list('book')).position!
    const answer = await ask(app, 'PATCH', '/book?shelf=1&fields=id,pages', { pages: 99 })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual([
      { id: 1, pages: 99 },
      { id: 2, pages: 99 },
    ])
    expect(await pages(app)).toEqual([99, 99, 30, 40, 2_000])
    const commits = await app.store.commits(Number(position.split('.')[1]), 10)
    expect(commits).toHaveLength(1)
  })

  test('DELETE removes rows that refer to each other, but only those that are selected and visible', async () => {
    const app = await open(make())
    const answer = await ask(app, 'DELETE', '/book?pages[gt]=20')
    expect(answer.status).toBe(204)
    expect(await pages(app)).toEqual([10, 20, 2_000])
  })

  test('DELETE returns the deleted rows if that is preferred', async () => {
    const app = await open(make())
    const answer = await ask(app, 'DELETE', '/book?shelf=1&fields=title', undefined, {
      prefer: 'return=representation',
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('preference-applied')).toBe('return=representation')
    expect(await answer.json()).toEqual([{ title: 'a' }, { title: 'b' }])
    expect(await pages(app)).toEqual([30, 40, 2_000])
  })

  test('a nested collection narrows as well', async () => {
    const app = await open(make())
    expect((await ask(app, 'PATCH', '/shelf/1/books?pages[gte]=20', { pages: 5 })).status).toBe(200)
    expect(await pages(app)).toEqual([10, 5, 30, 40, 2_000])
  })

  test.each<[string, string, string, unknown, number, string]>([
    ['no filter', 'DELETE', '/book', undefined, 400, 'filter'],
    ['a filter that selects all', 'DELETE', '/book?filter={}', undefined, 400, 'filter'],
    ['an unknown field', 'DELETE', '/book?pagse=1', undefined, 400, 'pagse'],
    ['a page of a list', 'DELETE', '/book?shelf=1&limit=1', undefined, 400, 'limit'],
    ['more rows than may be', 'PATCH', '/book?pages[gte]=0', { pages: 1 }, 200, ''],
    ['a value that does not fit', 'PATCH', '/book?shelf=1', { pages: -1 }, 400, '#/pages'],
    ['a value that only one may have', 'PATCH', '/book?shelf=1', { isbn: 'x' }, 409, 'isbn'],
    ['a row that is referred to', 'DELETE', '/book?title=c', undefined, 409, 'book 3'],
    ['a row that may not be changed afterwards', 'PATCH', '/book?shelf=1', { title: 'locked' }, 401, ''],
    ['a resource that does not say so', 'DELETE', '/shelf?name=low', undefined, 405, ''],
  ])('%s', async (_name, method, path, body, status, told) => {
    const app = await open(make())
    const before = await app.list('book')
    const answer = await ask(app, method, path.replace('{}', '%7B%7D'), body)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain(told)
    if (status !== 200) expect(await app.list('book')).toEqual(before)
  })

  test('one row over the limit is refused', async () => {
    const app = await open(make())
    await app.post('book', { title: 'e', pages: 1 })
    const answer = await ask(app, 'PATCH', '/book?pages[gte]=0', { pages: 1 })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: 'too_many_items' })
  })

  test('a precondition is about the list', async () => {
    const app = await open(make())
    const { headers } = await ask(app, 'GET', '/book?shelf=1')
    const condition = { 'if-match': headers.get('etag')! }
    expect((await ask(app, 'PATCH', '/book?shelf=1', { pages: 1 }, condition)).status).toBe(200)
    expect((await ask(app, 'PATCH', '/book?shelf=1', { pages: 2 }, condition)).status).toBe(412)
    expect((await pages(app)).slice(0, 2)).toEqual([1, 1])
  })

  test('a filter that selects nothing changes nothing', async () => {
    const app = await open(make())
    const answer = await ask(app, 'PATCH', '/book?title=none', { pages: 1 })
    expect([answer.status, await answer.text()]).toEqual([200, '[]'])
  })
})

describe('preferences', () => {
  test.each<[string, string, unknown, string, number, string | null]>([
    ['PATCH', '/shelf/1', { name: 'n', colour: 'red' }, 'handling=lenient', 200, 'handling=lenient'],
    ['PATCH', '/shelf/1', { name: 'n', colour: 'red' }, 'handling=strict', 400, null],
    ['PATCH', '/shelf/1', { name: 'n' }, 'return=minimal', 204, 'return=minimal'],
    [
      'POST',
      '/shelf',
      { name: 'n', books: [{ title: 'x', pages: 1, a: 1 }] },
      'return=minimal, handling=lenient',
      201,
      'return=minimal, handling=lenient',
    ],
    ['POST', '/shelf', { name: 5 }, 'handling=lenient', 400, null],
    ['DELETE', '/shelf/1', undefined, 'return=representation', 200, 'return=representation'],
    ['DELETE', '/shelf/1', undefined, 'return=minimal', 204, 'return=minimal'],
    ['GET', '/shelf?colour=red', undefined, 'handling=lenient', 200, 'handling=lenient'],
    ['GET', '/shelf?colour=red', undefined, '', 400, null],
    ['GET', '/shelf', undefined, 'return=minimal', 200, null],
    ['GET', '/shelf', undefined, 'make-me-a=sandwich', 200, null],
  ])('%s %s %j with %s', async (method, path, body, prefer, status, applied) => {
    const app = await open(memory())
    const answer = await ask(app, method, path, body, { prefer })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('preference-applied')).toBe(applied)
  })

  test('the answer to a lenient request varies with the preference, and is not cached for a strict one', async () => {
    const app = await open(memory())
    const lenient = await ask(app, 'GET', '/shelf?colour=red', undefined, { prefer: 'handling=lenient' })
    expect(lenient.headers.get('vary')).toContain('Prefer')
    expect(await lenient.json()).toHaveLength(1)
    expect((await ask(app, 'GET', '/shelf?colour=red')).status).toBe(400)
  })

  test('a deleted row is shown as it was', async () => {
    const app = await open(memory())
    const shown = await (await ask(app, 'GET', '/shelf/1?depth=2')).json()
    const gone = await ask(app, 'DELETE', '/shelf/1?depth=2', undefined, { prefer: 'return=representation' })
    expect(await gone.json()).toEqual(shown)
    expect((await ask(app, 'GET', '/shelf/1')).status).toBe(404)
  })
})
