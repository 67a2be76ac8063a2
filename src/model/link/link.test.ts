import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../../protocol/limits.ts'
import type {
  BackDef,
  CalcDef,
  CountDef,
  FieldDef,
  FieldOptions,
  ManyDef,
  OneDef,
  ScalarDef,
} from '../../schema/field.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'
import type { AnyResource, ResourceDef } from '../declare/declaration.ts'
import { ModelError } from './faults.ts'
import { link, type LinkOptions } from './link.ts'
import type { BackField, CountField, ManyField, Model, OneField, Resource } from '../model.ts'
import * as types from '../../schema/field-types/built-in.ts'

type Given = Record<string, AnyResource>

const scalar = (type: ScalarType, options: Partial<ScalarDef> = {}): ScalarDef => ({ is: 'scalar', type, ...options })
const id = (of: 'integer' | 'uuid' | 'text' = 'integer', options: Partial<ScalarDef> = {}): ScalarDef =>
  scalar(types.id(of), options)
const text = (options: FieldOptions = {}): ScalarDef => scalar(types.text(), options)
const int = (options: FieldOptions = {}): ScalarDef => scalar(types.integer(), options)
const one = (to: string, options: Partial<OneDef> = {}): OneDef => ({ is: 'one', to, ...options })
const back = (to: string, via: string, options: Partial<BackDef> = {}): BackDef => ({ is: 'back', to, via, ...options })
const many = (to: string, options: Partial<ManyDef> = {}): ManyDef => ({ is: 'many', to, ...options })
const count = (of: string): CountDef => ({ is: 'count', of })
const calc = (options: Partial<CalcDef> = {}): CalcDef => ({
  is: 'calc',
  type: types.text(),
  get: () => 'x',
  ...options,
})
const resource = (fields: Record<string, FieldDef>, options: Partial<ResourceDef> = {}): AnyResource => ({
  '~resource': { fields, checks: [], unique: [], index: [], ...options },
})
/** A resource with an id and these fields. */
const r = (fields: Record<string, FieldDef> = {}, options: Partial<ResourceDef> = {}): AnyResource =>
  resource({ id: id(), ...fields }, options)

const get = (model: Model, name: string): Resource => model.resources.get(name)!
const field = <T>(model: Model, place: string): T => {
  const [name, of] = place.split('.') as [string, string]
  return get(model, name).field.get(of) as T
}

function faultsOf(given: Given, options?: LinkOptions): string[] {
  try {
    link(given, options)
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    return error.faults.map(fault => `${fault.place}: ${fault.problem}; ${fault.fix}`)
  }
  return []
}

const USER = { user: r() }

