// Checked by the compiler, never run: what a declaration lets one write, and what it does not.
import { expectTypeOf } from 'vitest'
import { t } from '../../schema/builder.ts'
import type { Id } from '../../schema/field.ts'
import type { FileShown } from '../../schema/file.ts'
import { resource } from './resource.ts'
import type { CheckedRelations, Declarations, Expanded, IdOf, Include, New, Patch, Row } from './types.ts'
import type { Sort, Where } from '../rules/where.ts'

declare function api<const M extends Declarations>(resources: CheckedRelations<M> & M): M

const user = resource({
  id: t.id('uuid'),
  email: t.email().unique(),
  name: t.text({ max: 80 }),
  role: t.enum(['admin', 'member']).default('member'),
  password: t.password(),
  note: t.text().nullable().hidden(),
  lists: t.back('list', 'owner'),
  groups: t.many('group', { inverse: 'users' }),
})

const own = resource.for(user)
const me = own.t

const list = own({
  id: t.id(),
  title: me.text({ min: 1 }).default(ctx => ctx.me?.name),
  owner: me.one('user').default(ctx => ctx.me?.id),
  parent: t.one('list').nullable(),
  todos: t.back('todo', 'list'),
  log: t.back('todo', 'log', { ids: false }),
  size: t.count('todos').filterable(),
  link: t.url.self(),
})

const todo = own({
  id: t.id(),
  text: t.text({ max: 500 }),
  done: t.bool().default(false),
  rank: t.integer().nullable(),
  due: t.date().nullable(),
  tags: t.list(t.text()).default([]),
  data: t.json<{ color: string }>().nullable(),
  list: t.one('list', { onDelete: 'cascade' }),
  log: t.one('list').nullable(),
  details: t.back('detail', 'todo', { one: true }),
  createdAt: t.now(),
  loud: t.calc({ of: t.text(), get: (row: { text: string }) => row.text.toUpperCase(), uses: ['text'] }),
  short: t.calc({ of: t.text(), get: () => null, set: (_, value: number) => ({ text: String(value) }) }).sortable(),
})

const detail = resource({
  key: t.id('text', { client: true }),
  todo: t.one('todo', { unique: true }),
  price: t.decimal({ digits: 6, places: 2 }),
})
const group = resource({ id: t.id({ client: true }), name: t.text(), users: t.many('user', { inverse: 'groups' }) })

const model = api({ user, list, todo, detail, group })
type Model = typeof model

// Ids
expectTypeOf<IdOf<Model, 'todo'>>().toEqualTypeOf<number>()
expectTypeOf<IdOf<Model, 'user'>>().toEqualTypeOf<string>()
expectTypeOf<IdOf<Model, 'detail'>>().toEqualTypeOf<string>()

// Rows
expectTypeOf<Row<Model, 'user'>>().toEqualTypeOf<{
  id: string
  email: string
  name: string
  role: 'admin' | 'member'
  lists: number[]
  groups: number[]
}>()
expectTypeOf<Row<Model, 'list'>>().toEqualTypeOf<{
  id: number
  title: string
  owner: string
  parent: number | null
  todos: number[]
  size: number
  link: string
}>()
expectTypeOf<Row<Model, 'todo'>>().toEqualTypeOf<{
  id: number
  text: string
  done: boolean
  rank: number | null
  due: string | null
  tags: readonly string[]
  data: { color: string } | null
  list: number
  log: number | null
  details: string | null
  createdAt: string
  loud: string
  short: string | null
}>()
expectTypeOf<Row<typeof list>['owner']>().toEqualTypeOf<Id>()
expectTypeOf<Row<typeof list>['title']>().toEqualTypeOf<string>()

// Expanded
expectTypeOf<Expanded<Model, 'todo', 0>>().toEqualTypeOf<number>()
expectTypeOf<Expanded<Model, 'todo', 1>>().toEqualTypeOf<Row<Model, 'todo'>>()
expectTypeOf<Expanded<Model, 'todo', 2>['list']>().toEqualTypeOf<Row<Model, 'list'>>()
expectTypeOf<Expanded<Model, 'todo', 3>['list']['owner']>().toEqualTypeOf<Row<Model, 'user'>>()
expectTypeOf<Expanded<Model, 'todo', 3>['log']>().toEqualTypeOf<Expanded<Model, 'list', 2> | null>()
expectTypeOf<Expanded<Model, 'list', 2>['log']>().toEqualTypeOf<Row<Model, 'todo'>[]>()
expectTypeOf<Expanded<Model, 'todo', 'list.owner'>['list']['owner']>().toEqualTypeOf<Row<Model, 'user'>>()
expectTypeOf<Expanded<Model, 'todo', 'list.owner'>['list']['parent']>().toEqualTypeOf<number | null>()
expectTypeOf<Expanded<Model, 'todo', 'list.owner'>['log']>().toEqualTypeOf<number | null>()
expectTypeOf<Expanded<Model, 'todo', 'list.log' | 'details'>['list']['log'][number]['text']>().toEqualTypeOf<string>()
expectTypeOf<Include<Model, 'group'>>().toEqualTypeOf<
  | 'users'
  | 'users.lists'
  | 'users.groups'
  | 'users.groups.users'
  | `users.lists.${'owner' | 'parent' | 'todos' | 'log'}`
