// Programs that write to the file of an application past it: with triggers, their changes are live and versioned as well.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { triggers } from '../src/cli/database/triggers.ts'
import { apiOf } from '../src/cli/serve.ts'
import { readSource } from '../src/cli/source.ts'
import { api, resource, sqlite, t, type Api } from '../src/index.ts'
import { connect, faces, serveFaces } from './speakers.ts'
import { areInPath, runsWith } from './system-programs.ts'

const isInstalled = runsWith('sqlite3', areInPath('sqlite3'), 'sqlite3')

const user = resource({ id: t.id(), name: t.text(), todos: t.back('todo', 'owner') }).public()
const todo = resource({
  id: t.id(),
  title: t.text(),
  price: t.decimal({ digits: 6, places: 2 }).nullable(),
  data: t.bytes().nullable(),
  at: t.datetime().nullable(),
  code: t.text().unique().nullable(),
  owner: t.one('user', { inverse: 'todos', onDelete: 'cascade' }).nullable(),
  tags: t.many('tag', { inverse: 'todos' }),
}).public()
const tag = resource({ id: t.id(), name: t.text(), todos: t.many('todo', { inverse: 'tags' }) }).public()

let directory: string
let file: string
const declare = (): Api<any> => api({ user, todo, tag }, { store: sqlite(file), report: () => {} }) as Api<any>

/** Another program, which knows nothing of us. */
const raw = async (sql: string): Promise<void> => {
  // All reads of a turn of the event loop see one state.
  await setImmediate()
  await promisify(execFile)('sqlite3', ['-cmd', '.timeout 5000', file, sql])
}

const ask = (sql: string): unknown[] => {
  const db = new DatabaseSync(file, { readOnly: true })
  const row = db.prepare(sql).get()!
  db.close()
  return Object.values(row)
}

const log = (): { count: number; isDense: boolean } => {
  const [count, isDense] = ask('SELECT count(*), max(seq) - min(seq) + 1 = count(*) FROM _restuary_log')
  return { count: count as number, isDense: isDense === 1 }
}