describe('faults', () => {
  const cases: [string, Given, string][] = [
    ['no id', { a: resource({ name: text() }) }, 'a: has no id; add id: t.id()'],
    [
      'two ids',
      { a: r({ key: id() }) },
      'a.key: is a second id beside "id"; declare one of them as t.text().unique() or t.integer().unique()',
    ],
    [
      'text id that nobody chooses',
      { a: resource({ id: id('text') }) },
      "a.id: is a text id that nobody can choose; write t.id('text', { client: true }), or give a default that makes one",
    ],
    [
      'nullable id',
      { a: resource({ id: id('integer', { nullable: true }) }) },
      'a.id: is an id that may be null; take .nullable() away',
    ],
    [
      'hidden id',
      { a: resource({ id: id('integer', { hidden: true }) }) },
      'a.id: is an id that is hidden; take .hidden() away',
    ],
    [
      'id with one default',
      { a: resource({ id: id('integer', { default: { value: 7 } }) }) },
      'a.id: has the same default for every row; give a function that makes a new id',
    ],

    [
      'unknown target, near',
      { todo: r({ list: one('lists') }), list: r() },
      'todo.list: refers to "lists", which is not declared; did you mean "list"?',
    ],
    [
      'unknown target, far',
      { todo: r({ x: many('warehouse') }), user: r() },
      'todo.x: refers to "warehouse", which is not declared; there is "todo", "user"',
    ],
    [
      'target that is a name of objects',
      { todo: r({ x: one('toString') }) },
      'todo.x: refers to "toString", which is not declared; there is "todo"',
    ],
    [
      'back via nothing',
      { user: r({ todos: back('todo', 'ownr') }), todo: r({ owner: one('user') }) },
      'user.todos: goes back via todo.ownr, which does not exist; did you mean "owner"?',
    ],
    [
      'back via nothing at all',
      { user: r({ todos: back('todo', 'owner') }), todo: r() },
      'user.todos: goes back via todo.owner, which does not exist; add owner: t.one("user") to todo',
    ],
    [
      'back via a scalar',
      { user: r({ todos: back('todo', 'owner') }), todo: r({ owner: text() }) },
      'user.todos: goes back via todo.owner, which is not a to-one; add owner: t.one("user") to todo',
    ],
    [
      'back via a many-to-many',
      { user: r({ todos: back('todo', 'users') }), todo: r({ users: many('user') }) },
      'user.todos: goes back via todo.users, which is not a to-one; use t.many("todo", { inverse: "users" })',
    ],
    [
      'back via a to-one to another',
      { user: r({ todos: back('todo', 'list') }), todo: r({ list: one('list'), owner: one('user') }), list: r() },
      'user.todos: goes back via todo.list, which refers to "list"; there is "owner"',
    ],
    [
      'back via a symmetric one',
      { user: r({ of: back('user', 'spouse'), spouse: one('user', { symmetric: true, nullable: true }) }) },
      'user.of: goes back via user.spouse, which is its own other side; take this field away',
    ],
    [
      'two backs',
      { user: r({ a: back('todo', 'owner'), b: back('todo', 'owner') }), todo: r({ owner: one('user') }) },
      'user.b: goes back via todo.owner like "a"; keep one of the two',
    ],
    [
      'inverse of a to-one is missing',
      { ...USER, todo: r({ owner: one('user', { inverse: 'todos' }) }) },
      'todo.owner: names "todos" as its inverse, which user does not have; add todos: t.back("todo", "owner") to user',
    ],
    [
      'inverse of a to-one leads elsewhere',
      {
        user: r({ todos: back('todo', 'maker') }),
        todo: r({ owner: one('user', { inverse: 'todos' }), maker: one('user') }),
      },
      'todo.owner: names user.todos as its inverse, which does not lead back here; declare it as todos: t.back("todo", "owner")',
    ],
    [
      'symmetric to another resource',
      { ...USER, todo: r({ x: one('user', { symmetric: true }) }) },
      'todo.x: is symmetric, but refers to "user"; refer to "todo", or name the other side with inverse',
    ],
    [
      'symmetric list to another resource',
      { ...USER, todo: r({ x: many('user', { symmetric: true }) }) },
      'todo.x: is symmetric, but refers to "user"; refer to "todo", or name the other side with inverse',
    ],
    [
      'symmetric with another inverse',
      { user: r({ a: many('user', { symmetric: true, inverse: 'b' }), b: many('user') }) },
      'user.a: is symmetric, but names "b" as its inverse; take one of the two away: it is its own other side',
    ],
    [
      'inverse of a many-to-many is missing',
      { user: r({ tags: many('tag', { inverse: 'users' }) }), tag: r() },
      'user.tags: names "users" as its inverse, which tag does not have; add users: t.many("user", { inverse: "tags" }) to tag',
    ],
    [
      'inverse of a many-to-many is none',
      { user: r({ tags: many('tag', { inverse: 'users' }) }), tag: r({ users: text() }) },
      'user.tags: names tag.users as its inverse, which does not lead back here; declare it as users: t.many("user", { inverse: "tags" })',
    ],
    [
      'inverse of a many-to-many names a third',
      {
        user: r({ tags: many('tag', { inverse: 'users' }), likes: many('tag', { inverse: 'users' }) }),
        tag: r({ users: many('user', { inverse: 'tags' }) }),
      },
      'user.likes: names tag.users as its inverse, whose inverse is "tags"; declare it as users: t.many("user", { inverse: "likes" })',
    ],
    [
      'many-to-many that is its own inverse',
      { user: r({ friends: many('user', { inverse: 'friends' }) }) },
      'user.friends: names itself as its inverse; write { symmetric: true }',
    ],
    [
      'through told twice',
      {
        user: r({ tags: many('tag', { inverse: 'users', through: { table: 't', from: 'u', to: 'v' } }) }),
        tag: r({ users: many('user', { inverse: 'tags', through: { table: 't', from: 'u', to: 'v' } }) }),
      },
      'user.tags: goes through "t" otherwise than tag.users; declare through on one side only',
    ],
    [
      'onDelete null on a required one',
      { ...USER, todo: r({ owner: one('user', { onDelete: 'null' }) }) },
      "todo.owner: has onDelete: 'null', but may not be null; add .nullable(), or write onDelete: 'restrict' or 'cascade'",
    ],
    [
      'cascade on the back',
      {
        user: r({ todos: { ...back('todo', 'owner'), onDelete: 'cascade' } as BackDef }),
        todo: r({ owner: one('user') }),
      },
      'user.todos: has onDelete, which belongs to the side that holds the key; move it to the t.one(…) of "todo"',
    ],

    [
      'unique over an unknown field',
      { a: r({ name: text() }, { unique: [['name', 'nmae']] }) },
      'a unique (name, nmae): names "nmae", which a does not have; did you mean "name"?',
    ],
    [
      'index over what is not stored',
      { user: r({ todos: back('todo', 'owner') }, { index: [['todos']] }), todo: r({ owner: one('user') }) },
      'user index (todos): names "todos", which is not stored in user; there is "id"',
    ],
    [
      'index over nothing',
      { a: r({}, { index: [[]] }) },
      'a index (): names no field; name the fields, or take it away',
    ],
    [
      'unique over a field twice',
      { a: r({ name: text() }, { unique: [['name', 'name']] }) },
      'a unique (name, name): names a field twice; name each field once',
    ],
    [
      'uses an unknown field',
      { a: r({ name: text(), up: calc({ uses: ['nam'] }) }) },
      'a.up: uses "nam", which a does not have; did you mean "name"?',
    ],
    [
      'uses a calculated field',
      { a: r({ up: calc(), twice: calc({ uses: ['up'] }) }) },
      'a.twice: uses "up", which is calculated itself; use the fields that it is made from',
    ],
    [
      'counts an unknown field',
      { user: r({ n: count('todo'), todos: back('todo', 'owner') }), todo: r({ owner: one('user') }) },
      'user.n: counts "todo", which user does not have; did you mean "todos"?',
    ],
    [
      'counts a scalar',
      { a: r({ name: text(), n: count('name') }) },
      'a.n: counts "name", which is not a list of relations; there is none to name',
    ],
    [
      'counts a to-one',
      { ...USER, todo: r({ owner: one('user'), n: count('owner') }) },
      'todo.n: counts "owner", which is not a list of relations; there is none to name',
    ],

    [
      'columns clash',
      { a: r({ x: text({ column: 'Name' }), name: text() }) },
      'a.name: is stored in "name" like "x"; name another column with .column("…")',
    ],
    [
      'column of versions',
      { a: r({ x: text({ column: '_SEQ' }) }) },
      'a.x: is stored in "_SEQ", where versions are kept; name another column with .column("…")',
    ],
    [
      'column without a name',
      { a: r({ x: text({ column: '' }) }) },
      'a.x: has a column without a usable name; name it with .column("…")',
    ],
    [
      'column of a list',
      { user: r({ todos: back('todo', 'owner', { column: 'x' }) }), todo: r({ owner: one('user') }) },
      'user.todos: names a column, though nothing is stored for it; take .column() away',
    ],
    [
      'tables clash',
      { a: r(), b: r({}, { table: 'A' }) },
      'b: is stored in table "A" like a; name another table with { table: "…" }',
    ],
    [
      'table like a join',
      { user: r({ tags: many('tag') }), tag: r(), other: r({}, { table: 'user_tags' }) },
      'user.tags: is stored in table "user_tags" like other; rename the field, or name the table with { through: { table, from, to } }',
    ],
    [
      'reserved table',
      { a: r({}, { table: 'sqlite_x' }) },
      'a: is stored in table "sqlite_x", a name that is reserved; name another table with { table: "…" }',
    ],
    [
      'through with one column',
      { user: r({ tags: many('tag', { through: { table: 'x', from: 'a', to: 'A' } }) }), tag: r() },
      'user.tags: keeps both sides in column "a"; name two columns in through',
    ],
    [
      'titles clash',
      { todo: r(), todos: r() },
      'todos: has the title "Todo" like todo; give one of them another with { title: "…" }',
    ],
    ['paths clash', { a: r(), b: r({}, { path: '/a/' }) }, 'b: has the path "/a" like a; give it another path'],
    ['path twice', { a: r({}, { path: ['/x', 'x'] }) }, 'a: has the path twice; give it another path'],
    [
      'reserved path',
      { docs: r() },
      'docs: has the path "/docs", where docs is served; give it another path, or move that with paths: { docs: "/…" }',
    ],
    [
      'below a reserved path',
      { a: r({}, { path: '.well-known/x' }) },
      'a: has the path "/.well-known/x", where wellKnown is served; give it another path, or move that with paths: { wellKnown: "/…" }',
    ],
    [
      'root as path',
      { a: r({}, { path: '/' }) },
      'a: has the path "/", where the catalogue is; give a path like "/todo", or null if it has none',
    ],
    [
      'odd path',
      { a: r({}, { path: '/a//b' }) },
      'a: has the path "/a//b", of which "" is not a plain URI segment; give a path like "/todo", or null if it has none',
    ],
    [
      'dots as path',
      { a: r({}, { path: '/a/..' }) },
      'a: has the path "/a/..", of which ".." is not a plain URI segment; give a path like "/todo", or null if it has none',
    ],
    [
      'page above maxPage',
      { a: r({}, { limits: { page: 50, maxPage: 10 } }) },
      'a: has a page of 50 rows, but a maxPage of 10; raise maxPage or lower page',
    ],
    [
      'negative limit',
      { a: r({}, { limits: { depth: -1 } }) },
      'a: has -1 as limits.depth; give a whole number that is not negative',
    ],

    [
      'name with a dollar',
      { a: r({ $x: text() }) },
      'a.$x: has a name that begins with "$", which means something in filters and sorts; use letters, digits and "_"; .column("…") keeps the stored name',
    ],
    [
      'name with a minus',
      { a: r({ '-x': text() }) },
      'a.-x: has a name that begins with "-", which means something in filters and sorts; use letters, digits and "_"; .column("…") keeps the stored name',
    ],
    [
      'name with a dot',
      { a: r({ 'x.y': text() }) },
      'a.x.y: has a name with ".", which cuts names into parts in queries and URIs; use letters, digits and "_"; .column("…") keeps the stored name',
    ],
    [
      'name with a bracket',
      { a: r({ 'x[': text() }) },
      'a.x[: has a name with "[", which cuts names into parts in queries and URIs; use letters, digits and "_"; .column("…") keeps the stored name',
    ],
    [
      'name with a slash',
      { a: r({ 'x/y': text() }) },
      'a.x/y: has a name with "/", which cuts names into parts in queries and URIs; use letters, digits and "_"; .column("…") keeps the stored name',
    ],
    [
      'name of a prototype',
      { a: r({ constructor: text() }) },
      'a.constructor: has a name that belongs to JavaScript objects; use letters, digits and "_"; .column("…") keeps the stored name',
    ],
    [
      'no name',
      { a: r({ '': text() }) },
      'a.: has no name; use letters, digits and "_"; .column("…") keeps the stored name',
    ],
    [
      'resource with a dot',
      { 'a.b': r() },
      'a.b: has a name with ".", which cuts names into parts in queries and URIs; use letters, digits, "_" and "-"',
    ],

    [
      'too many digits',
      { a: r({ x: scalar(types.decimal({ digits: 19, places: 2 })) }) },
      'a.x: has 19 digits; give 1 to 18',
    ],
    [
      'more places than digits',
      { a: r({ x: scalar(types.decimal({ digits: 2, places: 3 })) }) },
      'a.x: has 3 places of 2 digits; give 0 to 2',
    ],
    [
      'decimal bound that is none',
      { a: r({ x: scalar(types.decimal({ digits: 4, places: 2, min: '1e3' })) }) },
      'a.x: has 1e3 as its min; give a decimal of 4 digits, 2 of them places',
    ],
    [
      'decimal bounds swapped',
      { a: r({ x: scalar(types.decimal({ digits: 4, places: 2, min: '10', max: '9.5' })) }) },
      'a.x: has a min of 10 above its max of 9.5; swap them',
    ],
    [
      'min above max',
      { a: r({ x: scalar(types.integer({ min: 3, max: 2 })) }) },
      'a.x: has a min of 3 above its max of 2; swap them',
    ],
    [
      'integer with a half as bound',
      { a: r({ x: scalar(types.integer({ min: 0.5 })) }) },
      'a.x: has 0.5 as its min; give a whole number',
    ],
    ['NaN as bound', { a: r({ x: scalar(types.number({ max: NaN })) }) }, 'a.x: has NaN as its max; give a number'],
    [
      'text min above max',
      { a: r({ x: scalar(types.text({ min: 3, max: 2 })) }) },
      'a.x: has a min of 3 above its max of 2; swap them',
    ],
    [
      'negative length',
      { a: r({ x: scalar(types.text({ min: -1 })) }) },
      'a.x: has -1 as its min; give a whole number that is not negative',
    ],
    [
      'half a byte',
      { a: r({ x: scalar(types.bytes({ max: 0.5 })) }) },
      'a.x: has 0.5 as its max; give a whole number that is not negative',
    ],
    [
      'a file of half a byte',
      { a: r({ x: scalar(types.json(), { file: { max: 0.5, types: [] } }) }) },
      'a.x: takes files of 0.5 bytes; give a whole number of bytes',
    ],
    [
      'a file type that is none',
      { a: r({ x: scalar(types.json(), { file: { max: 5, types: ['png'] } }) }) },
      "a.x: takes files of \"png\", which is not a media type; write 'image/png', or 'image/*' for all of them",
    ],
    [
      'list min above max',
      { a: r({ x: scalar(types.list(null, { min: 3, max: 2 })) }) },
      'a.x: has a min of 3 above its max of 2; swap them',
    ],
    [
      'fault of a list item',
      { a: r({ x: scalar(types.list(types.enum([]))) }) },
      'a.x: has no values to choose from; name them in t.enum([…])',
    ],
    [
      'list of passwords',
      { a: r({ x: scalar(types.list(types.password())) }) },
      'a.x: is a list of passwords; keep them in a resource of their own',
    ],
    [
      'empty enum',
      { a: r({ x: scalar(types.enum([])) }) },
      'a.x: has no values to choose from; name them in t.enum([…])',
    ],
    [
      'enum value twice',
      { a: r({ x: scalar(types.enum(['a', 'b', 'a'])) }) },
      'a.x: has the value "a" twice; name it once',
    ],
    [
      'date bound that is none',
      { a: r({ x: scalar(types.date({ after: '2026-02-30' })) }) },
      'a.x: has "2026-02-30" as its after; write it like 2026-01-31',
    ],
    [
      'moments swapped',
      { a: r({ x: scalar(types.datetime({ after: '2026-01-01T00:00:00Z', before: '2026-01-01T00:00:00Z' })) }) },
      'a.x: must be after 2026-01-01T00:00:00Z and before 2026-01-01T00:00:00Z; swap them',
    ],
    [
      'pattern with memory',
      { a: r({ x: scalar(types.text({ pattern: /a/g })) }) },
      'a.x: has a pattern with the flag "g", which remembers where it stopped; take the flag away',
    ],
    [
      'now on a text',
      { a: r({ x: scalar(types.text(), { now: 'create' }) }) },
      'a.x: is set to the moment, but is of type text; declare it with t.now()',
    ],

    [
      'default of another type',
      { a: r({ x: int({ default: { value: '7' } }) }) },
      'a.x: has a default that is not valid: must be an integer; give one that the field would accept',
    ],
    [
      'default outside the bounds',
      { a: r({ x: scalar(types.list(types.integer({ max: 3 })), { default: { value: [1, 9] } }) }) },
      'a.x: has a default that is not valid: /1: must be at most 3; give one that the field would accept',
    ],
    [
      'null as default of a required field',
      { a: r({ x: int({ default: { value: null } }) }) },
      'a.x: has null as its default, but may not be null; add .nullable(), or give another default',
    ],
    [
      'default of a list is no list',
      { user: r({ todos: back('todo', 'owner', { default: { value: 1 } }) }), todo: r({ owner: one('user') }) },
      'user.todos: has a default that is not a list; give a list of ids',
    ],
    [
      'null as default of a list',
      { user: r({ tags: many('tag', { default: { value: null } }) }), tag: r() },
      'user.tags: has null as its default, but is a list; give a list, or no default',
    ],
    [
      'list as default of a to-one',
      { ...USER, todo: r({ owner: one('user', { default: { value: [1] } }) }) },
      'todo.owner: has a list as its default; give one id',
    ],
    [
      'default that is no id',
      { ...USER, todo: r({ owner: one('user', { default: { value: 'ann' } }) }) },
      'todo.owner: has a default that is not an id of "user": must be an integer; give an id that it could have',
    ],
    [
      'default of what is calculated',
      { a: r({ x: calc({ default: { value: 'x' } }) }) },
      'a.x: has a default, but nothing is stored for it; take .default() away',
    ],
    [
      'default beside now',
      { a: r({ x: scalar(types.datetime(), { now: 'write', default: { from: () => null } }) }) },
      'a.x: has a default, but is set to the moment; take .default() away',
    ],
    [
      'unique list',
      { user: r({ tags: many('tag', { unique: true }) }), tag: r() },
      'user.tags: is unique, but nothing is stored for it; take .unique() away',
    ],
    [
      'sort by what is hidden',
      { a: r({ x: text({ hidden: true, sortable: true }) }) },
      'a.x: is sortable, but hidden; take .sortable() away: the order would reveal hidden values',
    ],
    [
      'sort by JSON',
      { a: r({ x: scalar(types.json(), { sortable: true }) }) },
      'a.x: is sortable, but json has no order; take .sortable() away',
    ],
    [
      'filter by a password',
      { a: r({ x: scalar(types.password(), { filterable: true }) }) },
      'a.x: is filterable, but hidden; take .filterable() away: a filter would reveal hidden values',
    ],
    [
      'filter by bytes',
      { a: r({ x: scalar(types.bytes(), { filterable: true }) }) },
      'a.x: is filterable, but values of the type bytes are not compared; take .filterable() away',
    ],
    [
      'filter by what is calculated',
      { a: r({ x: calc({ filterable: true }) }) },
      'a.x: is filterable, but nothing is stored for it; take .filterable() away, or store it',
    ],
  ]
  test.each(cases)('%s', (_, given, fault) => expect(faultsOf(given)).toEqual([fault]))

  test('a pattern that may take for ever', () => {
    const [fault] = faultsOf({ a: r({ x: scalar(types.text({ pattern: /^(a+)+$/ })) }) })
    expect(fault).toMatch(/^a\.x: has the pattern \/\^\(a\+\)\+\$\/, which .*; .*\.check\(\)$/)
  })

  test('all faults of all resources come at once, one per line', () => {
    const given = { todo: r({ list: one('lists'), x: scalar(types.enum([])) }), list: resource({}) }
    const message =
      'The declaration has 3 faults:' +
      '\n  list: has no id; add id: t.id()' +
      '\n  todo.x: has no values to choose from; name them in t.enum([…])' +
      '\n  todo.list: refers to "lists", which is not declared; did you mean "list"?'
    expect(() => link(given)).toThrow(expect.objectContaining({ name: 'ModelError', message }))
  })

  test('a declaration called after a member of objects', () => {
    const given = Object.fromEntries([['__proto__', r()]])
    expect(faultsOf(given)).toEqual([
      '__proto__: has a name that belongs to JavaScript objects; use letters, digits, "_" and "-"',
    ])
  })

  test('reserved paths can be moved, and the former path is free', () => {
    const paths = { docs: '/handbook' }
    expect(faultsOf({ docs: r() }, { paths })).toEqual([])
    expect(faultsOf({ handbook: r() }, { paths })).toHaveLength(1)
    expect(faultsOf({ metrics: r() }, { paths: { metrics: null } })).toEqual([])
    expect(faultsOf({ a: r() }, { paths: { dosc: '/x' } })).toEqual(['paths: names "dosc"; did you mean "docs"?'])
  })
})