>()
// @ts-expect-error an expanded user has no password either
type _Password = Expanded<Model, 'list', 2>['owner']['password']
// @ts-expect-error nor what is hidden
type _Note = Row<Model, 'user'>['note']

// Creation
const create = <K extends keyof Model>(_name: K, _input: New<Model, K>): void => {}
create('todo', { text: 'x', list: 1 })
create('todo', { text: 'x', list: { title: 'Trip', owner: { email: 'e', name: 'n', password: 'p' } }, short: 5 })
create('list', {})
create('list', { title: 'Trip', todos: [{ text: 'pack' }, 7], log: [{ text: 'x', list: 3 }], parent: null })
create('user', {
  email: 'e',
  name: 'n',
  password: 'p',
  groups: [1, { name: 'g' }],
  lists: [{ todos: [{ text: 'x' }] }],
})
create('detail', { key: 'k', todo: 1, price: '1.50' })
create('group', { id: 1, name: 'g' })
// @ts-expect-error missing required field
create('todo', { list: 1 })
// @ts-expect-error missing required relation
create('todo', { text: 'x' })
// @ts-expect-error missing id that clients choose
create('detail', { todo: 1, price: '1' })
// @ts-expect-error nested object without its required field
create('list', { todos: [{ done: true }] })
// @ts-expect-error unknown field
create('todo', { text: 'x', list: 1, nope: 1 })
// @ts-expect-error wrong type
create('todo', { text: 5, list: 1 })
// @ts-expect-error id of the wrong type
create('list', { owner: 5 })
// @ts-expect-error wrong enum
create('user', { email: 'e', name: 'n', password: 'p', role: 'adminn' })
// @ts-expect-error the server sets it
create('todo', { text: 'x', list: 1, createdAt: '2024-01-01T00:00:00Z' })
// @ts-expect-error the server chooses it
create('todo', { id: 1, text: 'x', list: 1 })
// @ts-expect-error not nullable
create('todo', { text: 'x', list: null })
// @ts-expect-error computed without a setter
create('todo', { text: 'x', list: 1, loud: 'X' })
// @ts-expect-error hidden
create('user', { email: 'e', name: 'n', password: 'p', note: 'x' })

// Changes
const patch = <K extends keyof Model>(_name: K, _input: Patch<Model, K>): void => {}
patch('todo', {})
patch('todo', { done: true, rank: null, list: { title: 'x' }, details: null })
patch('user', { password: 'new' })
// @ts-expect-error read-only field not writable
patch('todo', { createdAt: 'x' })
// @ts-expect-error an id stays
patch('group', { id: 2 })
// @ts-expect-error counted, not written
patch('list', { size: 3 })
// @ts-expect-error not nullable
patch('todo', { done: null })

// Filters
const find = <K extends keyof Model>(_name: K, _where: Where<Model, K>, ..._sort: Sort<Model, K>[]): void => {}
find('todo', {})
find('todo', { done: false, rank: { $gte: 3, $lt: 9 }, text: { $icontains: 'x' }, due: null, data: { $null: true } })
find('todo', {
  list: 1,
  log: null,
  tags: { $hasAny: ['a'] },
  createdAt: { $gt: '2024-01-01T00:00:00Z' },
  rank: { $in: [1, null] },
})
find('todo', {
  list: { title: 'x', owner: { role: { $in: ['admin', 'member'] } } },
  $or: [{ done: true }, { $not: { rank: 1 } }],
})
find('list', { todos: { $some: { done: true }, $none: { rank: 1 } }, owner: { $in: ['u1'] }, size: { $gt: 3 } })
find('todo', {}, 'rank', '-list.owner.name', '-id', 'list', 'short')
// @ts-expect-error unknown field
find('todo', { nope: 1 })
// @ts-expect-error unknown field of a related row
find('todo', { list: { nope: 1 } })
// @ts-expect-error wrong type
find('todo', { done: 'yes' })
// @ts-expect-error wrong enum
find('user', { role: 'adminn' })
// @ts-expect-error wrong enum in a list
find('user', { role: { $in: ['adminn'] } })
// @ts-expect-error text operator on a number
find('todo', { rank: { $contains: 1 } })
// @ts-expect-error text operator on a date
find('todo', { due: { $contains: '2024' } })
// @ts-expect-error order of booleans
find('todo', { done: { $gt: false } })
find('todo', { data: { $eq: { color: 'red' } } })
// @ts-expect-error JSON has no order
find('todo', { data: { $gt: 1 } })
// @ts-expect-error null where there is none
find('todo', { done: null })
// @ts-expect-error a list of rows needs a quantifier
find('list', { todos: { done: true } })
// @ts-expect-error nobody searches passwords
find('user', { password: 'x' })
// @ts-expect-error hidden
find('user', { note: 'x' })
// @ts-expect-error computed
find('todo', { loud: 'X' })
// @ts-expect-error nested too
find('todo', { $and: [{ nope: 1 }] })
// @ts-expect-error JSON has no order
find('todo', {}, 'data')
// @ts-expect-error null among values that are never null
find('todo', { done: { $in: [true, null] } })
// @ts-expect-error unknown sort key
find('todo', {}, 'nope')
// @ts-expect-error unknown sort key of a related row
find('todo', {}, 'list.nope')
// @ts-expect-error nobody sorts by passwords
find('user', {}, 'password')

