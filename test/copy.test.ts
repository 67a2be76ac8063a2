// Rows move from one database to another.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { copyDatabase } from '../src/cli/database/copy.ts'
import { link } from '../src/model/link/link.ts'
import { FIRST, type Model, type Row } from '../src/model/model.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { copyStore } from '../src/store/copy/copy-store.ts'
import { memory } from '../src/store/memory.ts'
import { postgres } from '../src/store/postgres/index.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import type { Store } from '../src/store/store.ts'
import { wait } from '../src/store/work.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { postgresStore } from '../src/testing/postgres/postgres-store.ts'
import {
  BLUE,
  created,
  friendship,
  member,
  model,
  passport,
  plain,
  put,
  RED,
  team,
  testEnvironment,
  todo,
  user,
} from '../src/testing/store-suite/world.ts'
import { runsWith } from './system-programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-copy-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = (): string => join(folder, `${++files}.db`)

async function opened(store: Store, of: Model = model): Promise<Store> {
  await store.open(of, testEnvironment({ now: 5_000 }))
  onTestFinished(() => store.close())
  return store
}

/** A store with rows of all kinds, some of which refer to later ones. */
async function filled(store: Store): Promise<Store> {
  await opened(store)
  await put(
    store,
    created(user, {
      id: 1,
      email: 'a',
      boss: 2,
      price: '-12.50',
      born: '0001-02-03',
      seen: '2026-01-01T00:00:00.050Z',
      isAdmin: true,
      tags: ['x', 'y'],
      extra: { b: [1, null], a: 1e21 },
      photo: 'AQID',
    }),
    created(user, { id: 2, email: 'b', boss: 2, score: 0.1, rank: -1, name: 'É' }),
    created(todo, { id: 1, text: 'first', owner: 2 }),
    created(passport, { id: 'p', owner: 1 }),
    created(team, { id: RED, title: 'red' }),
    created(team, { id: BLUE, title: 'blue' }),
  )
  const many = Array.from({ length: 2_500 }, (_, i) =>
    created(user, { id: 10 + i, email: `${i}`, boss: i % 2 ? 1 : 2_000 }),
  )
  await put(store, ...many)
  await store.write(function* (tx) {
    yield* wait(tx.apply([], [...friendship('add', 1, 2), member('add', RED, 1), member('add', BLUE, 2_000)]))
  })
  return store
}

/** All rows without their versions, and all links. */
async function contents(store: Store): Promise<unknown> {
  const all: unknown[] = []
  for (const one of model.resources.values()) {
    const rows: Row[] = await store.read(function* (snapshot) {
      return yield* wait(snapshot.select(one, plain))
    })
    all.push(rows.map(row => row.filter((_, slot) => slot === 0 || slot >= FIRST)))
    for (const join of model.joins)
      if (join.a.resource === one)
        all.push(
          await store.read(function* (snapshot) {
            return yield* wait(
              snapshot.pairs(
                join,
                'a',
                rows.map(row => row[0] as number),
                null,
              ),
            )
          }),
        )
  }
  return all
}

const hasServer = runsWith('PostgreSQL', hasPostgres(), 'postgresql')
const kinds: readonly (readonly [string, () => Store | Promise<Store>])[] = [
  ['a SQLite file', () => sqlite(newFile())],
  ['memory', () => memory()],
  ...(hasServer ? ([['PostgreSQL', () => postgresStore()]] as const) : []),
]
const ways = kinds.flatMap(from => kinds.filter(to => to !== from).map(to => [from[0], to[0], from[1], to[1]] as const))

describe.each(ways)('a copy from %s to %s', (_, __, source, target) => {
  test('has all rows and links, also those that refer to later ones', async () => {
    const from = await filled(await source())
    const to = await opened(await target())
    const lines: string[] = []
    await copyStore({ model, from, to, report: line => lines.push(line) })
    expect(await contents(to)).toEqual(await contents(from))
    expect(lines.at(-1)).toMatch(/^\w+: \d+ rows, digest [0-9a-f]{16}$/)
    expect(await to.write(tx => wait(tx.nextId(user)))).toBeGreaterThan(2_509)
  })

  test('goes on where it ended', async () => {
    const from = await filled(await source())
    const to = await opened(await target())
    let lines = 0
    const report = (): void => {
      if (++lines === 2) throw new Error('the power is cut')
    }
    await expect(copyStore({ model, from, to, report })).rejects.toThrow('the power is cut')
    await copyStore({ model, from, to, report: () => {} })
    expect(await contents(to)).toEqual(await contents(from))
  })
})

