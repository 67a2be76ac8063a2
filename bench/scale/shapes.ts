// What live-scale.ts measures: for each shape who follows what, and which writes are made.
import type { Api } from '../../src/index.ts'
import type { CallOptions } from '../../src/engine/call/app-call.ts'
import type { Bounds } from './table.ts'
import { fill, textOf, worldOf, type Reading } from './world.ts'

/** A write whose price is asked. */
export interface Case extends Bounds {
  readonly name: string
  /** The m-th time. */
  readonly write: (m: number) => Promise<unknown>
  /** How many events all subscribers together get from one write, if so many subscribe. */
  readonly told: (subscribers: number) => number
  /** What the price is divided by: a write, or each event. */
  readonly per: 'write' | 'event'
  /** For how many milliseconds the loop may be held; absent = it is not asked. */
  readonly held?: Bounds
  /** It is done before each measured write, and not measured. */
  readonly undo?: (m: number) => Promise<unknown>
}

export interface Scene {
  readonly app: Api
  readonly resource: 'todo' | 'list'
  /** The query of the i-th subscriber, counted from 0. */
  readonly query: (i: number) => CallOptions
  readonly cases: readonly Case[]
  /** Bounds of a subscription: microseconds to begin it, bytes of heap to keep it. */
  readonly begin?: Bounds
  readonly memory?: Bounds
}

const rules = { floor: 200, goal: 50 }
const windows = { floor: 100, goal: 20 }
const lookups = { floor: 100, goal: 20 }
const shows = { floor: 1_000, goal: 200 }
const moves = { floor: 8, goal: 2, held: { floor: 20, goal: 5 } }
const nobody = (): number => 0
const all = (subscribers: number): number => subscribers

/** How many users do not subscribe. */
const OTHERS = 50
const ten: readonly number[] = Array.from({ length: 10 }, (_, i) => i + 1)

type Write = (m: number) => Promise<unknown>

const patching =
  (app: Api, name: string, id: number, bodyOf: (m: number) => object): Write =>
  m =>
    app.patch(name, id, bodyOf(m))
const text = (m: number): object => ({ text: `x${m}` })
const flag = (m: number): object => ({ open: m % 2 === 0 })

/**
 * Rules with relations: lists that ten subscribers share, lists whose owner has ten subscriptions, and a list that no
 * subscriber may see.
 */
async function ruled(reading: Reading, file: string, most: number): Promise<Scene> {
  const users = most + OTHERS
  const app = await worldOf(reading, file, { users, todos: 3 })
  const other = users - 9
  const shared = await fill(app, 'list', [
    { title: 'shared', owner: 1, members: ten },
    { title: 'foreign', owner: other, members: [other, other + 1, other + 2] },
  ])
  const first = await fill(app, 'todo', [
    { text: 'shared', n: 1, owner: 1, list: shared },
    { text: 'foreign', n: 1, owner: other, list: shared + 1 },
  ])
  return {
    app,
    resource: 'todo',
    query: i => {
      if (reading !== 'relation') return { me: { id: i + 1 } }
      return i < ten.length ? { me: { id: 1 }, filter: { n: { $gte: -1 - i } } } : { me: { id: i - ten.length + 2 } }
    },
    cases: [
      { name: 'nobody told', write: patching(app, 'todo', first + 1, text), told: nobody, per: 'write', ...rules },
      { name: '10 told', write: patching(app, 'todo', first, text), told: () => 10, per: 'write', ...rules },
    ],
    ...(reading === 'relation' && { memory: { floor: 2_500, goal: 800 } }),
  }
}

/** Todos of everybody, in a hundred lists. */
async function open(file: string, most: number): Promise<{ app: Api; rows: number }> {
  const rows = Math.max(20_000, 2 * most)
  return { app: await worldOf('everybody', file, { users: 100, todos: rows / 100 }), rows }
}

