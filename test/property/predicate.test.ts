// SQLite and PostgreSQL answer the same as the reference evaluation in memory: any predicate, sort, cursor, limit and offset.
// QUERIES=3400 asks 10,200 questions.
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Field, Id, Resource, Row, Value } from '../../src/model/model.ts'
import { everything, type Predicate, type SortKey } from '../../src/query/predicate.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import { memory } from '../../src/store/memory.ts'
import type { Select, Snapshot, Store } from '../../src/store/store.ts'
import { wait, type Maybe } from '../../src/store/work.ts'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { postgresStore } from '../../src/testing/postgres/postgres-store.ts'
import {
  created,
  testEnvironment,
  friendship,
  member,
  model,
  passport,
  team,
  todo,
  user,
} from '../../src/testing/store-suite/world.ts'
import { runsWith } from '../system-programs.ts'

/** Few values, so that they meet; with characters whose order differs by code unit, folding, prefix traps, wide numbers. */
const samples = {
  id: [1, 2, 3, 7, 40],
  text: [
    '',
    'a',
    'A',
    'ab',
    'É',
    'e\u0301',
    'ß',
    '\uff01',
    '😀',
    '😀b',
    '%',
    '_',
    "'",
    'a%b',
    '\ud7ff',
    'ab\u{10ffff}',
  ],
  integer: [-9007199254740991, -1, 0, 1, 2, 9007199254740991],
  number: [-1.5, 0, 0.1, 1, 1e21, 5e-324],
  decimal: ['-999999.99', '-0.01', '0.00', '0.10', '2.00', '10.00'],
  bool: [true, false],
  date: ['0001-01-01', '2026-01-01', '2026-11-22'],
  datetime: [
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.500Z',
    '2026-01-01T00:00:00.050Z',
    '2026-01-01T00:00:01.000Z',
  ],
  enum: ['guest', 'member'],
  json: [1, '1', true, 'x'],
  bytes: ['', 'AA==', '/w=='],
  list: [[], ['a'], ['a', 'b'], ['a', 'a']],
} as const satisfies Readonly<Record<string, readonly Value[]>>
const texts: readonly Value[] = [...samples.text, 'guest', 'mem']
const ids: Record<string, readonly Id[]> = {
  user: [1, 2, 3, 4, 5, 6, 7, 8],
  todo: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  passport: ['p', 'q', 'é', '😀'],
  team: ['0190a7c0-0000-7000-8000-000000000001', '0190a7c0-0000-7000-8000-000000000002'],
}

const valuesOf = (field: Field): readonly Value[] => {
  if (field.target !== null) return ids[(field.target as Resource).name]!
  if (field.type?.key) return ids[field.owner.name]!
  return samples[field.type!.name as keyof typeof samples]
}

const scalars = (of: Resource): Field[] => of.fields.filter(field => field.is === 'scalar' || field.is === 'one')
const isSet = (field: Field): boolean => field.type?.name === 'json' || field.type?.name === 'list'
const isText = (field: Field): boolean => field.type?.name === 'text' || field.type?.name === 'enum'

function predicates(of: Resource, depth: number): fc.Arbitrary<Predicate> {
  const leaf: fc.Arbitrary<Predicate>[] = [
    fc.boolean().map(value => ({ kind: 'constant', value })),
    fc.constantFrom(...scalars(of).filter(field => !isSet(field))).chain(comparisons),
    fc.constantFrom(...scalars(of)).chain(memberships),
    fc.record({ kind: fc.constant('null'), field: fc.constantFrom(...scalars(of).map(f => f.name)), is: fc.boolean() }),
  ]
  const worded = scalars(of).filter(isText)
  if (worded.length > 0) leaf.push(fc.constantFrom(...worded).chain(wordings))
  if (of === user) leaf.push(listings())
  if (depth === 0) return fc.oneof(...leaf)
  const inner = predicates(of, depth - 1)
  const relations = of.fields.filter(field => field.is === 'one' || field.is === 'back' || field.is === 'many')
  return fc.oneof(
    ...leaf,
    fc.record({ kind: fc.constantFrom('and', 'or'), of: fc.array(inner, { maxLength: 3 }) }),
    inner.map((of): Predicate => ({ kind: 'not', of })),
    fc.constantFrom(...relations).chain(field => related(field, depth)),
    fc
      .tuple(fc.constantFrom(...relations), fc.nat(3))
      .map(([field, value]): Predicate => (field.toMany ? { kind: 'size', field: field.name, value } : everything)),
  )
}

