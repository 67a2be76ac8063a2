import { describe, expect, test } from 'vitest'
import { t } from './builder.ts'
import type { Ctx, FieldDef } from './field.ts'
import type { ScalarType } from './scalar-type.ts'
import type { DeclaredField } from './types.ts'

const ctx: Ctx = { me: null, auth: {}, now: 0 }
/** The definition, its type as the word and the options that it was made with. */
const def = (field: DeclaredField): Partial<FieldDef> => {
  const made = field['~def']
  return 'type' in made ? Object.assign({ ...made }, { type: told(made.type) }) : made
}
const told = ({ name, options }: ScalarType): object => ({ type: name, ...options, ...toldItem(options['item']) })
const toldItem = (item: unknown): object => (item ? { item: told(item as ScalarType) } : {})
const text = (type: object): object => ({ is: 'scalar', type })

describe('a builder makes the definition', () => {
  test.each<[string, DeclaredField, object]>([
    ['id', t.id(), { is: 'scalar', type: { type: 'id', of: 'integer' }, readonly: true }],
    ['uuid', t.id('uuid'), { is: 'scalar', type: { type: 'id', of: 'uuid' }, readonly: true }],
    ['id of clients', t.id('text', { client: true }), { is: 'scalar', type: { type: 'id', of: 'text' }, client: true }],
    [
      'id by PUT',
      t.id({ client: 'put' }),
      { is: 'scalar', type: { type: 'id', of: 'integer' }, client: 'put', readonly: true },
    ],
    [
      'id of the server',
      t.id('uuid', { client: false }),
      { is: 'scalar', type: { type: 'id', of: 'uuid' }, client: false, readonly: true },
    ],
    ['text', t.text(), text({ type: 'text' })],
    [
      'text with options',
      t.text({ min: 1, max: 9, pattern: /a/, trim: true, case: 'lower' }),
      text({ type: 'text', min: 1, max: 9, pattern: /a/, trim: true, case: 'lower' }),
    ],
    ['email', t.email({ case: 'lower' }), text({ type: 'email', case: 'lower' })],
    ['url', t.url({ max: 99 }), text({ type: 'url', max: 99 })],
    ['number', t.number({ min: 0.5 }), text({ type: 'number', min: 0.5 })],
    ['integer', t.integer({ max: 5 }), text({ type: 'integer', max: 5 })],
    [
      'decimal',
      t.decimal({ digits: 6, places: 2, min: '0.00' }),
      text({ type: 'decimal', digits: 6, places: 2, min: '0.00' }),
    ],
    ['bool', t.bool(), text({ type: 'bool' })],
    ['date', t.date({ after: '2020-01-01' }), text({ type: 'date', after: '2020-01-01' })],
    [
      'datetime',
      t.datetime({ before: '2020-01-01T00:00:00Z' }),
      text({ type: 'datetime', before: '2020-01-01T00:00:00Z' }),
    ],
    ['enum', t.enum(['a', 'b']), text({ type: 'enum', values: ['a', 'b'] })],
    ['json', t.json(), text({ type: 'json' })],
    ['bytes', t.bytes({ max: 3 }), text({ type: 'bytes', max: 3 })],
    ['list of anything', t.list(), text({ type: 'list', item: null })],
    ['bounded list of anything', t.list(null, { max: 2 }), text({ type: 'list', item: null, max: 2 })],
    [
      'list',
      t.list(t.integer({ min: 1 }), { min: 1, max: 3, unique: true }),
      text({ type: 'list', item: { type: 'integer', min: 1 }, min: 1, max: 3, unique: true }),
    ],
    ['password', t.password(), text({ type: 'password', min: 8, max: 1024 })],
    ['long password', t.password({ min: 20 }), text({ type: 'password', min: 20, max: 1024 })],
    ['now', t.now(), { is: 'scalar', type: { type: 'datetime' }, now: 'create', readonly: true }],
    [
      'now on write',
      t.now({ on: 'write' }),
      { is: 'scalar', type: { type: 'datetime' }, now: 'write', readonly: true },
    ],
    ['count', t.count('todos'), { is: 'count', of: 'todos', readonly: true }],
    ['self', t.url.self(), { is: 'self', readonly: true }],
    ['absolute self', t.url.self({ absolute: true }), { is: 'self', readonly: true, absolute: true }],
    ['one', t.one('user'), { is: 'one', to: 'user' }],
    [
      'one with options',
      t.one('user', { inverse: 'x', unique: true, symmetric: true, onDelete: 'cascade' }),
      { is: 'one', to: 'user', inverse: 'x', unique: true, symmetric: true, onDelete: 'cascade' },
    ],
    ['back', t.back('todo', 'list'), { is: 'back', to: 'todo', via: 'list' }],
    [
      'back with options',
      t.back('todo', 'list', { one: true, ids: false }),
      { is: 'back', to: 'todo', via: 'list', one: true, ids: false },
    ],
    ['many', t.many('tag', { inverse: 'todos', ids: false }), { is: 'many', to: 'tag', inverse: 'todos', ids: false }],
    [
      'many through',
      t.many('tag', { symmetric: true, through: { table: 'a', from: 'b', to: 'c' } }),
      { is: 'many', to: 'tag', symmetric: true, through: { table: 'a', from: 'b', to: 'c' } },
    ],
  ])('%s', (_, field, expected) => expect(def(field)).toStrictEqual(expected))

  test('calc', () => {
    const get = (row: { a: string }): string => row.a
    const set = (_: object, value: string): { a: string } => ({ a: value })
    expect(def(t.calc({ of: t.text({ max: 5 }).nullable(), get, set, uses: ['a'] }))).toStrictEqual({
      is: 'calc',
      type: { type: 'text', max: 5 },
      nullable: true,
      get,
      set,
      uses: ['a'],
    })
    expect(def(t.calc({ of: t.text(), get }))).toStrictEqual({
      is: 'calc',
      type: { type: 'text' },
      get,
      readonly: true,
    })
  })
})

