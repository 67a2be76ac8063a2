// A sample of all cases over PostgreSQL. `npm run conformance -- --store postgres` plays all of them; `SEED=7` plays another sample.
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { recycledStores } from '../src/testing/postgres/recycled-stores.ts'
import type { Store } from '../src/store/store.ts'
import { runsWith } from '../test/system-programs.ts'
import { runFile } from './formats.ts'

/** Of so many cases, one is played. */
const EVERY = 25
const seed = Number(process.env['SEED'] ?? 1)

const files = globSync('{vectors,cases}/*.json', { cwd: import.meta.dirname }).filter(path => !path.includes('validr'))

/** A file with a part of its cases. */
function sampled(path: string): unknown {
  const file = JSON.parse(readFileSync(join(import.meta.dirname, path), 'utf8')) as unknown
  const some = (list: readonly unknown[]): unknown[] =>
    list.filter((_, i) => (i + seed) % Math.min(EVERY, list.length) === 0)
  if (Array.isArray(file)) return some(file)
  return Object.fromEntries(
    Object.entries(file as object).map(([name, value]) => [
      name,
      ['cases', 'checks', 'vectors'].includes(name) && Array.isArray(value) ? some(value) : (value as unknown),
    ]),
  )
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('over PostgreSQL', () => {
  let stores: () => Store
  beforeAll(async () => {
    stores = recycledStores(await startPostgres(inject('postgresFolder')))
  })

  test.each(files.map(path => [`${basename(dirname(path))}/${basename(path)}`, path]))(
    'a sample of %s',
    async (_, path) => {
      const results = (await runFile(sampled(path), { store: stores }))!
      expect(results.filter(one => one.outcome !== 'passed')).toEqual([])
      expect(results.length).toBeGreaterThan(0)
    },
  )
})