/** The last twenty of those above a number, for each another number. */
async function windowed(file: string, most: number): Promise<Scene> {
  const { app, rows } = await open(file, most)
  const one =
    (idOf: (m: number) => number): Write =>
    m =>
      patching(app, 'todo', idOf(m), text)(m)
  return {
    app,
    resource: 'todo',
    query: i => ({ filter: { n: { $gte: i } }, sort: '-n', limit: 20 }),
    cases: [
      { name: 'none changes', write: one(m => rows - 1_000 + (m % 500)), told: nobody, per: 'write', ...windows },
      { name: 'all told', write: one(m => rows - (m % 10)), told: all, per: 'event', floor: 3, goal: 1 },
    ],
    memory: { floor: 6_000, goal: 2_000 },
  }
}

/** The first three of a list, for each another list. */
async function pages(file: string, most: number): Promise<Scene> {
  const todos = 6
  const app = await worldOf('everybody', file, { users: most + OTHERS, todos })
  return {
    app,
    resource: 'todo',
    query: i => ({ filter: { list: i + 1 }, sort: '-n', limit: 3 }),
    cases: [
      { name: 'not changed', write: patching(app, 'todo', 1, text), told: nobody, per: 'write', ...windows },
      { name: '1 told', write: patching(app, 'todo', todos, text), told: () => 1, per: 'write', ...windows },
    ],
  }
}

/** Filters on the row's own fields that are not equalities. */
const looking =
  (query: Scene['query'], told: number) =>
  async (file: string, most: number): Promise<Scene> => {
    const { app, rows } = await open(file, most)
    return {
      app,
      resource: 'todo',
      query,
      cases: [
        { name: 'nobody told', write: patching(app, 'todo', rows, flag), told: nobody, per: 'write', ...lookups },
        {
          name: `${told} told`,
          write: patching(app, 'todo', 10, flag),
          told: () => told,
          per: 'write',
          ...lookups,
        },
      ],
    }
  }

/** A todo with its list in full; lists have ten. */
async function nested(file: string, most: number): Promise<Scene> {
  const users = most / 10 + OTHERS
  const app = await worldOf('everybody', file, { users, todos: 10 })
  const title = (m: number): object => ({ title: `x${m}` })
  return {
    app,
    resource: 'todo',
    query: i => ({ filter: { n: i }, depth: 2 }),
    cases: [
      { name: 'nobody told', write: patching(app, 'list', users, title), told: nobody, per: 'write', ...shows },
      { name: '10 told', write: patching(app, 'list', 1, title), told: () => 10, per: 'write', ...shows },
    ],
  }
}

/** Each sees the own list with the ids of those of its todos that are the own, too. */
async function shown(file: string, most: number): Promise<Scene> {
  const app = await worldOf('its owner', file, { users: most + OTHERS, todos: 3 })
  const owner = (m: number): object => ({ owner: (m % 2) + 1 })
  return {
    app,
    resource: 'list',
    query: i => ({ me: { id: i + 1 } }),
    cases: [
      { name: 'nobody told', write: patching(app, 'todo', 1, text), told: nobody, per: 'write', ...shows },
      { name: '1 told', write: patching(app, 'todo', 2, owner), told: () => 1, per: 'write', ...shows },
    ],
  }
}

/** A list of so many todos gets another owner, or loses a member. */
async function moved(reading: 'relation' | 'membership', file: string, most: number, count: number): Promise<Scene> {
  const app = await worldOf(reading, file, { users: most + OTHERS, todos: 2 })
  const list = await fill(app, 'list', [{ title: 'big', owner: 1, members: [1, 2] }])
  const todos = Array.from({ length: count }, (_, n) => ({ text: textOf(n), n, owner: most + OTHERS, list }))
  await fill(app, 'todo', todos)
  const query = (i: number): CallOptions => ({ me: { id: i + 1 } })
  const owner = patching(app, 'list', list, m => ({ owner: (m % 2) + 1 }))
  const members = (ids: readonly number[]): Write => patching(app, 'list', list, () => ({ members: ids }))
  const cases: Case[] =
    reading === 'relation'
      ? [{ name: 'changed', write: owner, told: () => 2 * count, per: 'event', ...moves }]
      : [
          {
            name: 'revoked',
            write: members([2]),
            undo: members([1, 2]),
            told: () => count,
            per: 'event',
            ...moves,
          },
          {
            name: 'granted',
            write: members([1, 2]),
            undo: members([2]),
            told: () => count,
            per: 'event',
            ...moves,
          },
        ]
  return { app, resource: 'todo', query, cases }
}