describe('declarations without faults', () => {
  const cases: [string, Given][] = [
    ['words of queries as names', { a: r({ sort: text(), limit: int(), q: text(), filter: text() }) }],
    ['a text id in a view', { a: resource({ id: id('text') }, { foreign: { view: true, key: ['x'] } }) }],
    ['a text id of a read-only resource', { a: resource({ id: id('text') }, { readOnly: true }) }],
    ['a text id with a default', { a: resource({ id: id('text', { default: { from: () => 'x' } }) }) }],
    ['required to-ones in a circle', { a: r({ b: one('b') }), b: r({ a: one('a') }) }],
    [
      'a key that is a foreign key, in a table that was there',
      {
        user: r(),
        profile: resource(
          { id: id('integer', { column: 'user_id' }), user: one('user', { column: 'user_id' }) },
          { foreign: { view: false, key: ['user_id'] } },
        ),
      },
    ],
    [
      'columns of a composite key',
      { a: resource({ id: id('text'), x: int() }, { foreign: { view: false, key: ['id', 'x'] } }) },
    ],
    ['a path below another', { user: r(), admin: r({}, { path: '/user/admins' }) }],
    ['internal resources with a reserved name', { docs: r({}, { path: null }) }],
    ['an object as default of a relation', { ...USER, todo: r({ owner: one('user', { default: { value: {} } }) }) }],
    ['a list of ids as default', { user: r({ tags: many('tag', { default: { value: [1, 2] } }) }), tag: r() }],
  ]
  test.each(cases)('%s', (_, given) => expect(faultsOf(given)).toEqual([]))
})

