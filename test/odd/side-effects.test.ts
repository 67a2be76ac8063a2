// What triggers and foreign keys of a database change beside a write: other rows get new versions, records, and are live.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import { api, sqlite } from '../../src/index.ts'
import { readSource } from '../../src/cli/source.ts'
import { makeFile, sender, served, type Answer, type ServedFile } from './served.ts'

const SQL = `
  CREATE TABLE account(id INTEGER PRIMARY KEY, owner TEXT, balance INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE booking(id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES account, amount INTEGER NOT NULL);
  CREATE TABLE audit(at INTEGER, account TEXT, n INTEGER, what TEXT, big INTEGER, data BLOB, PRIMARY KEY (account, n)) WITHOUT ROWID;
  CREATE TABLE latest(id TEXT PRIMARY KEY, sum REAL);
  CREATE TABLE trail(what TEXT);
  CREATE VIEW rich AS SELECT id, owner FROM account WHERE balance > 5;
  CREATE TRIGGER booked AFTER INSERT ON booking BEGIN
    UPDATE account SET balance = balance + new.amount WHERE id = new.account_id;
    INSERT INTO audit VALUES (1, 'a' || new.account_id, new.id, 'booked', 9007199254740993, x'00ff');
    INSERT INTO trail VALUES ('booked');
    DELETE FROM latest WHERE id = 'old';
  END;
  CREATE TRIGGER refused BEFORE INSERT ON booking WHEN new.amount = 13 BEGIN SELECT RAISE(ABORT, 'no luck'); END;
  CREATE TRIGGER kept BEFORE UPDATE OF owner ON account WHEN new.owner = '' OR (new.owner = 'Cy' AND new.id = 1) BEGIN SELECT RAISE(IGNORE); END;
  CREATE TABLE site(country TEXT, city TEXT, name TEXT, PRIMARY KEY (country, city));
  CREATE TABLE visit(id INTEGER PRIMARY KEY, country TEXT, city TEXT,
    FOREIGN KEY (country, city) REFERENCES site ON DELETE CASCADE);
  CREATE TABLE profile(id INTEGER PRIMARY KEY REFERENCES account ON DELETE CASCADE, text TEXT);
  INSERT INTO account VALUES (1, 'Ada', 0), (2, 'Bo', 3);
  INSERT INTO latest VALUES ('old', 0.5), ('other', 1);
  INSERT INTO site VALUES ('de', 'ulm', 'Ulm'), ('de', 'bonn', 'Bonn');
  INSERT INTO visit VALUES (1, 'de', 'ulm'), (2, 'de', 'bonn');
  INSERT INTO profile VALUES (2, 'about Bo');`

function open(): ServedFile {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-effects-'))
  const file = join(directory, 'bank.db')
  makeFile(file, { name: 'bank', sql: SQL })
  const one = served(file)
  onTestFinished(async () => {
    await one.close()
    rmSync(directory, { recursive: true })
  })
  return one
}

const tagOf = ({ headers }: Answer): string => headers.get('etag')!

test('rows that a trigger changes get new tags, and their old ones are no longer valid', async () => {
  const { send } = open()
  const paths = ['/account/1', '/account', '/audit', '/latest', '/trail', '/rich']
  const before = await Promise.all(paths.map(async path => tagOf(await send('GET', path))))
  const other = tagOf(await send('GET', '/account/2'))
  expect((await send('POST', '/booking', { account: 1, amount: 10 })).status).toBe(201)
  const after = await Promise.all(paths.map(path => send('GET', path)))
  after.forEach((answer, i) => expect(tagOf(answer), paths[i]).not.toBe(before[i]))
  expect(after.map(({ body }) => body)).toEqual([
    { id: 1, owner: 'Ada', balance: 10 },
    [
      { id: 1, owner: 'Ada', balance: 10 },
      { id: 2, owner: 'Bo', balance: 3 },
    ],
    [{ id: 'a1~1', at: 1, account: 'a1', n: 1, what: 'booked', big: expect.anything(), data: 'AP8=' }],
    [{ id: 'other', sum: 1 }],
    [{ id: 1, what: 'booked' }],
    [{ id: 1, owner: 'Ada' }],
  ])
  expect(tagOf(await send('GET', '/account/2'))).toBe(other)
})

