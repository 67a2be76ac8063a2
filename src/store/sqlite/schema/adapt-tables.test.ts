// Start-up adapts the tables to a changed model. It does what loses nothing, and refuses the rest all at once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { link } from '../../../model/link/link.ts'
import { type Model } from '../../../model/model.ts'
import { resource } from '../../../model/declare/resource.ts'
import { t } from '../../../schema/builder.ts'
import {
  adaptedAlike,
  openedThings,
  thingsWith,
  type AdaptedCase,
  type Rows,
} from '../../../testing/store-suite/changed-tables.ts'
import type { Fields } from '../../../schema/types.ts'
import { sqlite, type SqliteOptions } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'restuary-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = (): string => join(folder, `${files++}.db`)

/** Opens the file with a model, adds things, and closes; returns what start-up reported, and all things. */
const opened = (
  file: string,
  model: Model,
  rows: Rows = [],
  options: SqliteOptions = {},
): ReturnType<typeof openedThings> => openedThings(sqlite(file, options), model, rows)

test.each<AdaptedCase>([
  ...adaptedAlike,
  [
    'a required field with a default, before others',
    { a: t.text() },
    [{ id: 1, a: 'x' }],
    { b: t.bool().default(true), a: t.text() },
    ['thing.b: added, rows have true'],
    [[1, true, 'x']],
  ],
  [
    'the moment of creation',
    {},
    [{ id: 1 }],
    { made: t.now() },
    ['thing.made: added, rows have "2023-11-14T22:13:20.000Z"'],
    [[1, '2023-11-14T22:13:20.000Z']],
  ],
  [
    'a required field, without rows',
    { a: t.text() },
    [],
    { a: t.text(), b: t.decimal({ digits: 6, places: 2 }) },
    ['thing.b: added'],
    [],
  ],
  [
    'null is not allowed any more, but there is a default',
    { a: t.text().nullable() },
    [{ id: 1, a: null }],
    { a: t.text().default('d') },
    ['thing.a: now required, rows without a value get "d"'],
    [[1, 'd']],
  ],
])('done: %s', async (_, before, rows, after, report, things) => {
  const file = newFile()
  await opened(file, thingsWith(before), rows)
  expect(await opened(file, thingsWith(after))).toEqual({ report, things })
  expect((await opened(file, thingsWith(after))).report).toEqual([])
})

test('refused: all faults are reported at once with advice, and nothing is changed', async () => {
  const file = newFile()
  const before = thingsWith({
    gone: t.text(),
    type: t.text(),
    need: t.text().nullable(),
    twice: t.integer(),
    price: t.decimal({ digits: 6, places: 2 }),
  })
  const rows = [
    { id: 1, gone: 'x', type: 'x', need: null, twice: 1, price: '1.00' },
    { id: 2, gone: 'x', type: 'x', need: 'y', twice: 1, price: '2.00' },
  ]
  const { things } = await opened(file, before, rows)
  const after = thingsWith({
    extra: t.text().nullable(),
    type: t.integer(),
    need: t.text(),
    twice: t.integer().unique(),
    price: t.decimal({ digits: 6, places: 3 }),
    fresh: t.text(),
    mine: t.text().default(ctx => String(ctx.me!.id)),
  })
  const error: unknown = await opened(file, after).catch((thrown: unknown) => thrown)
  const [decide, plan, commands] = (error as Error).message.split(/\n(?! )/)
  expect(decide!.split('\n  ')).toEqual([
    'The database cannot follow the model until this is decided:',
    'thing.type cannot become integer in 2 rows, such as "x": say what becomes of their values, by --map thing.type:OLD=NEW or --otherwise thing.type=VALUE',
    'thing.need is required now, but 1 row is there without it: give it a default, leave it nullable, or say --set thing.need=VALUE',
    'thing.price changes from decimal.2 to decimal.3, and 2 rows hold a value that has to be converted',
    'thing.fresh is new and required, and 2 rows are there without it: give it a default, make it nullable, or say --set thing.fresh=VALUE',
    'thing.mine is new and required, and 2 rows are there without it: give it a default, make it nullable, or say --set thing.mine=VALUE',
    `thing.gone is not declared any more, but 2 rows hold a value: let it go by --drop thing.gone, or name the field that it is now, by .was('gone') there or by --rename thing.gone=NAME`,
    'thing.twice must be unique now, but 2 rows share a value with another, such as 1: change them first',
  ])
  expect(plan!.split('\n  ')).toEqual([
    'The whole plan:',
    'thing.extra: added',
    'thing.type: now integer',
    'thing.need: now required',
    'thing.price: now decimal.3',
    'thing.fresh: added',
    'thing.mine: added',
    'thing.gone: dropped with the values of 2 rows, which are kept for the way back',
    'table thing: index restuary_thing_twice_unique made',
  ])
  expect(commands).toMatch(/restuary migrate plan \S+\n  restuary migrate apply \S+$/)
  expect((await opened(file, before)).things).toEqual(things)
})