describe('resources', () => {
  test('slots: the id first wherever it is declared, stored fields in their order', () => {
    const model = link({
      a: resource({ x: text(), up: calc(), b: one('a', { nullable: true, column: 'b_id' }), key: id(), y: int() }),
    })
    const a = get(model, 'a')
    expect(a.columns.map(c => [c.name, c.column, c.slot])).toEqual([
      ['key', 'key', 0],
      ['x', 'x', 3],
      ['b', 'b_id', 4],
      ['y', 'y', 5],
    ])
    expect(a.id).toBe(a.columns[0])
    expect(a.fields.map(f => f.name)).toEqual(['x', 'up', 'b', 'key', 'y'])
    expect(a.fields.every(f => a.field.get(f.name) === f && f.owner === a)).toBe(true)
    expect(a.idType).toMatchObject({ name: 'id', key: 'integer' })
  })

  const names: [string, Partial<ResourceDef>, { title: string; paths: string[]; table: string }][] = [
    ['todo', {}, { title: 'Todo', paths: ['/todo'], table: 'todo' }],
    ['customers', {}, { title: 'Customer', paths: ['/customers'], table: 'customers' }],
    ['invoiceLines', {}, { title: 'InvoiceLine', paths: ['/invoiceLines'], table: 'invoiceLines' }],
    ['categories', {}, { title: 'Category', paths: ['/categories'], table: 'categories' }],
    ['addresses', {}, { title: 'Address', paths: ['/addresses'], table: 'addresses' }],
    ['boxes', {}, { title: 'Box', paths: ['/boxes'], table: 'boxes' }],
    ['status', { title: 'State', path: 'states/', table: 'T' }, { title: 'State', paths: ['/states'], table: 'T' }],
    ['cookie', { path: ['/a', '/b/c'] }, { title: 'Cookie', paths: ['/a', '/b/c'], table: 'cookie' }],
    ['secret', { path: null }, { title: 'Secret', paths: [], table: 'secret' }],
  ]
  test.each(names)('names of %s', (name, options, expected) => {
    expect(get(link({ [name]: r({}, options) }), name)).toMatchObject(expected)
  })

  test('options have their defaults', () => {
    const foreign = { view: true, key: ['a', 'b'] }
    const model = link({
      a: r({}, { ifMatch: 'required', limits: { page: 5 } }),
      b: resource({ id: id('text') }, { foreign }),
    })
    expect(get(model, 'a').options).toEqual({
      public: false,
      readOnly: false,
      ifMatch: 'required',
      idempotency: null,
      bulk: false,
      cache: null,
      docs: null,
      deprecation: null,
      rateLimit: [],
      limits: { page: 5 },
      foreign: null,
      ephemeral: null,
    })
    expect(get(model, 'b').options).toMatchObject({ readOnly: true, foreign })
  })

  test('everything is frozen', () => {
    const model = link({
      user: r({ tags: many('tag'), n: count('tags') }, { unique: [['id']] }),
      tag: r({ name: text({ default: { value: 'x' } }) }),
    })
    const user = get(model, 'user')
    const parts = [
      model,
      model.joins,
      model.joins[0],
      model.joins[0]!.a,
      user,
      user.fields,
      user.columns,
      user.inbound,
      user.joins,
      user.checks,
      user.unique,
      user.unique[0],
      user.paths,
      user.options,
      ...user.fields,
      get(model, 'tag').field.get('name')!.default,
    ]
    expect(parts.every(Object.isFrozen)).toBe(true)
  })
})