test('a stale If-Match on a row that a trigger changed is refused', async () => {
  const { send, app } = open()
  const tag = tagOf(await send('GET', '/account/1'))
  await send('POST', '/booking', { account: 1, amount: 10 })
  const answer = await app.fetch(
    new Request('http://localhost/account/1', {
      method: 'PATCH',
      body: '{"owner":"Cy"}',
      headers: { 'content-type': 'application/json', 'if-match': tag },
    }),
  )
  expect(answer.status).toBe(412)
})

test('who follows rows that triggers change is told of them, in the same commit', async () => {
  const { send, app } = open()
  const follow = async (name: string): Promise<() => Promise<any>> => {
    const events = app.live(name as never) as AsyncGenerator<any>
    await events.next()
    onTestFinished(async () => void (await events.return(undefined)))
    return async () => (await events.next()).value
  }
  const [account, audit, latest, trail, rich] = await Promise.all(
    ['account', 'audit', 'latest', 'trail', 'rich'].map(follow),
  )
  await send('POST', '/booking', { account: 1, amount: 10 })
  const told = await Promise.all([account!(), audit!(), latest!(), trail!(), rich!()])
  expect(told.map(({ rows }) => rows.length)).toEqual([2, 1, 1, 1, 1])
  expect(told[0].rows[0]).toEqual({ id: 1, owner: 'Ada', balance: 10 })
  expect(new Set(told.map(({ position }) => position)).size).toBe(1)
})

test('their records tell the row before and after, as for any other change', async () => {
  const { send } = open()
  await send('POST', '/booking', { account: 1, amount: 10 })
  await send('POST', '/booking', { account: 1, amount: 5 })
  const { body } = await send('GET', '/account/1/history')
  expect(body.map(({ operation, data, before }: any) => [operation, data.balance, before])).toEqual([
    ['patch', 15, { balance: 10 }],
    ['patch', 10, { balance: 0 }],
  ])
  const created = (await send('GET', '/audit/a1~1/history')).body
  expect(created).toMatchObject([{ operation: 'create', data: { what: 'booked' } }])
  expect((await send('GET', '/latest/old/history')).body).toMatchObject([{ operation: 'delete', before: { sum: 0.5 } }])
})

test('several writes in one commit, and one that is refused', async () => {
  const { send, app } = open()
  const many = await send('POST', '/booking', [
    { account: 1, amount: 1 },
    { account: 2, amount: 2 },
    { account: 1, amount: 3 },
  ])
  expect(many.status).toBe(201)
  expect((await send('GET', '/account')).body.map(({ balance }: any) => balance)).toEqual([4, 5])
  const position = await app.http.live!.now()
  const refused = await send('POST', '/booking', [
    { account: 1, amount: 7 },
    { account: 1, amount: 13 },
  ])
  expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('no luck') } })
  expect((await send('GET', '/account/1')).body.balance).toBe(4)
  expect(await app.http.live!.now()).toBe(position)
})

test('a change that a trigger ignores is answered with what is stored', async () => {
  const { send } = open()
  expect((await send('PATCH', '/account/1', { owner: '' })).body).toEqual({ id: 1, owner: 'Ada', balance: 0 })
})

