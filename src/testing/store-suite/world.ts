import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { link } from '../../model/link/link.ts'
import {
  AT,
  FIRST,
  ID,
  SEQ,
  type Id,
  type Join,
  type Model,
  type OneField,
  type Resource,
  type Row,
  type Value,
} from '../../model/model.ts'
import { resource } from '../../model/declare/resource.ts'
import { everything } from '../../query/predicate.ts'
import { t } from '../../schema/builder.ts'
import type { StoreEnvironment, RowChange, Select, Store, Transaction } from '../../store/store.ts'
import { wait } from '../../store/work.ts'

/** A model with every kind of field and relation that a store keeps. */
export const model: Model = link({
  user: resource({
    id: t.id(),
    email: t.text().unique(),
    name: t.text().nullable(),
    rank: t.integer().nullable(),
    score: t.number().nullable(),
    price: t.decimal({ digits: 8, places: 2 }).nullable(),
    born: t.date().nullable(),
    seen: t.datetime().nullable(),
    isAdmin: t.bool().default(false),
    role: t.enum(['guest', 'member']).nullable(),
    tags: t.list(t.text()).nullable(),
    extra: t.json().nullable(),
    photo: t.bytes().nullable(),
    boss: t.one('user', { inverse: 'reports' }).nullable(),
    reports: t.back('user', 'boss'),
    todos: t.back('todo', 'owner'),
    passport: t.back('passport', 'owner', { one: true }),
    friends: t.many('user', { symmetric: true }),
    teams: t.many('team', { inverse: 'members' }),
  }),
  todo: resource({ id: t.id(), text: t.text(), owner: t.one('user', { inverse: 'todos' }).nullable() }).unique(
    'owner',
    'text',
  ),
  passport: resource({ id: t.id('text', { client: true }), owner: t.one('user', { inverse: 'passport' }).nullable() }),
  team: resource({ id: t.id('uuid'), title: t.text(), members: t.many('user', { inverse: 'teams' }) }),
})

export const user: Resource = getOrThrow(model.resources, 'user')
export const todo: Resource = getOrThrow(model.resources, 'todo')
export const passport: Resource = getOrThrow(model.resources, 'passport')
export const team: Resource = getOrThrow(model.resources, 'team')
export const owner: OneField = todo.field.get('owner') as OneField
export const boss: OneField = user.field.get('boss') as OneField
export const teams: Join = model.joins.find(join => !join.symmetric)!
export const friends: Join = model.joins.find(join => join.symmetric)!
/** Which side of the join holds users. */
export const userSide: 'a' | 'b' = teams.a.resource === user ? 'a' : 'b'
export const teamSide: 'a' | 'b' = userSide === 'a' ? 'b' : 'a'

export const RED = '0190a7c0-0000-7000-8000-000000000001'
export const BLUE = '0190a7c0-0000-7000-8000-000000000002'

/** A clock that only moves when a test moves it. */
export interface Clock {
  now: number
}

export function testEnvironment(clock: Clock): StoreEnvironment {
  let byte = 0
  return {
    clock: () => clock.now,
    random: bytes => Uint8Array.from({ length: bytes }, () => byte++ % 256),
    report: () => {},
  }
}

type Values = Readonly<Record<string, Value>>

/** Makes a row of the given values. Other fields are null, or have a value if they need one. */
export function row(of: Resource, values: Values): Row {
  const made: Row = Array.from({ length: FIRST + of.columns.length - 1 }, () => null)
  made[SEQ] = 0
  made[AT] = 0
  for (const field of of.columns) made[field.slot] = values[field.name] ?? (field.name === 'isAdmin' ? false : null)
  return made
}

/** The stored values of a row by name, without nulls. */
export function valuesOf(of: Resource, from: Row): Values {
  return Object.fromEntries(
    of.columns.map(field => [field.name, from[field.slot]!] as const).filter(([, value]) => value !== null),
  )
}

export function created(of: Resource, values: Values): RowChange {
  return {
    resource: of,
    id: values['id'] as Id,
    op: 'create',
    before: null,
    after: row(of, values),
    changed: [],
    lists: [],
  }
}

export function patched(of: Resource, before: Row, values: Values): RowChange {
  const after = before.slice()
  const changed = Object.keys(values).map(name => of.columns.find(field => field.name === name)!.slot)
  for (const slot of changed) after[slot] = values[of.columns.find(field => field.slot === slot)!.name]!
  return { resource: of, id: before[ID] as Id, op: 'patch', before, after, changed, lists: [] }
}

export function deleted(of: Resource, before: Row): RowChange {
  return { resource: of, id: before[ID] as Id, op: 'delete', before, after: null, changed: [], lists: [] }
}

export function friendship(op: 'add' | 'remove', a: Id, b: Id): Parameters<Transaction['apply']>[1] {
  return [
    { join: friends, a, b, op },
    { join: friends, a: b, b: a, op },
  ]
}

export function member(op: 'add' | 'remove', ofTeam: Id, who: Id): Parameters<Transaction['apply']>[1][number] {
  return userSide === 'a' ? { join: teams, a: who, b: ofTeam, op } : { join: teams, a: ofTeam, b: who, op }
}

export const plain: Select = { where: everything, sort: [], limit: null, offset: 0, cursor: null }

/** Writes and reads in a line, for tests. */
export async function put(store: Store, ...changes: RowChange[]): Promise<void> {
  await store.write(function* (tx) {
    yield* wait(tx.apply(changes, []))
  })
}

export async function get(store: Store, of: Resource, id: Id): Promise<Row | undefined> {
  return store.read(function* (snapshot) {
    return yield* wait(snapshot.get(of, id))
  })
}

/** The same of a row that must be there. */
export async function existing(store: Store, of: Resource, id: Id): Promise<Row> {
  const row = await get(store, of, id)
  if (!row) throw new Error(`${of.name} ${id} is not stored`)
  return row
}

export async function idsOfRows(store: Store, of: Resource, select: Partial<Select> = {}): Promise<Value[]> {
  const rows = await store.read(function* (snapshot) {
    return yield* wait(snapshot.select(of, { ...plain, ...select }))
  })
  return rows.map(found => found[ID]!)
}
