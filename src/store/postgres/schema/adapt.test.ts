// Start-up adapts the tables to a changed model. It does what loses nothing, and refuses the rest all at once.
import { describe, expect, inject, test } from 'vitest'
import { runsWith } from '../../../../test/system-programs.ts'
import { resource } from '../../../model/declare/resource.ts'
import { link } from '../../../model/link/link.ts'
import { type Model, type Row } from '../../../model/model.ts'
import { t } from '../../../schema/builder.ts'
import {
  adaptedAlike,
  openedThings,
  thingsWith,
  type AdaptedCase,
  type Rows,
} from '../../../testing/store-suite/changed-tables.ts'
import type { Fields } from '../../../schema/types.ts'
import { hasPostgres, startPostgres } from '../../../testing/postgres/postgres-server.ts'
import { newSchema } from '../../../testing/postgres/postgres-store.ts'
import { PostgresConnection } from '../connection.ts'
import { postgres, type PostgresOptions } from '../index.ts'

/** Opens the schema with a model, adds things, and closes; returns what start-up reported, and all things. */
const opened = async (
  schema: string,
  model: Model,
  rows: Rows = [],
  options: PostgresOptions = {},
): ReturnType<typeof openedThings> =>
  openedThings(postgres(await startPostgres(inject('postgresFolder')), { readers: 1, schema, ...options }), model, rows)

/** Rows of a statement in the schema. */
async function asked(schema: string, sql: string): Promise<Row[]> {
  const connection = await PostgresConnection.open({ url: await startPostgres(inject('postgresFolder')), schema })
  try {
    return await connection.all({ name: undefined, sql, slots: null })
  } finally {
    await connection.close()
  }
}

