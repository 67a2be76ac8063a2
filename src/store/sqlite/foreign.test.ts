// Tables of other programs: they are never altered, and their versions are next to them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { link } from '../../model/link/link.ts'
import type { Id, Model, OneField, Resource, Row, Value } from '../../model/model.ts'
import { everything } from '../../query/predicate.ts'
import { adopt } from '../sql/tables/adopt.ts'
import type { RowChange, Snapshot, Store } from '../store.ts'
import { wait } from '../work.ts'
import { sqlite, type SqliteOptions } from './index.ts'
import { introspect } from './schema/introspect.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const legacy = readFileSync(new URL('../../../test/fixtures/legacy.sql', import.meta.url), 'utf8')
  // Ours would be taken for ours.
  .replace(/CREATE TABLE _restuary_meta.*\n/, '')

interface World {
  readonly store: Store
  readonly file: string
  readonly of: (name: string) => Resource
}

function opened(sql: string, options: SqliteOptions = {}): World {
  const file = join(folder, `${files++}.db`)
  outside(file, sql)
  const model: Model = link(adopt(introspect(file), { foreign: true }).resources)
  const store = sqlite(file, options)
  void store.open(model, {
    clock: () => 1000,
    random: bytes => crypto.getRandomValues(new Uint8Array(bytes)),
    report: () => {},
  })
  onTestFinished(() => store.close())
  return { store, file, of: name => model.resources.get(name)! }
}

