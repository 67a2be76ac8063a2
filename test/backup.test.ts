// Copies of a store that is in use, and going back to them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import { runCommand } from '../src/cli/run.ts'
import { slow } from '../src/testing/slow-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-backup-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = (end: string): string => join(folder, `${files++}${end}`)

const note = resource({ id: t.id(), text: t.text().unique() }).public()
const open = (store: Store): ReturnType<typeof start> => {
  const app = start(store)
  onTestFinished(() => app.close())
  return app
}
const start = (store: Store) => api({ note }, { store, report: () => {} })

const stores: readonly [string, string, () => Store, (file: string) => Store][] = [
  ['sqlite', '.db', () => sqlite(newFile('.db')), file => sqlite(file)],
  ['sqlite in memory', '.db', () => sqlite(':memory:'), file => sqlite(file)],
  ['a JSON file', '.json', () => memory({ file: newFile('.json') }), file => memory({ file })],
  ['memory', '.json', () => memory(), file => memory({ file })],
  ['slow', '.json', () => slow(memory()), file => slow(memory({ file }))],
]

describe.each(stores)('%s', (_, end, make, reopen) => {
  test('a copy holds one state, while writes go on', async () => {
    const app = open(make())
    await app.transaction(async tx => void (await tx.post('note', [{ text: 'a' }, { text: 'b' }])))
    const copy = newFile(end)
    const going = Promise.all([
      app.backup(copy),
      ...Array.from({ length: 50 }, (_, i) => app.post('note', [{ text: `x${i}` }, { text: `y${i}` }])),
    ])
    await going
    const copied = open(reopen(copy))
    const rows = await copied.list('note')
    expect(rows.slice(0, 2)).toEqual([
      { id: 1, text: 'a' },
      { id: 2, text: 'b' },
    ])
    // A commit is in it as a whole.
    expect(rows.length % 2).toBe(0)
    expect(await app.list('note')).toHaveLength(102)
    await copied.post('note', { text: 'c' })
    expect(readdirSync(folder).filter(name => name.includes('.part'))).toEqual([])
  })

  test('an existing file is not overwritten', async () => {
    const app = open(make())
    const there = newFile(end)
    writeFileSync(there, 'mine')
    await expect(app.backup(there)).rejects.toMatchObject({ code: 'conflict' })
    expect(readFileSync(there, 'utf8')).toBe('mine')
    await expect(app.backup(join(folder, 'nowhere', 'x'))).rejects.toThrow(/ENOENT|unable to open/)
  })
})

test('after going back to a copy, later writes are gone and clients notice', async () => {
  const file = newFile('.db')
  const app = start(sqlite(file))
  await app.post('note', { text: 'a' })
  const copy = newFile('.db')
  await app.backup(copy)
  const kept = await app.safe.get('note', 1)
  await app.patch('note', 1, { text: 'lost' })
  const lost = await app.safe.get('note', 1)
  await app.close()
  for (const end of ['', '-wal']) if (existsSync(file + end)) renameSync(file + end, `${file}.lost${end}`)
  await runCommand(['backup', copy, file])
  const again = open(sqlite(file))
  expect(await again.safe.get('note', 1)).toMatchObject({ body: { text: 'a' }, etag: kept.etag })
  await again.patch('note', 1, { text: 'b' })
  expect((await again.safe.patch('note', 1, { text: 'c' }, { ifMatch: lost.etag! })).status).toBe(412)
})

test('restuary backup copies a file that another process writes to', async () => {
  const file = newFile('.db')
  const app = open(sqlite(file))
  await app.post('note', { text: 'a' })
  const copy = newFile('.db')
  await runCommand(['backup', file, copy])
  expect(await open(sqlite(copy)).list('note')).toEqual([{ id: 1, text: 'a' }])
  await expect(runCommand(['backup', file, copy])).rejects.toThrow(`${copy} exists already`)
  await expect(runCommand(['backup', file])).rejects.toThrow('takes two files')
  await expect(runCommand(['backup', `${file}x`, newFile('.db')])).rejects.toThrow('There is no file')
})

test('a damaged copy is refused', async () => {
  const file = newFile('.db')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA page_size=512; CREATE TABLE a(x); CREATE INDEX b ON a(x)')
  for (let i = 0; i < 500; i++) db.prepare('INSERT INTO a VALUES (?)').run(`${i}`.repeat(20))
  db.close()
  const bytes = readFileSync(file)
  bytes.fill(7, bytes.length - 1_500, bytes.length - 200)
  writeFileSync(file, bytes)
  const copy = newFile('.db')
  await expect(runCommand(['backup', file, copy])).rejects.toThrow(/not sound|damaged or not complete/)
  expect(existsSync(copy)).toBe(false)
})

test('help mentions restuary backup', () => {
  const { stdout } = spawnSync(process.execPath, [join(import.meta.dirname, '../src/cli/main.ts'), 'help'])
  expect(String(stdout)).toContain('backup FILE TO')
})