const price = t.decimal({ digits: 6, places: 2 })

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('tables', () => {
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
      'required fields of all kinds with defaults',
      {},
      [{ id: 1 }],
      {
        made: t.now(),
        tags: t.list(t.text()).default(['x']),
        cost: price.default('1.50'),
        day: t.date().default('2026-01-31'),
        data: t.bytes().default('AQID'),
      },
      [
        'thing.made: added, rows have "2023-11-14T22:13:20.000Z"',
        'thing.tags: added, rows have ["x"]',
        'thing.cost: added, rows have "1.50"',
        'thing.day: added, rows have "2026-01-31"',
        'thing.data: added, rows have "AQID"',
      ],
      [[1, '2023-11-14T22:13:20.000Z', ['x'], '1.50', '2026-01-31', 'AQID']],
    ],
    ['a required field, without rows', { a: t.text() }, [], { a: t.text(), b: price }, ['thing.b: added'], []],
    [
      'a number instead of a relation',
      { owner: t.one('user').nullable() },
      [{ id: 1 }],
      { owner: t.integer().nullable() },
      ['table thing: index restuary_thing_owner dropped', 'thing.owner: refers to nothing now'],
      [[1, null]],
    ],
    [
      'null is not allowed any more, but there is a default',
      { a: t.text().nullable() },
      [{ id: 1, a: null }],
      { a: t.text().default('d') },
      ['thing.a: now required, rows without a value get "d"'],
      [[1, 'd']],
    ],
    ['numbers of truth', { a: t.bool() }, [{ id: 1, a: true }], { a: t.integer() }, ['thing.a: now integer'], [[1, 1]]],
    [
      'moments in words',
      { a: t.datetime(), b: t.date() },
      [{ id: 1, a: '2026-01-31T12:00:00.050Z', b: '2026-01-31' }],
      { a: t.text(), b: t.text() },
      ['thing.a: now text', 'thing.b: now text'],
      [[1, '2026-01-31T12:00:00.050Z', '2026-01-31']],
    ],
  ])('adapted: %s', async (_, before, rows, after, report, things) => {
    const schema = newSchema()
    await opened(schema, thingsWith(before), rows)
    expect(await opened(schema, thingsWith(after))).toEqual({ report, things })
    expect(await opened(schema, thingsWith(after))).toEqual({ report: [], things })
  })

  test('refused: all faults are reported at once with advice, and nothing is changed', async () => {
    const schema = newSchema()
    const before = thingsWith({ gone: t.text(), type: t.text(), need: t.text().nullable(), twice: t.integer() })
    const rows = [
      { id: 1, gone: 'x', type: 'x', need: null, twice: 1 },
      { id: 2, gone: 'x', type: 'x', need: 'y', twice: 1 },
    ]
    const { things } = await opened(schema, before, rows)
    const after = thingsWith({ type: t.integer(), need: t.text(), twice: t.integer().unique(), fresh: t.text() })
    const error: unknown = await opened(schema, after).catch((thrown: unknown) => thrown)
    expect((error as Error).message.split('\nThe whole plan:')[0]!.split('\n  ')).toEqual([
      'The database cannot follow the model until this is decided:',
      'thing.type cannot become integer in 2 rows, such as "x": say what becomes of their values, by --map thing.type:OLD=NEW or --otherwise thing.type=VALUE',
      'thing.need is required now, but 1 row is there without it: give it a default, leave it nullable, or say --set thing.need=VALUE',
      'thing.fresh is new and required, and 2 rows are there without it: give it a default, make it nullable, or say --set thing.fresh=VALUE',
      "thing.gone is not declared any more, but 2 rows hold a value: let it go by --drop thing.gone, or name the field that it is now, by .was('gone') there or by --rename thing.gone=NAME",
      'thing.twice must be unique now, but 2 rows share a value with another, such as 1: change them first',
    ])
    expect((await opened(schema, before)).things).toEqual(things)
  })

  test('data goes only where it was said', async () => {
    const schema = newSchema()
    await opened(schema, thingsWith({ a: t.text(), b: t.text() }), [{ id: 1, a: 'x', b: 'y' }])
    const { report, things } = await opened(schema, thingsWith({ a: t.text() }), [], { drop: ['thing.b'] })
    expect({ report, things }).toEqual({ report: ['thing.b: dropped'], things: [[1, 'x']] })
  })

  test('a changed table keeps references to it, also from itself', async () => {
    const schema = newSchema()
    const of = (fields: Fields): Model => thingsWith({ parent: t.one('thing').nullable(), ...fields })
    await opened(schema, of({ a: t.text() }), [
      { id: 1, a: 'x' },
      { id: 2, a: 'y', parent: 1 },
    ])
    expect((await opened(schema, of({ a: t.text().nullable() }))).things).toEqual([
      [1, null, 'x'],
      [2, 1, 'y'],
    ])
    const keys =
      "select confrelid::regclass::text from pg_constraint where contype = 'f' and conrelid = 'thing'::regclass"
    expect(await asked(schema, keys)).toEqual([['thing']])
  })

  test('a table of another program is not touched', async () => {
    const schema = newSchema()
    await opened(schema, link({ thing: resource({ id: t.id() }) }))
    await asked(schema, 'create table other (id bigint primary key, a text)')
    const model = link({ thing: resource({ id: t.id() }), other: resource({ id: t.id(), a: t.text() }) })
    await expect(opened(schema, model)).rejects.toThrow('other: was not made by Restuary')
  })

  test('a name that PostgreSQL would cut is refused', async () => {
    const model = thingsWith({ ['x'.repeat(64)]: t.text() })
    await expect(opened(newSchema(), model)).rejects.toThrow('a name of PostgreSQL has at most 63 bytes')
  })

  test('names with capitals and quotes are names like any others', async () => {
    const schema = newSchema()
    const model = (fields: Fields): Model => thingsWith({ a: t.text().column('The "A"'), ...fields })
    await opened(schema, model({}), [{ id: 1, a: 'x' }])
    const { things } = await opened(schema, model({ b: t.text().column('B').unique().nullable() }))
    expect(things).toEqual([[1, 'x', null]])
  })
})