/** Ten rows of each of a thousand users. */
async function begun(file: string): Promise<Scene> {
  const app = await worldOf('relation', file, { users: 1_000, todos: 10 })
  return {
    app,
    resource: 'todo',
    query: i => ({ me: { id: (i % 1_000) + 1 }, filter: { n: { $gte: -1 - Math.floor(i / 1_000) } } }),
    cases: [],
    begin: { floor: 200, goal: 60 },
  }
}

/** Filters that no index answers: each is asked about each change. */
async function anywhere(file: string, most: number): Promise<Scene> {
  const { app } = await open(file, most)
  return {
    app,
    resource: 'todo',
    query: i => ({ filter: { text: { $contains: `y${i}z` } } }),
    cases: [{ name: 'nobody told', write: patching(app, 'todo', 1, text), told: nobody, per: 'write' }],
  }
}

/** Filters through a relation: a list gets the title that one of them asks for, or one that none does. */
async function related(file: string, most: number): Promise<Scene> {
  const users = most + OTHERS
  const app = await worldOf('everybody', file, { users, todos: 3 })
  const titled = (id: number, own: string): Write =>
    patching(app, 'list', id, m => ({ title: m % 2 === 0 ? own : 'another' }))
  return {
    app,
    resource: 'todo',
    query: i => ({ filter: { list: { title: `list ${i + 1}` }, n: { $gte: 0 } } }),
    cases: [
      { name: 'nobody told', write: titled(users, 'foreign'), told: nobody, per: 'write', ...rules },
      { name: '3 told', write: titled(1, 'list 1'), told: () => 3, per: 'write', ...rules },
    ],
  }
}

/** A kind of subscription and the writes next to it, with the largest number of subscriptions. */
export interface Shape {
  readonly title: string
  readonly prepare: (file: string, most: number) => Promise<Scene>
}

export const shapes: Readonly<Record<string, Shape>> = {
  relation: { title: 'relation rule', prepare: (file, most) => ruled('relation', file, most) },
  membership: { title: 'membership rule', prepare: (file, most) => ruled('membership', file, most) },
  any: { title: 'any-of-three rule', prepare: (file, most) => ruled('any of three', file, most) },
  windows: { title: 'windows', prepare: windowed },
  pages: { title: 'a window per list', prepare: pages },
  ranges: { title: 'ranges', prepare: looking(i => ({ filter: { n: { $gte: i, $lt: i + 10 } } }), 10) },
  prefixes: { title: 'prefixes', prepare: looking(i => ({ filter: { text: { $startsWith: textOf(i) } } }), 1) },
  'in-lists': { title: 'in-lists', prepare: looking(i => ({ filter: { n: { $in: ten.map(k => i + k - 1) } } }), 10) },
  depth: { title: 'depth 2', prepare: nested },
  shown: { title: 'lists showing ruled rows', prepare: shown },
  owner: { title: 'owner of 1,000 rows', prepare: (file, most) => moved('relation', file, most, 1_000) },
  member: { title: 'member of 10,000 rows', prepare: (file, most) => moved('membership', file, most, 10_000) },
  begin: { title: 'ruled list, 10,000 rows', prepare: begun },
  contains: { title: 'unanchored contains', prepare: anywhere },
  filters: { title: 'relation filters', prepare: related },
}
