// A sample of random queries and writes, each compared with SQL. `npm run differential` runs many more.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { queriedFiles } from './files.ts'
import { compareFile } from './run.ts'

const directory = mkdtempSync(join(tmpdir(), 'restuary-differential-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

test.each(queriedFiles())('lists and live views of $name are what SQL finds', async one => {
  const amount = { queries: 2 * one.share, writes: 10, seed: 1 }
  const { mismatches } = await compareFile(one, join(directory, `${files++}.db`), amount)
  expect(mismatches).toEqual([])
})