async function send(app: Api<any>, method: string, path: string, body?: unknown, headers: object = {}) {
  const init = { method, headers: { 'content-type': 'application/json', ...headers } }
  const response: Response = await app.fetch(
    new Request(`http://localhost${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) }),
  )
  const text = await response.text()
  return { status: response.status, etag: response.headers.get('etag'), body: text === '' ? null : JSON.parse(text) }
}

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

describe.runIf(isInstalled)('an application with triggers on its tables', () => {
  let apps: Api<any>[] = []
  let servers: Awaited<ReturnType<typeof serveFaces>>[] = []

  beforeAll(async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    directory = mkdtempSync(join(tmpdir(), 'restuary-outside-'))
    file = join(directory, 'app.db')
    await raw('CREATE TABLE strange(a)')
    await expect(triggers('install', file)).rejects.toThrow('it has no log of Restuary')
    const first = declare()
    await first.post('user', [{ name: 'ann' }, { name: 'bob' }])
    await first.post('tag', [{ name: 'red' }])
    await first.post('todo', [{ title: 'a', owner: 1, code: 'A' }, { title: 'b' }])
    await triggers('install', file)
    await first.close()
    apps = [declare(), declare()]
    servers = await Promise.all(apps.map(serveFaces))
  })
  afterAll(async () => {
    for (const { close } of servers) await close()
    rmSync(directory, { recursive: true })
  })

  test.each(faces)('%s tells a change to each process, and the row has another version at once', async face => {
    for (const [i, app] of apps.entries()) {
      const speaker = await connect(face, servers[i]!.port)
      await speaker.follow('todo')
      const before = await send(app, 'GET', '/todo/1')
      const title = `${face}, 'it''s' ${i}`
      await raw(`UPDATE todo SET title = '${title.replaceAll("'", "''")}', price = 150, data = x'01' WHERE id = 1`)
      const row = { id: 1, title, price: '1.50', data: 'AQ==' }
      const after = await send(app, 'GET', '/todo/1', undefined, { 'if-none-match': before.etag })
      expect(after).toMatchObject({ status: 200, body: row })
      expect(await speaker.next()).toEqual(['change', 1])
      expect((await send(app, 'PATCH', '/todo/1', { title: 'x' }, { 'if-match': before.etag })).status).toBe(412)
      speaker.cut()
    }
  })

  test('no term begins: a client goes on from the position that it has', async () => {
    const terms = `SELECT value FROM _restuary_meta WHERE key = 'terms'`
    const [before, { count }] = [ask(terms), log()]
    await raw(`UPDATE todo SET title = 'resumed' WHERE id = 2`)
    await send(apps[0]!, 'GET', '/todo/2')
    await send(apps[1]!, 'GET', '/todo/2')
    expect([ask(terms), log().count]).toEqual([before, count + 1])
  })

  test('new rows get ids and versions, and gone ones are told', async () => {
    await raw(`INSERT INTO todo(title, owner) VALUES ('raw', 2)`)
    expect((await send(apps[1]!, 'GET', '/todo?title=raw')).body).toMatchObject([{ id: 3, owner: 2 }])
    expect((await send(apps[0]!, 'GET', '/user/2')).body).toMatchObject({ todos: [3] })
    const { etag } = await send(apps[0]!, 'GET', '/user/2')
    await raw('DELETE FROM todo WHERE id = 3')
    expect((await send(apps[0]!, 'GET', '/user/2')).etag).not.toBe(etag)
    expect((await send(apps[1]!, 'GET', '/todo/3')).status).toBe(404)
    expect((await apps[1]!.post('todo', { title: 'ours' })) as unknown).toMatchObject({ id: 4 })
    await apps[1]!.delete('todo', 4)
  })

  test('what a row takes the place of is told as well', async () => {
    await raw(`INSERT OR REPLACE INTO todo(id, title, code) VALUES (7, 'in place of 1', 'A')`)
    expect((await send(apps[0]!, 'GET', '/todo/1')).status).toBe(404)
    const [records] = ask(
      `SELECT group_concat(op || ' ' || CAST(id AS INTEGER), ', ') FROM (SELECT op, id FROM _restuary_log WHERE resource = 'todo' ORDER BY seq DESC LIMIT 2)`,
    )
    expect((records as string).split(', ').toSorted()).toEqual(['create 7', 'delete 1'])
    expect((await send(apps[1]!, 'GET', '/user/1')).body.todos).toEqual([])
    await raw(`UPDATE OR REPLACE todo SET id = 1 WHERE id = 7; UPDATE todo SET owner = 1 WHERE id = 1`)
    expect((await send(apps[1]!, 'GET', '/todo/7')).status).toBe(404)
    expect((await send(apps[1]!, 'GET', '/user/1')).body.todos).toEqual([1])
  })

  test('links are told on both sides, and so is what foreign keys do', async () => {
    const before = await send(apps[0]!, 'GET', '/tag/1')
    await raw('INSERT INTO tag_todos(tag_id, todo_id) VALUES (1, 1)')
    const linked = await send(apps[0]!, 'GET', '/tag/1')
    expect(linked.etag).not.toBe(before.etag)
    expect((await send(apps[1]!, 'GET', '/todo/1')).body).toMatchObject({ tags: [1] })
    await raw('PRAGMA foreign_keys = ON; DELETE FROM todo WHERE id = 1')
    const unlinked = await send(apps[0]!, 'GET', '/tag/1')
    expect(unlinked.body.todos).toEqual([])
    expect(unlinked.etag).not.toBe(linked.etag)
    await raw(`INSERT INTO todo(id, title) VALUES (1, 'again')`)
  })

  test('changes of the application are recorded once, in one transaction or several', async () => {
    await send(apps[0]!, 'GET', '/todo/2')
    const { count } = log()
    await send(apps[0]!, 'PATCH', '/todo/2', { title: 'once' })
    await send(apps[1]!, 'PATCH', '/todo/2', { title: 'twice' })
    await apps[0]!.transaction(async (tx: any) => {
      await tx.patch('todo', 2, { title: 'thrice' })
    })
    await raw(`UPDATE todo SET title = 'last' WHERE id = 2`)
    await send(apps[0]!, 'GET', '/todo/2')
    expect(log()).toEqual({ count: count + 4, isDense: true })
    expect(ask('SELECT (SELECT count(*) FROM _restuary_captured), (SELECT count(*) FROM _restuary_writing)')).toEqual([
      0, 0,
    ])
  })

  test('whoever writes at the same time, the log ends with what is there', async () => {
    const writes = Array.from({ length: 30 }, async (_, i) => {
      const own = send(apps[i % 2]!, 'PATCH', `/todo/${(i % 2) + 1}`, { price: `${i}.00` })
      await raw(`UPDATE todo SET title = title || '${i % 10}' WHERE id = ${(i % 2) + 1}`)
      expect((await own).status).toBe(200)
    })
    await Promise.all(writes)
    await send(apps[0]!, 'GET', '/todo')
    const told = `SELECT group_concat(t.title = r.after ->> 'title' AND t._seq = r.seq) FROM todo t JOIN
      (SELECT id, after, max(seq) AS seq FROM _restuary_log WHERE resource = 'todo' GROUP BY id) r ON r.id = t.id WHERE t.id IN (1, 2)`
    expect(ask(told)).toEqual(['1,1'])
    expect(log().isDense).toBe(true)
  })

  test('more than a commit can take is told in several', async () => {
    const { count } = log()
    await raw(`INSERT INTO tag(name) SELECT 'tag ' || value FROM generate_series(1, 2500)`)
    await send(apps[0]!, 'GET', '/tag/1')
    await expect.poll(() => log().count).toBe(count + 2500)
    const [captured] = ask('SELECT count(*) FROM _restuary_captured')
    expect(captured).toBe(0)
  })

  test('remove makes an end of it', async () => {
    await triggers('remove', file)
    const { count } = log()
    const before = await send(apps[0]!, 'GET', '/todo/1')
    await raw(`UPDATE todo SET title = 'not recorded' WHERE id = 1`)
    const after = await send(apps[0]!, 'GET', '/todo/1')
    expect(after.body.title).toBe('not recorded')
    expect(after.etag).not.toBe(before.etag)
    expect(log().count).toBe(count)
    expect(ask(`SELECT count(*) FROM sqlite_schema WHERE name LIKE '_restuary_capt%'`)).toEqual([0])
  })
})