describe('fields', () => {
  // The properties of a field: [filterable, sortable, nullable, hidden, readonly].
  const cases: [string, FieldDef, [boolean, boolean, boolean, boolean, boolean]][] = [
    ['text', text(), [true, true, false, false, false]],
    ['narrowed text', text({ filterable: false, sortable: false }), [false, false, false, false, false]],
    ['nullable, read-only', int({ nullable: true, readonly: true }), [true, true, true, false, true]],
    ['enum', scalar(types.enum(['a'])), [true, true, false, false, false]],
    ['hidden', text({ hidden: true }), [false, false, false, true, false]],
    ['password', scalar(types.password()), [false, false, false, true, false]],
    ['json', scalar(types.json()), [true, false, false, false, false]],
    ['bytes', scalar(types.bytes()), [false, false, false, false, false]],
    ['list', scalar(types.list(types.text())), [true, false, false, false, false]],
    ['now', scalar(types.datetime(), { now: 'create' }), [true, true, false, false, true]],
    ['to-one', one('a', { nullable: true }), [true, true, true, false, false]],
    ['to-one, required', one('a'), [true, true, false, false, false]],
    ['many', many('a'), [true, false, false, false, false]],
    ['many, hidden', many('a', { hidden: true }), [false, false, false, true, false]],
    ['many, sortable', many('a', { sortable: true, nullable: true }), [true, true, false, false, false]],
    ['calc', calc(), [false, false, true, false, true]],
    ['calc with a setter, sortable', calc({ sortable: true, set: () => ({}) }), [false, true, true, false, false]],
    ['self', { is: 'self' }, [false, false, false, false, true]],
  ]
  test.each(cases)('%s', (_, def, expected) => {
    const f = get(link({ a: r({ f: def }) }), 'a').field.get('f')!
    expect([f.filterable, f.sortable, f.nullable, f.hidden, f.readonly]).toEqual(expected)
  })

  test('ids are read-only unless the client chooses them in any body', () => {
    const of = (client: boolean | 'put'): boolean =>
      get(link({ a: resource({ id: id('integer', { client }) }) }), 'a').id.readonly
    expect([of(false), of('put'), of(true)]).toEqual([true, true, false])
  })

  test('text without a bound has the general one', () => {
    const model = link(
      { a: r({ x: text(), y: scalar(types.list(types.url())), z: scalar(types.email({ max: 5 })) }) },
      { limits: { ...defaultLimits, text: 77 } },
    )
    expect(
      get(model, 'a')
        .columns.slice(1)
        .map(({ type }) => (type.list?.item ?? type).options['max']),
    ).toEqual([77, 77, 5])
  })

  test('defaults are canonical', () => {
    const from = (): string => 'x'
    const model = link({
      a: r({
        x: scalar(types.decimal({ digits: 6, places: 2 }), { default: { value: 3.5 } }),
        y: text({ default: { from } }),
        z: int({ nullable: true, default: { value: null } }),
      }),
    })
    expect(
      get(model, 'a')
        .columns.slice(1)
        .map(c => c.default),
    ).toEqual([{ value: '3.50' }, { from }, { value: null }])
  })
})

