import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { api, type Api } from '../src/api.ts'
import { adopt } from '../src/store/sql/tables/adopt.ts'
import { sqlite } from '../src/store/sqlite/index.ts'
import { introspect } from '../src/store/sqlite/schema/introspect.ts'

const directory = mkdtempSync(join(tmpdir(), 'restuary-legacy-'))
let app: Api<any>

beforeAll(() => {
  const file = join(directory, 'legacy.db')
  const db = new DatabaseSync(file)
  db.exec(readFileSync(new URL('fixtures/legacy.sql', import.meta.url), 'utf8'))
  db.exec(`
    INSERT INTO people (person_id, name, born, "Is Admin", prefs, photo, balance, created)
      VALUES (3, 'Cy', '31.1.1990', 'yes', '{bad', x'0102', 9007199254740993, NULL);
    INSERT INTO Message (sender_id, recipient_id, body, sender) VALUES (1, 2, 'hi', 'x');
    INSERT INTO friendship VALUES (1, 2);
    INSERT INTO message_like VALUES (1, 1);
    INSERT INTO passport VALUES ('P 1/2', 1, 'now');
    INSERT INTO photo VALUES (x'00ff', 'p');
    INSERT INTO shout (name) VALUES ('a');
    INSERT INTO search VALUES ('hello');
    INSERT INTO breakfast (dish, room, night) VALUES ('egg', 'a', '2024-01-01');
  `)
  db.close()
  app = api(adopt(introspect(file), { foreign: true }).resources, { store: sqlite(file), report: () => {} })
})
afterAll(async () => {
  await app.close()
  rmSync(directory, { recursive: true })
})

async function send(method: string, path: string, body?: unknown): Promise<[status: number, body: any]> {
  const content =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const response = await app.fetch(new Request(`http://localhost${path}`, { method, ...content }))
  const text = await response.text()
  return [response.status, text === '' ? null : JSON.parse(text)]
}

test.each([
  ['a composite key', '/stay?sort=-id&limit=1', [{ id: 'b~2024-01-01', room: 'b', night: '2024-01-01', guest: 2 }]],
  ['one row of it', '/stay/a~2024-01-02', { id: 'a~2024-01-02', room: 'a', night: '2024-01-02', guest: null }],
  ['its relations', '/stay?guest.name=Ann&fields=id', [{ id: 'a~2024-01-01' }]],
  ['a composite key from the other side', '/person/2/stays?fields=room', [{ room: 'b' }]],
  ['a foreign key to it', '/breakfast', [{ id: 1, room: 'a', night: '2024-01-01', dish: 'egg' }]],
  ['a view with a key', '/adult/2', { id: 2, name: 'Bob' }],
  ['a view without one', '/busy?sort=-nights&limit=1', [{ id: 'a~2', room: 'a', nights: 2, empty: null }]],
  ['one row of it', '/busy/a~2', { id: 'a~2', room: 'a', nights: 2, empty: null }],
  ['no key at all', '/log/2', { id: 2, at: '2024-01-01T10:00:00.000Z', line: 'b' }],
  ['a key of bytes', '/photo/00ff', { id: '00ff', title: 'p' }],
  ['a key of text that a path must escape', '/passport/P%201%2F2', { id: 'P 1/2', person: 1, issued: 'now' }],
  ['a virtual table', '/search', [{ id: 1, body: 'hello' }]],
  ['a computed column', '/shout/1', { id: 1, name: 'a', loud: 'A' }],
  ['a join table', '/person/1?include=friends&fields=friends.name', { friends: [{ name: 'Bob' }] }],
  ['the same from the other side', '/person/2/people?fields=name', [{ name: 'Ann' }]],
  ['one of two join tables', '/message?filter={"peopleByMessageLike":{"$some":{"name":"Ann"}}}&fields=id', [{ id: 1 }]],
  ['two foreign keys to one table', '/person/2/messagesByRecipient?fields=body', [{ body: 'hi' }]],
  [
    'values that their types do not allow',
    '/person/3',
    {
      id: 3,
      name: 'Cy',
      nick: null,
      born: '31.1.1990',
      isAdmin: 'yes',
      prefs: '{bad',
      photo: 'AQI=',
      balance: '9007199254740993',
      created: null,
      tag: 'new',
      shape: null,
      passport: null,
    },
  ],
])('%s is served: %s', async (_, path, expected) => {
  expect(await send('GET', path)).toEqual([200, expected])
})

test.each([
  ['POST', '/adult', { name: 'x' }],
  ['PATCH', '/log/1', { line: 'x' }],
])('%s %s is refused as the table is read-only', async (method, path, body) => {
  expect(await send(method, path, body)).toMatchObject([405, { error: 'method_not_allowed' }])
})

test('what the database computes is answered as it is stored, and a key of several columns can be written', async () => {
  expect(await send('PATCH', '/shout/1', { name: 'x' })).toEqual([200, { id: 1, name: 'x', loud: 'X' }])
  const stay = { room: 'c', night: '2024-02-01', guest: null }
  expect(await send('POST', '/stay', stay)).toMatchObject([201, { id: 'c~2024-02-01', ...stay }])
  expect(await send('PATCH', '/stay/c~2024-02-01', { guest: 1 })).toMatchObject([200, { guest: 1 }])
  expect((await send('PATCH', '/stay/c~2024-02-01', { room: 'd' }))[0]).toBe(400)
  expect((await send('DELETE', '/stay/c~2024-02-01', undefined))[0]).toBe(204)
})

test('defaults of the database are those of the API', async () => {
  expect(await send('POST', '/person', { name: 'Dan' })).toMatchObject([
    201,
    { id: 4, isAdmin: false, balance: 1.5, tag: 'new', created: expect.stringMatching(/^\d{4}-\d\d-\d\d /) },
  ])
})

test.each([
  ['a unique column', 'PATCH', '/person/2', { name: 'Ann' }, 'unique'],
  ['a row that is referred to', 'DELETE', '/person/2', undefined, 'restrict'],
  ['a key that points to no row', 'POST', '/profile', { id: 99 }, 'reference'],
  ['a foreign key that is no relation', 'POST', '/breakfast', { room: 'z', night: '2024-01-01' }, 'reference'],
])('%s: the database refuses with 409', async (_, method, path, body, code) => {
  expect(await send(method, path, body)).toMatchObject([409, { error: 'conflict', errors: [{ code }] }])
})

test('a key that points to another table is chosen by the client', async () => {
  expect(await send('POST', '/profile', { id: 2, bio: 'x' })).toEqual([201, { id: 2, bio: 'x' }])
})