describe.runIf(isInstalled)('triggers', () => {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'restuary-outside-'))
    file = join(directory, 'app.db')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  test('record at the start what was written while no server ran', async () => {
    const first = declare()
    await first.post('todo', { title: 'a' })
    await first.close()
    await triggers('install', file)
    await raw(`UPDATE todo SET title = 'meanwhile'`)
    const app = declare()
    await app.ready()
    expect(ask(`SELECT after ->> 'title' FROM _restuary_log ORDER BY seq DESC LIMIT 1`)).toEqual(['meanwhile'])
    await app.close()
  })

  test('follow a table that gets another column, and do not capture what fills it', async () => {
    const first = declare()
    await first.post('todo', { title: 'a' })
    await first.close()
    await triggers('install', file)
    const note = resource({ id: t.id(), text: t.text() }).public()
    const app = api(
      {
        user,
        tag,
        note,
        todo: resource({
          id: t.id(),
          title: t.text(),
          done: t.bool().default(false),
          price: t.decimal({ digits: 6, places: 2 }).nullable(),
          data: t.bytes().nullable(),
          at: t.datetime().nullable(),
          code: t.text().unique().nullable(),
          owner: t.one('user', { inverse: 'todos', onDelete: 'cascade' }).nullable(),
          tags: t.many('tag', { inverse: 'todos' }),
        }).public(),
      },
      { store: sqlite(file), report: () => {} },
    ) as Api<any>
    await app.ready()
    const { count } = log()
    await raw(`UPDATE todo SET done = 1; INSERT INTO note(text) VALUES ('new')`)
    expect((await send(app, 'GET', '/todo/1')).body).toMatchObject({ done: true })
    expect(log().count).toBe(count + 2)
    await app.close()
  })

  test('a table that loses them is noticed, and everybody gets the state anew', async () => {
    const app = declare()
    await app.post('todo', { title: 'a' })
    await triggers('install', file)
    await raw(`UPDATE todo SET title = 'captured'`)
    await send(app, 'GET', '/todo/1')
    await raw(`DROP TRIGGER "_restuary_capture_update todo"`)
    await send(app, 'GET', '/todo/1')
    const before = await send(app, 'GET', '/todo/1')
    await raw(`UPDATE todo SET title = 'past it'`)
    const after = await send(app, 'GET', '/todo/1', undefined, { 'if-none-match': before.etag })
    expect(after).toMatchObject({ status: 200, body: { title: 'past it' } })
    await app.close()
  })

  test('a file that is served: rows without a version, keys of several columns, tables without a key, own triggers', async () => {
    await raw(`CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE note(item INT REFERENCES item ON DELETE CASCADE, nr INT, text TEXT, PRIMARY KEY(item, nr));
      CREATE TABLE audit(what TEXT);
      CREATE TRIGGER audit AFTER UPDATE ON item BEGIN INSERT INTO audit VALUES (new.name); END;
      INSERT INTO item VALUES (1, 'a'), (2, 'b'); INSERT INTO note VALUES (1, 1, 'x')`)
    const open = async (): Promise<Api<any>> => {
      const app = apiOf(readSource(file, { readOnly: false }), {
        public: true,
        readOnly: false,
        report: () => {},
      })
      await app.ready()
      return app
    }
    await (await open()).close()
    await triggers('install', file)
    const app = await open()
    const { port, close } = await serveFaces(app)
    const [audits, notes] = [await connect('native', port), await connect('native', port)]
    await audits.follow('audit')
    await notes.follow('note')
    const { etag } = await send(app, 'GET', '/item/2')
    await raw(`UPDATE item SET name = 'c' WHERE id = 2`)
    expect((await send(app, 'GET', '/item/2')).etag).not.toBe(etag)
    expect((await audits.next())[0]).toBe('enter')
    await raw('PRAGMA foreign_keys = ON; DELETE FROM item WHERE id = 1')
    expect(await notes.next()).toEqual(['leave', '1~1'])
    audits.cut()
    notes.cut()
    await close()
  })
})
