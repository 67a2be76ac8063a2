// What filters, pages, tags and live views of other programs' tables go by: the values that rows show.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { makeFile, served, walk, type ServedFile } from './served.ts'

const directory = mkdtempSync(join(tmpdir(), 'restuary-shown-'))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

function open(sql: string): ServedFile {
  const file = join(directory, `${files++}.db`)
  makeFile(file, { name: file, sql })
  const one = served(file)
  onTestFinished(one.close)
  return one
}

const ids = async (one: ServedFile, uri: string): Promise<unknown[]> =>
  (await walk(one, uri, 2, 50)).map(({ id }) => id)

test('text that looks like a number is compared as text in columns of dates', async () => {
  const one = open(`CREATE TABLE t(id INTEGER PRIMARY KEY, at DATETIME);
    INSERT INTO t(at) VALUES ('1996-07-04 00:00:00'), ('1997-01-01 00:00:00'), ('1998-05-06 00:00:00');
    CREATE TABLE k(at DATE PRIMARY KEY, n INTEGER); INSERT INTO k VALUES ('1996-07-04', 1), ('1997-01-01', 2);`)
  expect(await ids(one, '/t?at[startsWith]=1997')).toEqual([2])
  expect(await ids(one, '/t?at[startsWith]=1')).toEqual([1, 2, 3])
  expect(await ids(one, '/t?at[gte]=1998')).toEqual([3])
  expect(await ids(one, '/t?at[lt]=1998&sort=-at')).toEqual([2, 1])
  expect(await ids(one, '/k?id[startsWith]=1997')).toEqual(['1997-01-01'])
  expect(await ids(one, '/k?id[gt]=1997')).toEqual(['1997-01-01'])
})

test('text that is no UTF-8 is sorted and paged as it is shown', async () => {
  const one = open(`CREATE TABLE t(id INTEGER PRIMARY KEY, t TEXT);
    INSERT INTO t(t) VALUES (CAST(x'fffe' AS TEXT)), (CAST(x'ff41' AS TEXT)), (CAST(x'eda080' AS TEXT)), ('fine'), ('é');`)
  const rows = await walk(one, '/t?sort=t', 1, 5)
  const shown = rows.map(({ t }) => t as string)
  expect(shown).toEqual(shown.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  expect(rows).toHaveLength(5)
})

test('null in a JSON column is no value, however it is stored', async () => {
  const one = open(`CREATE TABLE t(id INTEGER PRIMARY KEY, j JSON);
    INSERT INTO t(j) VALUES ('{"a":1}'), ('null'), (NULL), ('{');`)
  expect(await ids(one, '/t?j[null]=true')).toEqual([2, 3])
  await one.send('PATCH', '/t/1', { j: null })
  expect(await ids(one, '/t?j[null]=true')).toEqual([1, 2, 3])
})

let price = 10

const shop = `CREATE TABLE item(id INTEGER PRIMARY KEY, price INTEGER); INSERT INTO item(price) VALUES (1), (2);
  CREATE VIEW total AS SELECT 1 AS id, sum(price) AS price FROM item;
  CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT); INSERT INTO note(text) VALUES ('old');
  CREATE TRIGGER noted AFTER UPDATE ON item BEGIN UPDATE note SET text = 'price ' || new.price; END;`

test('tags of a view and of a table that triggers write follow the data', async () => {
  const one = open(shop)
  for (const uri of ['/total/1', '/total', '/note/1', '/note']) {
    const before = await one.send('GET', uri)
    await one.send('PATCH', '/item/1', { price: ++price })
    const after = await one.send('GET', uri)
    expect(after.headers.get('etag'), uri).not.toBe(before.headers.get('etag'))
    expect(after.headers.get('last-modified'), uri).toBe(null)
  }
  const { headers } = await one.send('GET', '/note/1')
  const put = (): Promise<Response> =>
    one.app.fetch(
      new Request('http://localhost/note/1', {
        method: 'PATCH',
        body: '{"text":"mine"}',
        headers: { 'content-type': 'application/json', 'if-match': headers.get('etag')! },
      }),
    )
  expect((await put()).status).toBe(200)
  expect((await put()).status).toBe(412)
})

test('a view and a table that triggers write are live', async () => {
  const one = open(shop)
  const [totals, notes] = ['total', 'note'].map(
    name => one.app.live(name as never) as AsyncGenerator<{ rows: object[] }>,
  )
  await totals!.next()
  await notes!.next()
  await one.send('PATCH', '/item/1', { price: 5 })
  expect((await totals!.next()).value.rows).toEqual([{ id: 1, price: 7 }])
  expect((await notes!.next()).value.rows).toEqual([{ id: 1, text: 'price 5' }])
  await totals!.return(undefined)
  await notes!.return(undefined)
})

test('rows of a view that become equal later have ids of their own', async () => {
  const one = open(`CREATE TABLE person(id INTEGER PRIMARY KEY, city TEXT, age INTEGER);
    INSERT INTO person(city, age) VALUES ('Oslo', 30), ('Rome', NULL), ('Lima', 20);
    CREATE VIEW cities AS SELECT city FROM person; CREATE VIEW ages AS SELECT city, age FROM person;`)
  expect(await ids(one, '/city')).toEqual(['Lima', 'Oslo', 'Rome'])
  await one.send('POST', '/person', { city: 'Oslo', age: 30 })
  await one.send('POST', '/person', { city: 'Oslo', age: 10 })
  for (const list of ['/city', '/age']) {
    const found = await walk(one, list, 1, 5)
    expect(found.map(({ city }) => city)).toEqual(['Lima', 'Oslo', 'Oslo', 'Oslo', 'Rome'])
    for (const row of found) {
      expect((await one.send('GET', `${list}/${encodeURIComponent(String(row['id']))}`)).body).toEqual(row)
    }
  }
})

test('JSON with members that are named like a prototype is sent back as it was read, and pollutes nothing', async () => {
  const one = open(`CREATE TABLE t(id INTEGER PRIMARY KEY, j JSON, n INTEGER);
    INSERT INTO t(j) VALUES ('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}},"a":1}');`)
  const row = (await one.send('GET', '/t/1')).body as Record<string, unknown>
  const put = await one.send('PUT', '/t/1', { ...row, n: 2 })
  expect(put.status).toBe(200)
  const patched = await one.send('PATCH', '/t/1', { j: { a: 2 } })
  const wanted = `{"id":1,"j":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}},"a":2},"n":2}`
  expect(JSON.stringify(patched.body)).toBe(wanted)
  expect(JSON.stringify((await one.send('GET', '/t/1')).body)).toBe(wanted)
  expect('polluted' in {}).toBe(false)
  const field = await one.send('PATCH', '/t/1', JSON.parse('{"__proto__":{"n":3}}'))
  expect([field.status, field.body.issues ?? field.body.errors]).toMatchObject([400, [{ pointer: '#/__proto__' }]])
})
