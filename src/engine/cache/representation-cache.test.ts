import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, type Api } from '../../api.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import type { Snapshot, Store } from '../../store/store.ts'
import { counting } from '../../testing/counting-store.ts'
import { RepresentationCache } from './representation-cache.ts'
import { viewOf } from '../read/view.ts'
import { plainShape } from '../../query/predicate.ts'

const shelf = resource({ id: t.id(), name: t.text(), books: t.back('book', 'shelf') })
const book = resource({ id: t.id(), title: t.text(), shelf: t.one('shelf', { onDelete: 'null' }).nullable() })
const diary = resource({ id: t.id(), text: t.text(), owner: t.text() }).rules((me, row) => ({
  read: row.owner.is(me['id']),
  write: row.owner.is(me['id']),
}))
const declarations = { shelf, book, diary }
type Library = Api<typeof declarations>

async function open(store: Store, cache?: number): Promise<Library> {
  const app = api(declarations, {
    store,
    report: () => {},
    authenticate: credentials => ({ id: credentials.header('authorization') ?? 'nobody' }),
    ...(cache === undefined ? {} : { cache }),
    http: { log: () => {} },
  })
  onTestFinished(() => app.close())
  await app.ready()
  return app
}

const ask = (app: Pick<Library, 'fetch'>, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  app.fetch(new Request(`http://host${path}`, { headers }))

const shown = async (app: Pick<Library, 'fetch'>, path: string): Promise<unknown> => (await ask(app, path)).json()

describe.each([
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
])('representations that are kept, on %s:', (_, make) => {
  test('a row that was read is not read again until it changes', async () => {
    const { store, reads } = counting(make(), ['get', 'children'])
    const app = await open(store)
    await app.post('shelf', { name: 'low', books: [{ title: 'a' }] })
    const first = await ask(app, '/shelf/1')
    const before = reads()
    const again = await ask(app, '/shelf/1')
    expect(reads()).toBe(before)
    expect(await again.text()).toBe(await first.text())
    for (const name of ['etag', 'content-type', 'content-length', 'cache-control', 'vary'])
      expect(again.headers.get(name)).toBe(first.headers.get(name))
    expect((await ask(app, '/shelf/1', { 'if-none-match': first.headers.get('etag')! })).status).toBe(304)
    expect(reads()).toBe(before)
    await app.patch('shelf', 1, { name: 'high' })
    expect(await shown(app, '/shelf/1')).toEqual({ id: 1, name: 'high', books: [1] })
    expect(reads()).toBeGreaterThan(before)
  })

  test.each<[string, (app: Library) => Promise<unknown>, unknown]>([
    ['a change of the row', app => app.patch('shelf', 1, { name: 'new' }), { name: 'new', books: [1, 2] }],
    ['a row that joins its list', app => app.post('book', { title: 'c', shelf: 1 }), { name: 'low', books: [1, 2, 3] }],
    ['a row that leaves its list', app => app.patch('book', 2, { shelf: 2 }), { name: 'low', books: [1] }],
    ['a row of its list that is deleted', app => app.delete('book', 1), { name: 'low', books: [2] }],
    ['another row', app => app.patch('shelf', 2, { name: 'other' }), { name: 'low', books: [1, 2] }],
    [
      'several writes in one transaction',
      app =>
        app.transaction(async tx => {
          await tx.patch('book', 1, { shelf: null })
          await tx.patch('shelf', 1, { name: 'both' })
        }),
      { name: 'both', books: [2] },
    ],
  ])('%s is seen at once', async (_name, change, expected) => {
    const app = await open(make())
    await app.post('shelf', [{ name: 'low', books: [{ title: 'a' }, { title: 'b' }] }, { name: 'high' }])
    await shown(app, '/shelf/1')
    await change(app)
    expect(await shown(app, '/shelf/1')).toEqual({ id: 1, ...(expected as object) })
  })

  test('a row that is deleted is gone, and one that takes its place is another', async () => {
    const app = await open(make())
    await app.post('shelf', { name: 'low' })
    await shown(app, '/shelf/1')
    await app.delete('shelf', 1)
    expect((await ask(app, '/shelf/1')).status).toBe(404)
  })

  test('a caller who may not see a row does not get what was cached for another', async () => {
    const app = await open(make())
    await app.post('diary', { text: 'dear', owner: 'ann' })
    const as = (authorization: string): Promise<Response> => ask(app, '/diary/1', { authorization })
    expect((await as('ann')).status).toBe(200)
    expect((await as('bob')).status).toBe(404)
    expect((await as('ann')).status).toBe(200)
    await app.patch('diary', 1, { owner: 'bob' })
    expect([(await as('ann')).status, (await as('bob')).status]).toEqual([404, 200])
  })

  test('each shape is kept by itself', async () => {
    const app = await open(make())
    await app.post('shelf', { name: 'low', books: [{ title: 'a' }] })
    for (let i = 0; i < 2; i++) {
      expect(await shown(app, '/shelf/1?fields=name')).toEqual({ name: 'low' })
      expect(await shown(app, '/shelf/1?depth=0')).toBe(1)
      expect(await shown(app, '/shelf/1?depth=2')).toEqual({
        id: 1,
        name: 'low',
        books: [{ id: 1, title: 'a', shelf: 1 }],
      })
    }
    await app.patch('book', 1, { title: 'b' })
    expect(await shown(app, '/shelf/1?depth=2')).toEqual({
      id: 1,
      name: 'low',
      books: [{ id: 1, title: 'b', shelf: 1 }],
    })
  })

  test('within a transaction its own changes are seen, and not kept if it fails', async () => {
    const app = await open(make())
    await app.post('shelf', { name: 'low' })
    await shown(app, '/shelf/1')
    const failing = app.transaction(async tx => {
      await tx.patch('shelf', 1, { name: 'never' })
      expect(await tx.get('shelf', 1)).toMatchObject({ name: 'never' })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await shown(app, '/shelf/1')).toMatchObject({ name: 'low' })
  })

  test('rows that are loaded past the log are seen', async () => {
    const app = await open(make())
    await app.post('shelf', { name: 'low' })
    await shown(app, '/shelf/1')
    await app.store.load(app.model.resources.get('book')!, [[1, 0, 0, 'a', 1]])
    expect(await shown(app, '/shelf/1')).toMatchObject({ books: [1] })
  })

  test('without a cache every row is read', async () => {
    const { store, reads } = counting(make(), ['get', 'children'])
    const app = await open(store, 0)
    await app.post('shelf', { name: 'low' })
    await shown(app, '/shelf/1')
    const before = reads()
    await shown(app, '/shelf/1')
    expect(reads()).toBeGreaterThan(before)
  })
})

test('writes by another process are noticed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const one = await open(sqlite(join(directory, 'x.db')))
  await one.post('shelf', { name: 'low' })
  await shown(one, '/shelf/1')
  const two = await open(sqlite(join(directory, 'x.db')))
  await two.patch('shelf', 1, { name: 'high' })
  expect(await shown(one, '/shelf/1')).toMatchObject({ name: 'high' })
})

test('the cache is bounded, and keeps rows that are requested', async () => {
  const app = await open(memory())
  const resource = app.model.resources.get('shelf')!
  const view = viewOf(resource, plainShape)
  const cache = new RepresentationCache(app.store, 100_000)
  const snapshot = { position: 0 } as Snapshot
  await app.store.read(function* () {
    yield* cache.follow(snapshot, app.store.terms)
  })
  const kept = { row: [], body: 'x'.repeat(600), etag: '', cut: [] }
  for (let id = 1; id <= 1_000; id++) {
    cache.put(view, id, kept)
    expect(cache.get(view, 1)).toBe(kept)
  }
  const held = Array.from({ length: 1_000 }, (_, i) => cache.get(view, i + 1)).filter(Boolean).length
  expect(held).toBeLessThanOrEqual(100)
  expect(held).toBeGreaterThan(40)
})