function outside(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

const ask = async <T>(store: Store, question: (snapshot: Snapshot) => T): Promise<Awaited<T>> =>
  store.read(function* (snapshot) {
    return (yield* wait(question(snapshot))) as Awaited<T>
  })

const all = async (store: Store, of: Resource): Promise<Row[]> =>
  ask(store, s => s.select(of, { where: everything, sort: [], limit: null, offset: 0, cursor: null }) as Row[])
const get = async (store: Store, of: Resource, id: Id): Promise<Row | undefined> =>
  ask(store, s => s.get(of, id) as Row | undefined)

const named = (of: Resource, row: Row): Record<string, Value> =>
  Object.fromEntries(of.columns.map(field => [field.name, row[field.slot]!]))

function changeOf(of: Resource, before: Row, values: Readonly<Record<string, Value>>): RowChange {
  const after = before.slice()
  const changed = Object.entries(values).map(([name, value]) => {
    const { slot } = of.columns.find(field => field.name === name)!
    after[slot] = value
    return slot
  })
  return { resource: of, id: before[0] as Id, op: 'patch', before, after, changed, lists: [] }
}

const apply = (store: Store, change: RowChange): Promise<void> =>
  store.write(function* (tx) {
    yield* wait(tx.apply([change], []))
  })

test('every table and view is read', async () => {
  const { store, of } = opened(legacy)
  const people = of('person')
  expect((await all(store, people)).map(row => named(people, row))).toMatchObject([
    { id: 1, name: 'Ann', nick: '7', born: '1990-01-31', isAdmin: false, balance: 1.5, shape: 1 },
    { id: 2, name: 'Bob', nick: 'bo', born: null, balance: 1.5, shape: 2.5 },
  ])
  const counts: Record<string, number> = {}
  for (const name of ['adult', 'busy', 'log', 'search', 'stay', 'message', 'tracks', 'shout', 'photo', 'profile']) {
    counts[name] = (await all(store, of(name))).length
  }
  expect(counts).toMatchObject({ adult: 2, busy: 2, log: 2, search: 0, stay: 3, message: 0 })
  expect((await all(store, people))[0]!.slice(1, 3)).toEqual([1, 1000])
})

test('several columns make one id', async () => {
  const { store, of } = opened(legacy)
  const stay = of('stay')
  const ids = (await all(store, stay)).map(row => row[0]!)
  expect(ids).toEqual(['a~2024-01-01', 'a~2024-01-02', 'b~2024-01-01'])
  expect(named(stay, (await get(store, stay, 'a~2024-01-01'))!)).toMatchObject({ room: 'a', guest: 1 })
  expect(await get(store, stay, 'a')).toBeUndefined()
  expect(await get(store, stay, 'a~2024-01-01~')).toBeUndefined()
  expect((await ask(store, s => s.many(stay, ['b~2024-01-01', 'x']) as Row[])).map(row => row[0])).toEqual([
    'b~2024-01-01',
  ])
  const guest = stay.field.get('guest') as OneField
  expect(await ask(store, s => s.children(guest, [1, 2], 1))).toEqual([
    [1, 'a~2024-01-01'],
    [2, 'b~2024-01-01'],
  ])
})

test('values that do not fit their type are shown, not a fault', async () => {
  const { store, of } = opened(`
    CREATE TABLE odd(id INTEGER PRIMARY KEY, n INTEGER, r NUMERIC, b BOOLEAN, j JSON, t TEXT, x BLOB);
    INSERT INTO odd VALUES
      (1, 9007199254740993, 1e999, 'maybe', '{', x'ff', 'text'),
      (9007199254740993, 'x', 12.5, 1, '{"a":1}', 't', x'0001'),
      (3, 1.5, 9007199254740993, 0, 5, 7, NULL)`)
  const odd = of('odd')
  expect((await all(store, odd)).map(row => named(odd, row))).toEqual([
    { id: 1, n: '9007199254740993', r: 'Infinity', b: 'maybe', j: '{', t: '/w==', x: 'text' },
    { id: 3, n: 1.5, r: '9007199254740993', b: false, j: 5, t: '7', x: null },
    { id: '9007199254740993', n: 'x', r: 12.5, b: true, j: { a: 1 }, t: 't', x: 'AAE=' },
  ])
  expect((await get(store, odd, '9007199254740993'))![0]).toBe('9007199254740993')
})

test('ids that JavaScript cannot hold are text, in relations as well', async () => {
  const big = '9007199254740993'
  const { store, of } = opened(`
    CREATE TABLE box(id INTEGER PRIMARY KEY);
    CREATE TABLE thing(id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES box);
    INSERT INTO box VALUES (1), (${big});
    INSERT INTO thing VALUES (2, ${big}), (${big}, 1)`)
  const via = of('thing').field.get('box') as OneField
  const parents = [1, big]
  const pairs = [
    [1, big],
    [big, 2],
  ]
  expect(await ask(store, s => s.children(via, parents, null))).toEqual(pairs)
  expect(await ask(store, s => s.children(via, parents, 5))).toEqual(pairs)
  expect(await ask(store, s => s.children(via, [big], 5))).toEqual([[big, 2]])
  expect(await ask(store, s => s.childCounts(via, parents))).toEqual([
    [1, 1],
    [big, 1],
  ])
  expect((await ask(store, s => s.childRows(via, parents, 5) as Row[])).map(row => row[0])).toEqual([big, 2])
})

test('a write changes only the named columns, and the version next to the table', async () => {
  const { store, file, of } = opened(legacy)
  const people = of('person')
  const before = (await get(store, people, 2))!
  await apply(store, changeOf(people, before, { isAdmin: true, prefs: { a: [1] } }))
  const after = (await get(store, people, 2))!
  expect(after.slice(1, 3)).toEqual([2, 1000])
  expect(named(people, after)).toEqual({ ...named(people, before), isAdmin: true, prefs: { a: [1] } })
  expect((await get(store, people, 1))![1]).toBe(1)
  expect((await store.commits(1, 10))!.map(commit => commit.position)).toEqual([2])
  expect(await store.commits(0, 10)).toBeNull()
  const db = new DatabaseSync(file, { readOnly: true })
  expect(db.prepare('SELECT "Is Admin", prefs, nick FROM people WHERE person_id = 2').get()).toEqual({
    'Is Admin': 1,
    prefs: '{"a":[1]}',
    nick: 'bo',
  })
  db.close()
})

test('constraints of the file are conflicts, whenever they are checked', async () => {
  const { store, of } = opened(legacy)
  const [people, passport] = [of('person'), of('passport')]
  const ann = (await get(store, people, 1))!
  await expect(apply(store, changeOf(people, ann, { name: 'Bob' }))).rejects.toMatchObject({
    code: 'conflict',
    issues: [{ code: 'unique', pointer: '#/name' }],
  })
  const after: Row = Array.from({ length: 3 + passport.columns.length - 1 }, () => null)
  for (const field of passport.columns) after[field.slot] = field.name === 'person' ? 77 : 'P'
  await expect(
    apply(store, { resource: passport, id: 'P', op: 'create', before: null, after, changed: [], lists: [] }),
  ).rejects.toMatchObject({ code: 'conflict', issues: [{ code: 'reference' }] })
  expect(await all(store, passport)).toEqual([])
})

test('a file opened for reading is not changed, and a change of it begins a term', async () => {
  const { store, file, of } = opened(legacy, { readOnly: true })
  const before = new DatabaseSync(file, { readOnly: true }).prepare('SELECT count(*) AS n FROM sqlite_schema').get()
  const people = of('person')
  expect(await all(store, people)).toHaveLength(2)
  expect(await ask(store, s => s.position)).toBe(1)
  await expect(store.write(function* () {})).rejects.toMatchObject({ code: 'forbidden' })
  const { epoch } = store.terms
  const heard = new Promise<void>(resolve => store.onCommit(resolve))
  await new Promise(setImmediate)
  outside(file, `INSERT INTO people(name) VALUES ('Cy')`)
  await heard
  expect(store.terms.epoch).not.toBe(epoch)
  expect(await all(store, people)).toHaveLength(3)
  expect(new DatabaseSync(file, { readOnly: true }).prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toEqual(
    before,
  )
})

test('a row with a key of several columns has one id', async () => {
  const { store, of } = opened(
    `CREATE TABLE part(a INTEGER, b TEXT, PRIMARY KEY (a, b)); INSERT INTO part VALUES (10, 'A')`,
  )
  expect(await get(store, of('part'), '10~A')).toBeDefined()
  for (const other of ['010~A', '10.0~A', ' 10~A', '10~%41'])
    expect(await get(store, of('part'), other)).toBeUndefined()
})
