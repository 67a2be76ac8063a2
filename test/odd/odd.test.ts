// Files that other programs made: whatever is listed can be paged, fetched, filtered, changed, followed and deleted by what was shown.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkFile } from './check-file.ts'
import { jsonFiles, type OddJson } from './json-files.ts'
import { moreSqliteFiles } from './more-sqlite-files.ts'
import { sqliteFiles, type OddSqlite } from './sqlite-files.ts'
import { untypedKeyFiles } from './untyped-key-files.ts'

const directory = mkdtempSync(join(tmpdir(), 'restuary-odd-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

const check = async (ending: string, odd: OddSqlite | OddJson): Promise<void> => {
  expect(await checkFile(join(directory, `${files++}.${ending}`), odd)).toEqual([])
}

describe('a SQLite file with', () => {
  test.each([...sqliteFiles, ...moreSqliteFiles, ...untypedKeyFiles])('$name', odd => check('db', odd))
})

describe('a JSON file with', () => {
  test.each([...jsonFiles])('$name', odd => check('json', odd))
})