test('a database with rows is not copied to', async () => {
  const from = await filled(memory())
  const to = await opened(memory())
  await put(to, created(team, { id: RED, title: 'mine' }))
  await expect(copyStore({ model, from, to, report: () => {} })).rejects.toThrow(
    'the target has rows of team already; name an empty database',
  )
})

test('a source that is written to meanwhile is told', async () => {
  const from = await filled(memory())
  const to = await opened(memory())
  let isFirst = true
  const copying = copyStore({
    model,
    from,
    to,
    report: () => {
      if (isFirst) void put(from, created(team, { id: '0190a7c0-0000-7000-8000-000000000003', title: 'late' }))
      isFirst = false
    },
  })
  await expect(copying).rejects.toThrow('the source was written to meanwhile')
})

test('rows that must refer to themselves cannot be copied one by one', async () => {
  const ring = link({ node: resource({ id: t.id(), next: t.one('node') }) })
  const node = ring.resources.get('node')!
  const from = await opened(memory(), ring)
  await put(from, created(node, { id: 1, next: 1 }))
  const to = await opened(memory(), ring)
  await expect(copyStore({ model: ring, from, to, report: () => {} })).rejects.toThrow('make it nullable for the copy')
})

const MODULE = `
import { api, resource, sqlite, t } from '${join(import.meta.dirname, '../src/index.ts')}'
export const app = api({ todo: resource({ id: t.id(), text: t.text() }) }, { store: sqlite('unused.db') })`

const declared = link({ todo: resource({ id: t.id(), text: t.text() }) })

test('restuary copy takes two databases and a module', async () => {
  const [first, second, module] = [newFile(), newFile(), join(folder, 'app.ts')]
  writeFileSync(module, MODULE)
  const from = sqlite(first)
  await from.open(declared, testEnvironment({ now: 1 }))
  await put(from, created(declared.resources.get('todo')!, { id: 7, text: 'x' }))
  await from.close()
  const lines: string[] = []
  await copyDatabase([`sqlite:${first}`, `sqlite:${second}`, module], line => lines.push(line))
  expect(lines).toEqual(['todo: 1 rows copied', expect.stringMatching(/^todo: 1 rows, digest /)])
})

test.runIf(hasServer)('restuary copy moves to PostgreSQL and back', async () => {
  const url = await startPostgres(inject('postgresFolder'))
  const schema = `copy_${process.pid}`
  const [first, second, module] = [newFile(), newFile(), join(folder, 'both.ts')]
  writeFileSync(module, MODULE)
  const from = sqlite(first)
  const todos = declared.resources.get('todo')!
  await from.open(declared, testEnvironment({ now: 1 }))
  await put(from, created(todos, { id: 7, text: 'x' }))
  await from.close()
  const made = postgres(url, { schema })
  await made.open(declared, testEnvironment({ now: 1 }))
  await made.close()
  const place = `${url}&options=${encodeURIComponent(`-c search_path=${schema}`)}`
  await copyDatabase([`sqlite:${first}`, place, module], () => {})
  await copyDatabase([place, `sqlite:${second}`, module], () => {})
  const back = await opened(sqlite(second), declared)
  const rows: Row[] = await back.read(function* (snapshot) {
    return yield* wait(snapshot.select(todos, plain))
  })
  expect(rows.map(row => [row[0], row[FIRST]])).toEqual([[7, 'x']])
})

test.each([
  [['sqlite:a.db'], 'copy takes two databases'],
  [['sqlite:a.db', 'sqlite:a.db', 'app.ts'], 'both databases are the same'],
  [['a.db', 'sqlite:b.db', join(folder, 'app.ts')], 'a.db names no database'],
])('%j: %s', async (places, message) => {
  writeFileSync(join(folder, 'app.ts'), MODULE)
  await expect(copyDatabase(places, () => {})).rejects.toThrow(message)
})