describe('relations', () => {
  test('to-one and its list', () => {
    const model = link({
      user: resource({ id: id('uuid'), todos: back('todo', 'owner', { ids: false }), n: count('todos') }),
      todo: r({ owner: one('user', { column: 'ownerId' }) }),
    })
    const owner = field<OneField>(model, 'todo.owner')
    const todos = field<BackField>(model, 'user.todos')
    expect(owner).toMatchObject({
      type: expect.objectContaining({ name: 'id', key: 'uuid' }) as unknown,
      column: 'ownerId',
      slot: 3,
      single: false,
      symmetric: false,
      onDelete: 'restrict',
      toMany: false,
    })
    expect(owner.target).toBe(get(model, 'user'))
    expect(owner.inverse).toBe(todos)
    expect(todos).toMatchObject({ type: null, toMany: true, nullable: false, ids: false })
    expect(todos.via).toBe(owner)
    expect(todos.target).toBe(get(model, 'todo'))
    expect(field<CountField>(model, 'user.n').of).toBe(todos)
    expect(get(model, 'user').inbound).toEqual([owner])
    expect(get(model, 'todo').inbound).toEqual([])
  })

  test('one-way', () => {
    const model = link({
      user: r(),
      todo: r({ owner: one('user', { nullable: true }), maker: one('user', { onDelete: 'cascade' }) }),
    })
    expect(field<OneField>(model, 'todo.owner')).toMatchObject({ inverse: null, onDelete: 'null', nullable: true })
    expect(field<OneField>(model, 'todo.maker').onDelete).toBe('cascade')
    expect(get(model, 'user').inbound.map(f => f.name)).toEqual(['owner', 'maker'])
  })

  test('one-to-one: the back says it, or the to-one does', () => {
    const model = link({
      jar: r({ lid: back('lid', 'jar', { one: true }), label: back('label', 'jar') }),
      lid: r({ jar: one('jar') }),
      label: r({ jar: one('jar', { unique: true }) }),
    })
    expect(field<OneField>(model, 'lid.jar').single).toBe(true)
    expect(field<OneField>(model, 'label.jar').single).toBe(true)
    expect(field<BackField>(model, 'jar.lid')).toMatchObject({
      toMany: false,
      nullable: true,
      type: expect.objectContaining({ name: 'id', key: 'integer' }) as unknown,
      filterable: true,
      sortable: false,
    })
    expect(field<BackField>(model, 'jar.label').toMany).toBe(true)
  })

  test('parent and children of one resource; spouses', () => {
    const model = link({
      node: r({
        parent: one('node', { nullable: true, inverse: 'kids' }),
        kids: back('node', 'parent'),
        spouse: one('node', { nullable: true, symmetric: true }),
      }),
    })
    const spouse = field<OneField>(model, 'node.spouse')
    expect(field<OneField>(model, 'node.parent').inverse).toBe(field(model, 'node.kids'))
    expect(spouse).toMatchObject({ symmetric: true, single: true })
    expect(spouse.inverse).toBe(spouse)
    expect(get(model, 'node').inbound.map(f => f.name)).toEqual(['parent', 'spouse'])
  })

  const joins: [string, Given, [table: string, a: string, b: string, symmetric: boolean][]][] = [
    ['one-way', { user: r({ tags: many('tag') }), tag: r() }, [['user_tags', 'user_id', 'tag_id', false]]],
    [
      'two-way, named on both sides',
      { user: r({ tags: many('tag', { inverse: 'users' }) }), tag: r({ users: many('user', { inverse: 'tags' }) }) },
      [['tag_users', 'tag_id', 'user_id', false]],
    ],
    [
      'two-way, named on one side',
      { user: r({ tags: many('tag') }), tag: r({ users: many('user', { inverse: 'tags' }) }) },
      [['tag_users', 'tag_id', 'user_id', false]],
    ],
    ['one-way to itself', { user: r({ idols: many('user') }) }, [['user_idols', 'user_id', 'idols_id', false]]],
    [
      'two-way to itself',
      { user: r({ idols: many('user', { inverse: 'fans' }), fans: many('user') }) },
      [['user_fans', 'user_id', 'fans_id', false]],
    ],
    [
      'symmetric',
      { country: r({ borders: many('country', { symmetric: true }) }) },
      [['country_borders', 'country_id', 'borders_id', true]],
    ],
    [
      'a field called like its resource',
      { user: r({ user: many('user') }) },
      [['user_user', 'user_id', 'user_id_2', false]],
    ],
    [
      'through',
      {
        user: r({ tags: many('tag', { through: { table: 'T', from: 'u', to: 't' } }) }),
        tag: r({ users: many('user', { inverse: 'tags' }) }),
      },
      [['T', 't', 'u', false]],
    ],
    [
      'two lists of the same resources',
      { user: r({ tags: many('tag'), likes: many('tag') }), tag: r() },
      [
        ['user_tags', 'user_id', 'tag_id', false],
        ['user_likes', 'user_id', 'tag_id', false],
      ],
    ],
  ]
  test.each(joins)('join table: %s', (_, given, expected) => {
    const model = link(given)
    expect(model.joins.map(j => [j.table, j.a.column, j.b.column, j.symmetric])).toEqual(expected)
  })

  test('both fields of a two-way pair share the join, from their own side', () => {
    const model = link({
      user: r({ tags: many('tag') }),
      tag: r({ users: many('user', { inverse: 'tags' }) }),
      other: r({ users: many('user') }),
    })
    const tags = field<ManyField>(model, 'user.tags')
    const users = field<ManyField>(model, 'tag.users')
    expect(tags.join).toBe(users.join)
    expect([users.side, tags.side]).toEqual(['a', 'b'])
    expect([users.join.a.resource, users.join.b.resource]).toEqual([get(model, 'tag'), get(model, 'user')])
    expect([tags.target, users.target]).toEqual([get(model, 'tag'), get(model, 'user')])
    expect([tags.inverse, users.inverse]).toEqual([users, tags])
    expect(get(model, 'user').joins).toEqual([tags, users, field(model, 'other.users')])
    expect(get(model, 'tag').joins).toEqual([tags, users])
    expect(field<ManyField>(model, 'other.users')).toMatchObject({
      inverse: null,
      side: 'a',
      symmetric: false,
      ids: true,
    })
  })

  test('a symmetric list is its own inverse and joins its resource once', () => {
    const model = link({ country: r({ borders: many('country', { symmetric: true }) }) })
    const borders = field<ManyField>(model, 'country.borders')
    expect(borders.inverse).toBe(borders)
    expect(borders).toMatchObject({ symmetric: true, side: 'a' })
    expect(get(model, 'country').joins).toEqual([borders])
  })
})
