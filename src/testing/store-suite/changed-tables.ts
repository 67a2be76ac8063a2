// What start-up does to the tables of a model that has changed, on every database that has tables.
import { resource } from '../../model/declare/resource.ts'
import { link } from '../../model/link/link.ts'
import { FIRST, type Model, type Row, type Value } from '../../model/model.ts'
import { everything } from '../../query/predicate.ts'
import { t } from '../../schema/builder.ts'
import type { Fields } from '../../schema/types.ts'
import type { Snapshot, Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'

export type Rows = readonly Readonly<Record<string, Value>>[]

/** Fields of a thing, its rows, its fields after a change, and what start-up then reports and has. */
export type AdaptedCase = [
  title: string,
  before: Fields,
  rows: Rows,
  after: Fields,
  report: string[],
  things: Value[][],
]

/** A model of users and things with these fields. */
export function thingsWith(fields: Fields, unique: string[] = []): Model {
  const thing = resource({ id: t.id(), ...fields })
  return link({
    user: resource({ id: t.id() }),
    thing: unique.length > 0 ? thing.unique(...(unique as never[])) : thing,
  })
}

/** Opens a store with a model, adds things, and closes it. Returns what start-up reported, and all things. */
export async function openedThings(
  store: Store,
  model: Model,
  rows: Rows = [],
): Promise<{ report: string[]; things: Row[] }> {
  const report: string[] = []
  try {
    await store.open(model, {
      clock: () => 1_700_000_000_000,
      random: bytes => new Uint8Array(bytes),
      report: line => report.push(line),
    })
    const thing = model.resources.get('thing')!
    await store.write(function* (tx) {
      const changes = rows.map(values => {
        const after: Row = Array.from({ length: FIRST + thing.columns.length - 1 }, () => null)
        for (const field of thing.columns) after[field.slot] = values[field.name] ?? null
        const id = after[0] as number
        return { resource: thing, id, op: 'create' as const, before: null, after, changed: [], lists: [] }
      })
      yield* wait(tx.apply(changes, []))
    })
    const things = await store.read(function* (snapshot: Snapshot) {
      return yield* wait(snapshot.select(thing, { where: everything, sort: [], limit: null, offset: 0, cursor: null }))
    })
    return { report, things: things.map(row => row.filter((_, slot) => slot === 0 || slot >= FIRST)) }
  } finally {
    await store.close()
  }
}

/** What all of them do and say alike. */
export const adaptedAlike: readonly AdaptedCase[] = [
  ['nothing', { a: t.text() }, [{ id: 1, a: 'x' }], { a: t.text() }, [], [[1, 'x']]],
  [
    'a nullable field',
    { a: t.text() },
    [{ id: 1, a: 'x' }],
    { a: t.text(), b: t.integer().nullable() },
    ['thing.b: added'],
    [[1, 'x', null]],
  ],
  [
    'a relation',
    { a: t.text() },
    [{ id: 1, a: 'x' }],
    { a: t.text(), owner: t.one('user').nullable() },
    ['thing.owner: added', 'table thing: index restuary_thing_owner made'],
    [[1, 'x', null]],
  ],
  [
    'null is allowed now',
    { a: t.text() },
    [{ id: 1, a: 'x' }],
    { a: t.text().nullable() },
    ['thing.a: now nullable'],
    [[1, 'x']],
  ],
  [
    'null is not allowed any more, and there is none',
    { a: t.text().nullable() },
    [{ id: 1, a: 'x' }],
    { a: t.text() },
    ['thing.a: now required'],
    [[1, 'x']],
  ],
  ['a wider number', { a: t.integer() }, [{ id: 1, a: 7 }], { a: t.number() }, ['thing.a: now real'], [[1, 7]]],
  ['words instead of text', { a: t.text() }, [{ id: 1, a: 'x' }], { a: t.enum(['x', 'y']) }, [], [[1, 'x']]],
  [
    'another type, without values',
    { a: t.text().nullable() },
    [{ id: 1, a: null }],
    { a: t.integer().nullable() },
    ['thing.a: now integer'],
    [[1, null]],
  ],
  ['a field that held nothing goes', { a: t.text().nullable() }, [{ id: 1 }], {}, ['thing.a: dropped'], [[1]]],
  [
    'unique, as it happens to be',
    { a: t.text() },
    [
      { id: 1, a: 'x' },
      { id: 2, a: 'y' },
    ],
    { a: t.text().unique() },
    ['table thing: index restuary_thing_a_unique made'],
    [
      [1, 'x'],
      [2, 'y'],
    ],
  ],
  [
    'not unique any more',
    { a: t.text().unique() },
    [{ id: 1, a: 'x' }],
    { a: t.text() },
    ['table thing: index restuary_thing_a_unique dropped'],
    [[1, 'x']],
  ],
]
