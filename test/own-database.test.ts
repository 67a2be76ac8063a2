// `restuary serve FILE` on files that applications of Restuary made: nothing internal is shown, and nothing is lost.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { api as apiFor } from '../src/api.ts'
import { apiOf } from '../src/cli/serve.ts'
import { readSource } from '../src/cli/source.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { isPasswordHash } from '../src/store/sql/tables/password-hash.ts'
import { memory } from '../src/store/memory.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import type { Store } from '../src/store/store.ts'

const directory = mkdtempSync(join(tmpdir(), 'restuary-own-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
const newFile = (ending: string): string => join(directory, `${files++}.${ending}`)

const user = resource({
  id: t.id(),
  email: t.text().unique(),
  password: t.password(),
  todos: t.back('todo', 'owner'),
})
  .public()
  .login('email', 'password')
const todo = resource({
  id: t.id(),
  title: t.text(),
  done: t.bool().default(false),
  due: t.datetime().nullable(),
  cost: t.decimal({ digits: 8, places: 2 }),
  owner: t.one('user', { inverse: 'todos' }).nullable(),
}).public()
const PASSWORD = 'correct horse battery'

const api = apiFor as (...given: any[]) => any

const quiet = { report: () => {} }
const started = (store: Store): any =>
  api({ user, todo }, { store, auth: { secret: 'ksu3Vd0Rq8mZt2WcY7bLh5NfX1pJg4Ea' }, ...quiet })
const get = async (app: any, path: string): Promise<any> =>
  (await app.fetch(new Request(`http://localhost${path}`))).json()

/** An application's file with a user, a session and a row that was changed once; and its history. */
async function made(file: string): Promise<any> {
  const app = started(file.endsWith('.json') ? memory({ file }) : sqlite(file))
  await app.ready()
  await app.post('user', { email: 'ada@example.org', password: PASSWORD })
  await app.post('todo', { title: 'First', cost: '1.50', due: '2030-01-02T03:04:05Z', owner: 1 })
  await app.patch('todo', 1, { title: 'Changed' })
  const login = await app.fetch(
    new Request('http://localhost/auth/login', {
      method: 'POST',
      body: JSON.stringify({ email: 'ada@example.org', password: PASSWORD }),
      headers: { 'content-type': 'application/json' },
    }),
  )
  expect(login.status).toBe(200)
  const history = await get(app, '/todo/1/history')
  await app.close()
  return history
}

test('the database of an application is not opened for writing, and says what to do instead', async () => {
  const file = newFile('db')
  const history = await made(file)
  const bytes = readFileSync(file)
  expect(() => readSource(file, { readOnly: false })).toThrow(/belongs to an application of Restuary.* its table todo/)
  expect(readFileSync(file).equals(bytes)).toBe(true)
  const app = started(sqlite(file))
  expect(await get(app, '/todo/1/history')).toEqual(history)
  await app.close()
})

test('read only, its rows are shown as the application shows them, without passwords, versions and internal tables', async () => {
  const file = newFile('db')
  const history = await made(file)
  const source = readSource(file, { readOnly: true })
  expect(Object.keys(source.resources)).toEqual(['todo', 'user'])
  expect(source.report.map(({ notes }) => notes[0])).toEqual([
    'its rules are not in the file: what the application hides is shown',
    'its rules are not in the file: what the application hides is shown',
  ])
  const app: any = apiOf(source, { public: true, readOnly: true, ...quiet })
  expect(await get(app, '/user')).toEqual([{ id: 1, email: 'ada@example.org' }])
  expect(await get(app, '/todo')).toEqual([
    { id: 1, title: 'Changed', done: false, due: '2030-01-02T03:04:05Z', cost: '1.50', owner: 1 },
  ])
  expect(await get(app, '/_session')).toMatchObject({ error: 'not_found' })
  expect(await get(app, '/user?password[startsWith]=$')).toMatchObject({ error: expect.any(String) })
  await app.close()
  const again = started(sqlite(file))
  expect(await get(again, '/todo/1/history')).toEqual(history)
  await again.close()
})

test('a declaration that takes its tables for those of another program does not start, and loses nothing', async () => {
  const file = newFile('db')
  const history = await made(file)
  const foreign = { view: false, key: ['id'] }
  const adopted = resource({ id: t.id(), title: t.text(), cost: t.integer() }, { table: 'todo', foreign })
  expect(() => api({ adopted }, { store: sqlite(file), ...quiet })).toThrow(
    'an application of Restuary made this table',
  )
  const app = started(sqlite(file))
  expect(await get(app, '/todo/1/history')).toEqual(history)
  await app.close()
})

test('the log goes on when an application adopts a table of another program', async () => {
  const file = newFile('db')
  const history = await made(file)
  const db = new DatabaseSync(file)
  db.exec(`CREATE TABLE city(id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO city VALUES (7, 'Ulm')`)
  db.close()
  const city = resource({ id: t.id(), name: t.text() }, { foreign: { view: false, key: ['id'] } }).public()
  const open = (): any =>
    api({ user, todo, city }, { store: sqlite(file), auth: { secret: 'ksu3Vd0Rq8mZt2WcY7bLh5NfX1pJg4Ea' }, ...quiet })
  const app = open()
  const records = (list: any[]): unknown[] => list.map(({ operation, data }) => [operation, data])
  expect(records(await get(app, '/todo/1/history'))).toEqual(records(history))
  expect(await get(app, '/city')).toEqual([{ id: 7, name: 'Ulm' }])
  await app.patch('city', 7, { name: 'Köln' })
  expect(records(await get(app, '/city/7/history'))).toEqual([['patch', { id: 7, name: 'Köln' }]])
  await app.close()
  const again = open()
  expect(records(await get(again, '/todo/1/history'))).toEqual(records(history))
  await again.close()
})

test('a JSON file of an application shows neither sessions nor hashes, and keeps both', async () => {
  const file = newFile('json')
  await made(file)
  const before = JSON.parse(readFileSync(file, 'utf8'))
  expect(before).toMatchObject({ _session: [{ user: 1 }], user: [{ password: expect.stringContaining('$argon2id$') }] })
  const source = readSource(file, { readOnly: false })
  expect(Object.keys(source.resources)).toEqual(['todo', 'user'])
  const app: any = apiOf(source, { public: true, readOnly: false, ...quiet })
  expect(await get(app, '/user')).toEqual([{ id: 1, email: 'ada@example.org' }])
  await app.patch('user', 1, { email: 'ada@example.com' })
  await app.close()
  const after = JSON.parse(readFileSync(file, 'utf8'))
  expect(after).toEqual({ ...before, user: [{ ...before.user[0], email: 'ada@example.com' }] })
})

const HASHES: readonly string[] = [
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmYaGVcVjDvZ3SbLLqg',
  '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
  '$6$rounds=5000$usesomesillystri$KqJWpanXZHKq2BOB43TSaYhEWsQ1Lr5QNyPCDH/Tp.6',
  'pbkdf2_sha256$600000$9TiKuyGhTQ$+1LHh0lF2Mvw0NFGtHmsJxbS6PJ5tKTm8fTNWPNYz/I=',
  'scrypt:32768:8:1$DyJVdl2JZGzLOdMz$4d4b0ad0b1ee7e1ed9d5a1a3d4f4f0f6',
]

test.each(HASHES)('columns with password hashes of other programs are not shown: %s', async hash => {
  expect(isPasswordHash(hash)).toBe(true)
  const file = newFile('db')
  const db = new DatabaseSync(file)
  db.exec(`CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT, token TEXT, price TEXT)`)
  db.prepare(`INSERT INTO person VALUES (1, 'Ada', ?, '$5 or $6 for a rather long text')`).run(hash)
  db.close()
  const app: any = apiOf(readSource(file, { readOnly: false }), { public: true, readOnly: false, ...quiet })
  const shown = { id: 1, name: 'Ada', price: '$5 or $6 for a rather long text' }
  expect(await get(app, '/person')).toEqual([shown])
  expect(await get(app, '/person?token[startsWith]=$')).toMatchObject({ error: expect.any(String) })
  await app.patch('person', 1, { name: 'Ida' })
  expect(await get(app, '/person/1')).toEqual({ ...shown, name: 'Ida' })
  await app.close()
  const again = new DatabaseSync(file)
  expect(again.prepare('SELECT token FROM person').get()).toEqual({ token: hash })
  again.close()
})

test('a column that is named for passwords is not shown, whatever it holds', async () => {
  const file = newFile('db')
  const db = new DatabaseSync(file)
  db.exec(`CREATE TABLE staff(id INTEGER PRIMARY KEY, password VARCHAR(40), passwordChanged DATETIME);
    INSERT INTO staff VALUES (1, '8cb2237d0679ca88db6464eac60da96345513964', '2006-02-15 03:57:16')`)
  db.close()
  const source = readSource(file, { readOnly: false })
  expect(source.report[0]?.notes).toEqual(['column password is not shown: it holds passwords'])
  const app: any = apiOf(source, { public: true, readOnly: false, ...quiet })
  expect(await get(app, '/staff')).toEqual([{ id: 1, passwordChanged: '2006-02-15 03:57:16' }])
  await app.close()
})

test('passwords of a JSON file that are no hashes are data like any other', async () => {
  const file = newFile('json')
  writeFileSync(file, JSON.stringify({ users: [{ id: 1, password: 'pretend' }] }))
  const app: any = apiOf(readSource(file, { readOnly: false }), { public: true, readOnly: false, ...quiet })
  expect(await get(app, '/users?password=pretend')).toEqual([{ id: 1, password: 'pretend' }])
  await app.close()
})