// Relations
// @ts-expect-error unknown relation target
api({ user, bad: resource({ id: t.id(), x: t.one('nowhere') }) })
// @ts-expect-error unknown field at the other side
api({ group: resource({ id: t.id(), x: t.back('group', 'nothing') }) })
expectTypeOf<CheckedRelations<{ bad: typeof list }>['bad']>().toEqualTypeOf<
  | 'bad.owner refers to "user", which is not declared'
  | 'bad.parent refers to "list", which is not declared'
  | 'bad.todos refers to "todo", which is not declared'
  | 'bad.log refers to "todo", which is not declared'
>()
expectTypeOf<
  CheckedRelations<{ user: typeof user; group: typeof group; list: typeof group }>['user']
>().toEqualTypeOf<'user.lists goes back via list.owner, which does not exist'>()

// Fields
// @ts-expect-error default of the wrong type
t.bool().default('no')
// @ts-expect-error default outside the enum
t.enum(['a', 'b']).default('c')
// @ts-expect-error default null of what is not nullable
t.text().default(null)
t.text().nullable().default(null)
// @ts-expect-error the elements of a list are never null
t.list(t.text().nullable())
// @ts-expect-error nor secret
t.list(t.password())
// @ts-expect-error get returns another type
t.calc({ of: t.text(), get: () => 5 })
// @ts-expect-error nothing is stored that a filter could read
t.calc({ of: t.text(), get: () => '' }).filterable()
// @ts-expect-error a many-to-many relation has no column
t.many('todo').column('x')
// @ts-expect-error no such option
t.text({ minimum: 3 })
// @ts-expect-error the user has no such field
me.text().default(ctx => ctx.me?.nope)
// @ts-expect-error functions do not see passwords
me.text().default(ctx => ctx.me?.password)
t.text().check((value, { now }) => value.length < now || 'too long')
// @ts-expect-error a check says true or what is wrong
t.text().check(value => value.length > 3)

// Files
const scan = resource({ id: t.id(), photo: t.file({ max: 10, types: ['image/*'] }), stamp: t.file().readonly() })
type Scans = { scan: typeof scan }
expectTypeOf<Row<Scans, 'scan'>>().toEqualTypeOf<{ id: number; photo: FileShown | null; stamp: FileShown | null }>()
expectTypeOf<Patch<Scans, 'scan'>>().toEqualTypeOf<{ photo?: null }>()
expectTypeOf<New<Scans, 'scan'>>().toExtend<{ photo?: null }>()
// @ts-expect-error bytes are sent another way
const _new: New<Scans, 'scan'> = { photo: 'aGVsbG8=' }
// @ts-expect-error a row is without a file until there is one
t.file().default('x')
// @ts-expect-error it is there or not
t.file().nullable()
// @ts-expect-error nothing to sort by
const _sort: Sort<Scans, 'scan'> = 'photo'

// Resources
list.check((row, ctx) => row.owner === ctx.me?.id || { owner: 'must be you' }).unique('title', 'owner')
// @ts-expect-error unknown field
list.unique('titel')
// @ts-expect-error nothing is stored of it
list.index('todos')
// @ts-expect-error unknown field
list.check(row => row.nope === 1)
// @ts-expect-error complaint about an unknown field
list.check(() => ({ nope: 'x' }))
// @ts-expect-error no such setting
resource({ id: t.id() }, { paht: 'x' })