test('data goes only where it was said', async () => {
  const file = newFile()
  await opened(file, thingsWith({ a: t.text(), b: t.text() }), [{ id: 1, a: 'x', b: 'y' }])
  const { report, things } = await opened(file, thingsWith({ a: t.text() }), [], { drop: ['thing.b'] })
  expect(report).toEqual(['thing.b: dropped'])
  expect(things).toEqual([[1, 'x']])
})

test('a rebuilt table keeps references to it, also from itself', async () => {
  const file = newFile()
  const of = (fields: Fields): Model => thingsWith({ parent: t.one('thing').nullable(), ...fields })
  await opened(file, of({ a: t.text() }), [
    { id: 1, a: 'x' },
    { id: 2, a: 'y', parent: 1 },
  ])
  const { things } = await opened(file, of({ a: t.text().nullable() }))
  expect(things).toEqual([
    [1, null, 'x'],
    [2, 1, 'y'],
  ])
  const db = new DatabaseSync(file)
  expect(db.prepare('PRAGMA foreign_key_list(thing)').get()).toMatchObject({ table: 'thing', to: 'id' })
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  db.close()
})

test('a table of another program is not touched', async () => {
  const file = newFile()
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE thing(id INTEGER PRIMARY KEY, a TEXT)')
  db.close()
  await expect(opened(file, thingsWith({ a: t.text() }))).rejects.toThrow('thing: was not made by Restuary')
})

test('a field that was renamed keeps its data by the name of its column, and a fault proposes that', async () => {
  const file = newFile()
  await opened(file, thingsWith({ title: t.text().nullable() }), [{ id: 1, title: 'x' }])
  await expect(opened(file, thingsWith({ name: t.text().nullable() }))).rejects.toThrow(
    `thing.title is not declared any more, but 1 row holds a value: let it go by --drop thing.title, or name the field that it is now, by .was('title')`,
  )
  expect((await opened(file, thingsWith({ name: t.text().nullable().column('title') }))).things).toEqual([[1, 'x']])
})

test('a field that says what it was called keeps its data', async () => {
  const file = newFile()
  await opened(file, thingsWith({ title: t.text(), a: t.text() }), [{ id: 1, title: 'x', a: 'y' }])
  const renamed = thingsWith({ a: t.text(), name: t.text().was('title').index() })
  expect(await opened(file, renamed)).toEqual({
    report: ['thing.title: renamed to name; its values stay', 'table thing: index restuary_thing_name made'],
    things: [[1, 'y', 'x']],
  })
  expect((await opened(file, renamed)).report).toEqual([])
})

