// Files that cannot be used: every command says in one line what is wrong with them and what helps, and leaves them as they are.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, lstatSync, statSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Misuse } from '../src/cli/misuse.ts'
import { refusedFile } from '../src/cli/refused-file.ts'
import { runCommand } from '../src/cli/run.ts'
import { TextFile } from '../src/store/memory/file/text-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'restuary-unusable-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string): string => join(directory, name)

let database: Buffer
beforeAll(() => {
  const db = new DatabaseSync(at('whole.db'))
  db.exec(`CREATE TABLE t(id INTEGER PRIMARY KEY, t TEXT); CREATE TABLE u(id INTEGER PRIMARY KEY);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, hex(randomblob(20)) FROM n`)
  db.close()
  database = readFileSync(at('whole.db'))
})

const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 7919 + 128) % 251))
const put = (whole: Buffer, place: number, part: Buffer): Buffer =>
  Buffer.concat([whole.subarray(0, place), part, whole.subarray(place + part.length)])

const cases: Readonly<Record<string, [content: () => Buffer | string, message: RegExp, fix: RegExp]>> = {
  'half.db': [() => database.subarray(0, database.length / 2), /damaged or not complete/, /\.recover/],
  'head.db': [() => database.subarray(0, 60), /damaged or not complete/, /backup/],
  'first-page.db': [() => database.subarray(0, 4096), /damaged or not complete/, /backup/],
  'damaged-schema.db': [() => put(database, 100, noise(900)), /damaged or not complete/, /\.recover/],
  'damaged-table.db': [() => put(database, 8192, noise(30_000)), /damaged or not complete/, /\.recover/],
  'later-version.db': [
    () => put(database, 18, Buffer.from([9, 9])),
    /not a database that SQLite can read/,
    /encrypted/,
  ],
  'encrypted.db': [() => noise(8192), /neither a SQLite file nor JSON/, /encrypted or compressed/],
  'packed.db': [() => gzipSync(database), /neither a SQLite file nor JSON/, /unpack it/],
  'page.html': [() => '<html></html>', /neither a SQLite file nor JSON/, /name a file/],
  'empty.json': [() => '', /is empty/, /write lists/],
  'blank.json': [() => ' \n\n', /is empty/, /write lists/],
  'half.json': [() => '{"posts":[{"id":1,', /is not JSON/, /correct it/],
  'latin1.json': [
    () => Buffer.from('{"posts":[{"id":1,"t":"caf\u{E9}"}]}', 'latin1'),
    /is not UTF-8/,
    /save it as UTF-8/,
  ],
  'utf16.json': [() => Buffer.from('\u{FEFF}{"posts":[]}', 'utf16le'), /is not UTF-8/, /save it as UTF-8/],
}

test.each(Object.entries(cases))('%s', async (name, [content, message, fix]) => {
  writeFileSync(at(name), content())
  const before = readFileSync(at(name))
  for (const command of [['serve', '--port', '0'], ['serve', '--port', '0', '--read-only'], ['import'], ['openapi']]) {
    const error: unknown = await runCommand([command[0]!, at(name), ...command.slice(1)]).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Misuse)
    expect((error as Misuse).message).toMatch(message)
    expect((error as Misuse).message).toContain(at(name))
    expect((error as Misuse).fix).toMatch(fix)
  }
  expect(readFileSync(at(name)).equals(before)).toBe(true)
})

test('a locked database, and one that cannot be written', async () => {
  const file = at('locked.db')
  writeFileSync(file, database)
  const other = new DatabaseSync(file)
  other.exec('BEGIN EXCLUSIVE')
  for (const command of ['serve', 'import'])
    await expect(runCommand([command, file])).rejects.toThrow(`${file} is locked by another program`)
  other.close()
  const reader = new DatabaseSync(file, { readOnly: true })
  const write = (): unknown => {
    try {
      return reader.exec('DELETE FROM t')
    } catch (error) {
      return refusedFile(file, error)
    }
  }
  expect(write()).toMatchObject({
    message: expect.stringContaining('cannot be written'),
    fix: expect.stringContaining('--memory'),
  })
  reader.close()
})

test('what is no plain file', async () => {
  await expect(runCommand(['serve', '/dev/null'])).rejects.toThrow('/dev/null is not a plain file')
})

test('a JSON file keeps its permissions, and stays where a symbolic link leads', async () => {
  writeFileSync(at('real.json'), '{}')
  chmodSync(at('real.json'), 0o640)
  symlinkSync(at('real.json'), at('link.json'))
  const file = new TextFile(at('link.json'))
  file.read()
  expect(await file.replace('{"a":[]}')).toBe(true)
  expect(lstatSync(at('link.json')).isSymbolicLink()).toBe(true)
  expect(readFileSync(at('real.json'), 'utf8')).toBe('{"a":[]}')
  expect(statSync(at('real.json')).mode & 0o777).toBe(0o640)
})