function comparisons(field: Field): fc.Arbitrary<Predicate> {
  const ordered = field.type?.name !== 'bytes'
  return fc.record({
    kind: fc.constant('compare'),
    op: fc.constantFrom('eq', 'ne', ...(ordered ? (['gt', 'gte', 'lt', 'lte'] as const) : [])),
    field: fc.constant(field.name),
    value: fc.constantFrom(null, ...valuesOf(field)),
  })
}

function memberships(field: Field): fc.Arbitrary<Predicate> {
  const values = isSet(field) ? [null] : [null, ...valuesOf(field)]
  return fc.record({
    kind: fc.constant('in'),
    field: fc.constant(field.name),
    values: fc.array(fc.constantFrom(...values), { maxLength: 12 }),
    negated: fc.boolean(),
  })
}

function wordings(field: Field): fc.Arbitrary<Predicate> {
  return fc.record({
    kind: fc.constant('text'),
    op: fc.constantFrom('eq', 'contains', 'startsWith', 'endsWith'),
    field: fc.constant(field.name),
    value: fc.constantFrom(...(texts as string[])),
    fold: fc.boolean(),
  })
}

function listings(): fc.Arbitrary<Predicate> {
  return fc.oneof(
    fc.record({
      kind: fc.constant('has'),
      field: fc.constant('tags'),
      mode: fc.constantFrom('any', 'all'),
      values: fc.array(fc.constantFrom('a', 'b', 'c', 1, true, null), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('size'), field: fc.constant('tags'), value: fc.nat(3) }),
  )
}

function related(field: Field, depth: number): fc.Arbitrary<Predicate> {
  const of = predicates(field.target as Resource, depth - 1)
  if (!field.toMany) return of.map(of => ({ kind: 'one', field: field.name, of }))
  return fc.record({
    kind: fc.constant('many'),
    field: fc.constant(field.name),
    quantifier: fc.constantFrom('some', 'every', 'none'),
    of,
  })
}

function sorts(of: Resource): fc.Arbitrary<SortKey[]> {
  const sortable = scalars(of).filter(field => !isSet(field) && field.type?.name !== 'bytes')
  const paths = sortable.map(field => [field.name])
  for (const one of of.fields) {
    if (one.is !== 'one') continue
    for (const name of ['email', 'rank', 'boss']) paths.push([one.name, name])
    paths.push([one.name, 'boss', 'name'])
  }
  return fc.uniqueArray(fc.record({ path: fc.constantFrom(...paths), descending: fc.boolean() }), {
    maxLength: 3,
    selector: key => key.path.join('.'),
  })
}

const selects = (of: Resource): fc.Arbitrary<Select & { readonly from: number | null; readonly before: boolean }> =>
  fc.record({
    where: predicates(of, 2),
    sort: sorts(of),
    limit: fc.constantFrom(null, 0, 1, 2, 3, 25),
    offset: fc.constantFrom(0, 0, 1, 3),
    cursor: fc.constant(null),
    /** Row of the result after or before which a page begins. */
    from: fc.option(fc.nat(9)),
    before: fc.boolean(),
  })

/** The values of a row's sort keys, as the engine puts them into a cursor. */
function keysOf(snapshot: Snapshot, of: Resource, row: Row, sort: readonly SortKey[]): Value[] {
  const keys = sort.some(key => key.path[0] === 'id') ? sort : [...sort, { path: ['id'] }]
  return keys.map(({ path }) => {
    let at = of
    let here: Row | undefined = row
    for (const name of path.slice(0, -1)) {
      const field = at.field.get(name)!
      if (field.is !== 'one') throw new Error(name)
      const id: Value = here === undefined ? null : here[field.slot]!
      at = field.target
      here = id === null ? undefined : (snapshot.get(at, id as Id) as Row | undefined)
    }
    const last = at.columns.find(field => field.name === path.at(-1))!
    return here?.[last.slot] ?? null
  })
}

const reference = memory()
/** The stores that are compared with it. */
const tested: [name: string, store: Store][] = [['SQLite', sqlite(':memory:')]]
const QUERIES = Number(process.env['QUERIES'] ?? 300)

const values = (of: Resource): fc.Arbitrary<Record<string, Value>> =>
  fc.record(
    Object.fromEntries(
      of.columns.map(field => {
        const any = fc.constantFrom(...valuesOf(field))
        return [field.name, field.nullable && field.name !== 'email' ? fc.oneof(fc.constant(null), any) : any]
      }),
    ),
  )

/** The same rows every time: a fault that shows is one of the query. */
async function fill(store: Store): Promise<void> {
  const rows = fc.sample(fc.tuple(...ids['user']!.map(() => values(user))), { numRuns: 1, seed: 7 })[0]!
  const todos = fc.sample(fc.tuple(...ids['todo']!.map(() => values(todo))), { numRuns: 1, seed: 8 })[0]!
  await store.write(function* (tx) {
    const people = rows.map((row, i) => created(user, { ...row, id: ids['user']![i]!, email: String(samples.text[i]) }))
    const things = todos.map((row, i) => created(todo, { ...row, id: i + 1, text: `${row['text'] as string}${i}` }))
    const papers = ids['passport']!.map((id, i) => created(passport, { id, owner: i === 3 ? null : i + 1 }))
    const groups = ids['team']!.map((id, i) => created(team, { id, title: String(samples.text[i + 2]) }))
    const [red, blue] = ids['team']!
    yield* wait(
      tx.apply(
        [...people, ...things, ...papers, ...groups],
        [
          ...friendship('add', 1, 2),
          ...friendship('add', 2, 5),
          member('add', red!, 1),
          member('add', red!, 2),
          member('add', blue!, 2),
          member('add', blue!, 6),
        ],
      ),
    )
  })
}

beforeAll(async () => {
  if (runsWith('PostgreSQL', hasPostgres(), 'postgresql')) tested.push(['PostgreSQL', await postgresStore()])
  for (const store of [reference, ...tested.map(([, one]) => one)]) {
    await store.open(model, testEnvironment({ now: 1_700_000_000_000 }))
    await fill(store)
  }
})
afterAll(async () => {
  for (const store of [reference, ...tested.map(([, one]) => one)]) await store.close()
})

/** The answer of a store to a question. */
const ask = async <T>(store: Store, question: (snapshot: Snapshot) => Maybe<T>): Promise<T> =>
  store.read(function* (snapshot) {
    return yield* wait(question(snapshot))
  })

const list =
  (of: Resource, select: Select) =>
  (snapshot: Snapshot): Maybe<Row[]> =>
    snapshot.select(of, select)

describe.each([user, todo, passport])('$name', of => {
  test('selects and counts the same rows in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(selects(of), async ({ from, before, ...select }) => {
        const all = list(of, { ...select, limit: null, offset: 0 })
        const whole = await ask(reference, all)
        const start = from === null ? undefined : whole[from]
        const keys = start && (await ask(reference, snapshot => keysOf(snapshot, of, start, select.sort)))
        const cursor = keys ? { before, keys } : null
        const page = list(of, { ...select, offset: cursor ? 0 : select.offset, cursor })
        const expected = await ask(reference, page)
        for (const [name, store] of tested) {
          expect([name, ...(await ask(store, all)).map(row => row[0])]).toEqual([name, ...whole.map(row => row[0])])
          expect([name, await ask(store, snapshot => snapshot.count(of, select.where))]).toEqual([name, whole.length])
          expect([name, await ask(store, page)]).toEqual([name, expected])
        }
      }),
      { numRuns: QUERIES },
    )
  })
})
