// A sample of random queries to SQLite, PostgreSQL and memory. `npm run queries` asks many more.
import { expect, inject, test } from 'vitest'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { compareStores } from './compare-stores.ts'

test.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))(
  'lists, counts, pages and related rows are the same over every store',
  async () => {
    const url = await startPostgres(inject('postgresFolder'))
    const { queries, found, mismatches } = await compareStores(url, { count: 200, seed: 1 })
    expect(mismatches).toEqual([])
    expect(queries).toBe(200)
    expect(found).toBeGreaterThan(80)
  },
)