describe('a method adds to the definition', () => {
  const from = (): string => 'x'
  const may = (): boolean => true
  const test1 = (): true => true
  const test2 = (): string => 'no'
  test.each<[string, DeclaredField, object]>([
    ['column', t.text().column('txt'), { column: 'txt' }],
    ['readonly', t.text().readonly(), { readonly: true }],
    ['hidden', t.text().hidden(), { hidden: true }],
    ['nullable', t.text().nullable(), { nullable: true }],
    ['default', t.text().default('x'), { default: { value: 'x' } }],
    ['default null', t.text().nullable().default(null), { nullable: true, default: { value: null } }],
    ['default by function', t.text().default(from), { default: { from } }],
    ['unique', t.text().unique(), { unique: true }],
    ['index', t.text().index(), { index: true }],
    ['writable', t.text().writable(false), { writable: false }],
    ['writable by function', t.text().writable(may, ['a']), { writable: may, uses: ['a'] }],
    ['checks in their order', t.text().check(test1).check(test2), { checks: [test1, test2] }],
    ['sortable', t.text().sortable(), { sortable: true }],
    ['not sortable', t.text().sortable(false), { sortable: false }],
    ['filterable', t.text().filterable(), { filterable: true }],
    ['not filterable', t.text().filterable(false), { filterable: false }],
    [
      'words',
      t.text().title('T').describe('D').example('a').example('b'),
      { title: 'T', description: 'D', examples: ['a', 'b'] },
    ],
  ])('%s', (_, field, expected) =>
    expect(def(field)).toStrictEqual({ is: 'scalar', type: { type: 'text' }, ...expected }),
  )

  test.each<[string, DeclaredField, object]>([
    [
      'one',
      t.one('a').column('a_id').nullable().default(7),
      { is: 'one', to: 'a', column: 'a_id', nullable: true, default: { value: 7 } },
    ],
    [
      'back',
      t.back('a', 'b').readonly().default([1]),
      { is: 'back', to: 'a', via: 'b', readonly: true, default: { value: [1] } },
    ],
    ['many', t.many('a').hidden(), { is: 'many', to: 'a', hidden: true }],
    ['count', t.count('a').filterable(), { is: 'count', of: 'a', readonly: true, filterable: true }],
  ])('of %s', (_, field, expected) => expect(def(field)).toStrictEqual(expected))
})

describe('builders are values', () => {
  test('a method leaves its builder as it was', () => {
    const start = t.text({ max: 5 }).check(() => true)
    const before = structuredClone({ ...def(start), checks: def(start).checks?.length })
    start
      .nullable()
      .unique()
      .check(() => 'no')
      .example('x')
      .default('y')
    expect({ ...def(start), checks: def(start).checks?.length }).toStrictEqual(before)
  })

  test('one builder starts several', () => {
    const start = t.text()
    expect(def(start.nullable())).not.toHaveProperty('unique')
    expect(def(start.unique())).not.toHaveProperty('nullable')
  })

  test('everything is frozen', () => {
    const field = t
      .list(t.enum(['a']), { max: 1 })
      .check(() => true)
      .default(['a'])
      .example(['a'])
      .writable(true, ['x'])
    const parts = field['~def'] as unknown as Record<string, object>
    for (const part of [
      t,
      t.url,
      field,
      parts,
      parts['type'],
      parts['checks'],
      parts['default'],
      parts['examples'],
      parts['uses'],
    ])
      expect(Object.isFrozen(part)).toBe(true)
  })

  test('later changes of the arguments have no effect', () => {
    const values = ['a', 'b']
    const uses = ['x']
    const size = { max: 5 }
    const choice = t.enum(values)
    const limited = t.text(size).writable(() => true, uses)
    values.push('c')
    uses.push('y')
    size.max = 6
    expect(def(choice)).toMatchObject({ type: { values: ['a', 'b'] } })
    expect(def(limited)).toMatchObject({ type: { max: 5 }, uses: ['x'] })
  })
})

test('the checks of an item hold for each element of a list', () => {
  const field = t
    .list(t.integer().check(n => n % 2 === 0 || `${n} is odd`))
    .check(list => list.length > 1 || 'too short')
  const verdicts = (list: number[]): unknown[] => (def(field).checks ?? []).map(check => check(list as never, ctx))
  expect(verdicts([2, 4])).toEqual([true, true])
  expect(verdicts([2, 3, 5])).toEqual(['3 is odd', true])
  expect(verdicts([1])).toEqual(['1 is odd', 'too short'])
})