test('rows that foreign keys delete, which are no relations, are gone for everyone', async () => {
  const { send, app } = open()
  const visits = app.live('visit' as never) as AsyncGenerator<any>
  await visits.next()
  const before = tagOf(await send('GET', '/visit'))
  expect((await send('DELETE', '/site/de~ulm')).status).toBe(204)
  expect((await visits.next()).value.rows).toEqual([{ id: 2, country: 'de', city: 'bonn' }])
  await visits.return(undefined)
  expect(tagOf(await send('GET', '/visit'))).not.toBe(before)
  const profile = tagOf(await send('GET', '/profile'))
  expect((await send('DELETE', '/account/2')).status).toBe(204)
  const after = await send('GET', '/profile')
  expect(after.body).toEqual([])
  expect(tagOf(after)).not.toBe(profile)
})

test('tables without triggers and such keys pay nothing', async () => {
  const { send } = open()
  const sessions = vi.spyOn(DatabaseSync.prototype, 'createSession')
  onTestFinished(() => sessions.mockRestore())
  await send('POST', '/visit', { country: null, city: null })
  await send('PATCH', '/latest/other', { sum: 2 })
  expect(sessions).not.toHaveBeenCalled()
  await send('POST', '/booking', { account: 1, amount: 1 })
  expect(sessions).toHaveBeenCalledTimes(1)
})

test('a change that a trigger ignores leaves the tag, the position and the history as they were', async () => {
  const { send, app } = open()
  const state = async (): Promise<unknown> => [
    tagOf(await send('GET', '/account/1')),
    tagOf(await send('GET', '/account')),
    await app.http.live!.now(),
    (await send('GET', '/account/1/history')).body,
  ]
  const before = await state()
  const answer = await send('PATCH', '/account/1', { owner: '' })
  expect([answer.status, tagOf(answer)]).toEqual([200, (before as string[])[0]])
  expect(await state()).toEqual(before)
})

test('of several changes, those that a trigger ignores are left out, and the others are told', async () => {
  const { file } = open()
  const { resources } = readSource(file, { readOnly: false })
  const account = { '~resource': { ...resources['account']!['~resource'], public: true, bulk: true } }
  const app = api({ ...resources, account }, { store: sqlite(file), report: () => {} })
  onTestFinished(() => app.close())
  const send = sender(app)
  const accounts = app.live('account' as never) as AsyncGenerator<any>
  await accounts.next()
  const first = tagOf(await send('GET', '/account/1'))
  const position = await app.http.live!.now()
  expect((await send('PATCH', '/account?id[in]=1,2', { owner: 'Cy' })).status).toBe(200)
  expect((await accounts.next()).value.rows).toMatchObject([{ owner: 'Ada' }, { owner: 'Cy' }])
  await accounts.return(undefined)
  expect(tagOf(await send('GET', '/account/1'))).toBe(first)
  const next = position.replace(/\d+$/, seq => String(Number(seq) + 1))
  expect([tagOf(await send('GET', '/account/2')), await app.http.live!.now()]).toEqual([`"${next}"`, next])
})

test('a constraint that would ignore a conflict, or delete the other row, refuses it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'restuary-conflicts-'))
  const file = join(directory, 'conflicts.db')
  makeFile(file, {
    name: 'conflicts',
    sql: `CREATE TABLE a(id INTEGER PRIMARY KEY, u TEXT UNIQUE ON CONFLICT REPLACE); INSERT INTO a VALUES (1, 'x'), (2, 'y');
      CREATE TABLE b(id INTEGER PRIMARY KEY, u TEXT, UNIQUE (u) ON CONFLICT IGNORE); INSERT INTO b VALUES (1, 'x'), (2, 'y');`,
  })
  const one = served(file)
  onTestFinished(async () => {
    await one.close()
    rmSync(directory, { recursive: true })
  })
  for (const list of ['/a', '/b']) {
    expect((await one.send('POST', list, { u: 'x' })).status).toBe(409)
    expect((await one.send('PATCH', `${list}/2`, { u: 'x' })).status).toBe(409)
    expect((await one.send('GET', list)).body).toEqual([
      { id: 1, u: 'x' },
      { id: 2, u: 'y' },
    ])
    expect((await one.send('POST', list, { u: 'z' })).status).toBe(201)
  }
})
