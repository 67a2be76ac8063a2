import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { link } from '../../../model/link/link.ts'
import { resource } from '../../../model/declare/resource.ts'
import { t } from '../../../schema/builder.ts'
import {
  RED,
  created,
  testEnvironment,
  friends,
  friendship,
  get,
  idsOfRows,
  member,
  model,
} from '../../../testing/store-suite/world.ts'
import { passport, patched, put, team, teams, user, userSide, valuesOf } from '../../../testing/store-suite/world.ts'
import { memory } from '../../memory.ts'
import type { Store } from '../../store.ts'
import { wait } from '../../work.ts'

function path(content?: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'db.json')
  if (content !== undefined) writeFileSync(file, content)
  return file
}

async function open(file: string): Promise<Store> {
  const store = memory({ file })
  await store.open(model, testEnvironment({ now: 1_000 }))
  return store
}

const contentOf = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>

test('acknowledged writes are in the file, and are loaded from it', async () => {
  const file = path()
  const store = await open(file)
  const values = {
    id: 3,
    email: 'a',
    rank: 1,
    tags: ['x'],
    extra: { a: null },
    isAdmin: true,
    price: '1.50',
    seen: '2026-01-01T00:00:00.000Z',
  }
  await put(
    store,
    created(user, values),
    created(user, { id: 5, email: 'b', boss: 3 }),
    created(passport, { id: 'P', owner: 5 }),
  )
  await store.write(tx =>
    wait(tx.apply([created(team, { id: RED, title: 'red' })], [member('add', RED, 5), ...friendship('add', 3, 5)])),
  )
  expect(contentOf(file)).toMatchObject({
    user: [values, { id: 5, boss: 3 }],
    passport: [{ id: 'P', owner: 5 }],
    todo: [],
  })
  await store.close()

  const again = await open(file)
  expect(valuesOf(user, (await get(again, user, 3))!)).toEqual(values)
  expect((await get(again, user, 3))!.slice(1, 3)).toEqual([1, 1_000])
  await again.read(function* (snapshot) {
    expect(yield* wait(snapshot.pairs(teams, userSide, [5], null))).toEqual([[5, RED]])
    expect(yield* wait(snapshot.pairs(friends, 'a', [3, 5], null))).toEqual([
      [3, 5],
      [5, 3],
    ])
    expect(snapshot.position).toBe(1)
  })
  expect(await again.write(tx => wait(tx.nextId(user)))).toBe(6)
  expect(await again.commits(0, 10)).toBeNull()
  await again.close()
  expect(readdirSync(join(file, '..'))).toEqual(['db.json'])
})

test('writes that come together share a saving; each is in the file when it is acknowledged', async () => {
  const file = path()
  const store = await open(file)
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      await put(store, created(user, { id: i + 1, email: `${i}` }))
      expect(contentOf(file)['user']).toContainEqual(expect.objectContaining({ id: i + 1 }))
    }),
  )
  await store.close()
})

test('members that are no tables, and the names of columns, are kept', async () => {
  const file = path('{"profile":{"name":"x"},"posts":[{"id":1,"postTitle":"a"}]}')
  const posts = link({ post: resource({ id: t.id(), title: t.text().column('postTitle') }, { table: 'posts' }) })
  const post = posts.resources.get('post')!
  const store = memory({ file })
  await store.open(posts, testEnvironment({ now: 1 }))
  await put(store, patched(post, (await get(store, post, 1))!, { title: 'b' }))
  expect(readFileSync(file, 'utf8')).toBe(
    `${JSON.stringify({ profile: { name: 'x' }, posts: [{ id: 1, postTitle: 'b' }] }, null, 2)}\n`,
  )
  await store.close()
})

test('missing values become defaults or null', async () => {
  const store = await open(path('{"user":[{"id":1,"email":"a"}]}'))
  expect(valuesOf(user, (await get(store, user, 1))!)).toEqual({ id: 1, email: 'a', isAdmin: false })
})

test('what a write does not name stays as it was written: unknown members, absent ones, long numbers', async () => {
  const rest = '"more":1.50,"todo":[],"passport":[],"team":[]}'
  const file = path(`{"user":[{"id":1,"email":"a","Rank":12345678901234567890},{"id":2,"email":"b"}],${rest}`)
  const store = await open(file)
  await put(store, patched(user, (await get(store, user, 2))!, { email: 'c' }))
  await store.close()
  const text = readFileSync(file, 'utf8').replaceAll(/\s+/g, '')
  expect(text).toBe(`{"user":[{"id":1,"email":"a","Rank":12345678901234567890},{"id":2,"email":"c"}],${rest}`)
})

test.each<[string, string, RegExp]>([
  ['no JSON', '{"user":[', /was not changed:\n.*JSON/],
  ['no object', '[]', /list for each table/],
  ['no list', '{"user":{}}', /user: it must be a list/],
  ['no row', '{"user":[5]}', /user\[0\]: it must be an object/],
  ['no id', '{"user":[{"email":"a"}]}', /user\[0\]\.id: it must have a value/],
  ['an id twice', '{"user":[{"id":1,"email":"a"},{"id":1,"email":"b"}]}', /user\[1\]: another row has the id 1/],
  ['a type', '{"user":[{"id":1,"email":"a","rank":"1"}]}', /user\[0\]\.rank: must be an integer/],
  ['a reference', '{"user":[{"id":1,"email":"a","boss":2}]}', /user 1: its boss 2 is not a row of user/],
  ['a pair', `{"team":[{"id":"${RED}","title":"r","members":[1]}]}`, /members has 1, which is not a row/],
  ['several faults', '{"user":[{"id":1},{"id":"2","email":"b"}]}', /user\[0\]\.email.*user\[1\]\.id/s],
])('a broken file refuses to start and stays as it is: %s', async (_, content, message) => {
  const file = path(content)
  await expect(open(file)).rejects.toThrow(message)
  expect(readFileSync(file, 'utf8')).toBe(content)
})

test('a change that could not be saved is answered as of unknown outcome', async () => {
  const file = path()
  const store = await open(file)
  rmSync(join(file, '..'), { recursive: true })
  await expect(put(store, created(user, { id: 1, email: 'a' }))).rejects.toMatchObject({ code: 'outcome_unknown' })
  expect(await idsOfRows(store, user)).toEqual([1])
})

test('stored texts are a member of the file next to the tables', async () => {
  const file = path()
  const store = await open(file)
  await store.write(function* (tx) {
    yield* wait(tx.keep('k', 'answer', 2_000))
  })
  await store.close()
  expect(contentOf(file)['_restuary_kept']).toEqual([{ key: 'k', until: 2_000, text: 'answer' }])
  const again = await open(file)
  const recalled = await again.write(function* (tx) {
    return yield* wait(tx.recall('k'))
  })
  expect(recalled).toBe('answer')
})