test('a resource that says what it was called keeps its rows, links and references', async () => {
  const file = newFile()
  const before = link({
    task: resource({ id: t.id(), a: t.text(), parent: t.one('task').nullable(), tags: t.many('user') }),
    thing: resource({ id: t.id(), task: t.one('task').nullable() }),
    user: resource({ id: t.id() }),
  })
  const after = link({
    item: resource({
      id: t.id(),
      a: t.text(),
      parent: t.one('item').nullable(),
      labels: t.many('user').was('tags'),
    }).was('task'),
    thing: resource({ id: t.id(), task: t.one('item').nullable() }),
    user: resource({ id: t.id() }),
  })
  await opened(file, before)
  const db = new DatabaseSync(file)
  db.exec(`INSERT INTO task(id, _seq, _at, a, parent) VALUES (1, 1, 1, 'x', NULL), (2, 1, 1, 'y', 1);
    INSERT INTO user(id, _seq, _at) VALUES (7, 1, 1);
    INSERT INTO thing(id, _seq, _at, task) VALUES (3, 1, 1, 2);
    INSERT INTO task_tags(task_id, user_id) VALUES (2, 7)`)
  const { report, things } = await opened(file, after)
  expect(report.filter(line => line.includes('renamed'))).toEqual([
    'table task: renamed to item; its rows, links and log stay',
    'table task_tags: renamed to item_labels; its rows, links and log stay',
    'item_labels.task_id: renamed to item_id; its values stay',
  ])
  expect(things).toEqual([[3, 2]])
  expect(db.prepare('SELECT id, a, parent FROM item').all()).toEqual([
    { id: 1, a: 'x', parent: null },
    { id: 2, a: 'y', parent: 1 },
  ])
  expect(db.prepare('SELECT item_id, user_id FROM item_labels').all()).toEqual([{ item_id: 2, user_id: 7 }])
  expect(db.prepare('PRAGMA foreign_key_list(thing)').get()).toMatchObject({ table: 'item', to: 'id' })
  db.close()
  expect((await opened(file, after)).report).toEqual([])
})

test('values that a field no longer takes are told at start, with their number', async () => {
  const file = newFile()
  const before = {
    kind: t.enum(['a', 'b', 'c']).nullable(),
    text: t.text({ max: 10 }).nullable(),
    n: t.integer().nullable(),
  }
  await opened(file, thingsWith(before), [
    { id: 1, kind: 'a', text: 'short', n: 1 },
    { id: 2, kind: 'c', text: 'rather lon', n: 100 },
    { id: 3, kind: 'c', text: 'long', n: null },
  ])
  const after = {
    kind: t.enum(['a', 'b']).nullable(),
    text: t.text({ max: 5 }).nullable(),
    n: t.integer({ max: 50 }).nullable(),
  }
  const lines = [
    'thing.kind: 2 rows hold values that it no longer takes, such as "c"; change them, or allow these values again',
    'thing.text: 1 row holds a value that it no longer takes, such as "rather lon"; change them, or allow these values again',
    'thing.n: 1 row holds a value that it no longer takes, such as 100; change them, or allow these values again',
  ]
  expect((await opened(file, thingsWith(after))).report).toEqual(lines)
  // It is told once, when the declaration changes.
  expect((await opened(file, thingsWith(after))).report).toEqual([])
  expect((await opened(file, thingsWith(before))).report).toEqual([])
})

test('a join table of another program is left as it is, whatever else it has', async () => {
  const file = newFile()
  const db = new DatabaseSync(file)
  db.exec('CREATE TABLE pairs(a INTEGER, b INTEGER, note TEXT); INSERT INTO pairs VALUES (1, 1, NULL)')
  const through = { table: 'pairs', from: 'a', to: 'b' }
  const model = (fields: Fields): Model => thingsWith({ friends: t.many('user', { through }), ...fields })
  await opened(file, model({}))
  db.exec(`UPDATE pairs SET note = 'kept'`)
  expect((await opened(file, model({ a: t.text().nullable() }))).report).toEqual(['thing.a: added'])
  expect((await opened(file, model({ a: t.text().nullable() }))).report).toEqual([])
  expect(db.prepare('SELECT * FROM pairs').all()).toEqual([{ a: 1, b: 1, note: 'kept' }])
  db.close()
})
