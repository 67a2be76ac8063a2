// Seeds: rows to develop with, made by modules apart from migrations, as often as wanted.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { seed } from '../src/cli/seed.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import { api, resource, t } from '../src/index.ts'

const SOURCES = pathToFileURL(join(import.meta.dirname, '../src/index.ts')).href

test('seeds run in the order of their names, and can run again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-seed-'))
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 3 }))
  const database = join(folder, 'app.db')
  /** Writes the application. A module is loaded only once. */
  const app = (name: string): string => {
    const file = join(folder, name)
    writeFileSync(
      file,
      `import { api, resource, sqlite, t } from '${SOURCES}'
       export const app = api(
         { user: resource({ id: t.id(), email: t.text().unique(), name: t.text() }) },
         { store: sqlite('${database}'), report: () => {} })`,
    )
    return file
  }
  const seeds = join(folder, 'seeds')
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  await expect(seed(app('a.ts'), seeds, write)).rejects.toThrow('There are no seeds')
  mkdirSync(seeds)
  const module = (name: string): string =>
    `export default async app => { await app.put('user', { email: 'a@b.c' }, { email: 'a@b.c', name: '${name}' }) }`
  writeFileSync(join(seeds, '2-later.ts'), module('later'))
  writeFileSync(join(seeds, '1-first.ts'), module('first'))
  await seed(app('b.ts'), seeds, write)
  await seed(app('c.ts'), seeds, write)
  expect(lines).toEqual(['1-first.ts: done', '2-later.ts: done', '1-first.ts: done', '2-later.ts: done'])
  const read = api(
    { user: resource({ id: t.id(), email: t.text().unique(), name: t.text() }) },
    { store: sqlite(database), report: () => {} },
  )
  expect(await read.list('user')).toEqual([{ id: 1, email: 'a@b.c', name: 'later' }])
  await read.close()
  writeFileSync(join(seeds, '3-none.ts'), 'export const x = 1')
  await expect(seed(app('d.ts'), seeds, write)).rejects.toThrow('3-none.ts has no seed')
})
