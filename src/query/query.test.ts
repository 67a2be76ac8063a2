import { describe, expect, test } from 'vitest'
import { ApiError } from '../protocol/error.ts'
import { defaultLimits, type Limits } from '../protocol/limits.ts'
import { defineMode } from '../schema/read/input-mode.ts'
import { relate, scopeOf } from '../testing/scope.ts'
import { encodeCursor } from './cursor.ts'
import { printFilter, printSort } from './predicate.ts'
import { decodeQuery, decodeQueryObject, type Decoded, type QueryOptions, type QueryTarget } from './query.ts'
import * as types from '../schema/field-types/built-in.ts'

const customer = scopeOf('customer', {
  name: types.text({ max: 64 }),
  email: types.email({ case: 'lower' }),
  tier: types.enum(['free', 'pro']),
  tags: types.list(types.text()),
  scores: types.list(types.integer()),
  born: types.date(),
  createdAt: types.datetime(),
  price: types.decimal({ digits: 8, places: 2 }),
  rate: types.number({ min: 0 }),
  rank: types.integer({ max: 10 }),
  active: types.bool(),
  extra: types.json(),
  secret: { type: types.text(), hidden: true, filterable: false, sortable: false },
  plain: { type: types.text(), filterable: false, sortable: false },
  initials: { is: 'calc', type: types.text(), filterable: false, sortable: false },
  limit: types.integer(),
})
const order = scopeOf('order', { date: types.date(), total: types.number() })
const card = scopeOf('card', { code: types.text() })
relate(order, { customer: { target: customer } })
relate(customer, {
  orders: { target: order, is: 'back', toMany: true, sortable: false },
  card: { target: card, is: 'back', sortable: false },
  friends: { target: customer, is: 'many', toMany: true, sortable: false },
  boss: { target: customer },
  ghost: { target: card, hidden: true },
})

const key = new Uint8Array(32).fill(7)

function decode(
  text: string,
  options: QueryOptions = {},
  target: QueryTarget = 'list',
  limits: Limits = defaultLimits,
): Decoded {
  return decodeQuery(customer, [...new URLSearchParams(text)], limits, target, { cursorKey: key, ...options })
}

const decodeObject = (object: Record<string, unknown>, options: QueryOptions = {}): Decoded =>
  decodeQueryObject(customer, object, defaultLimits, 'list', { cursorKey: key, ...options })

function refusal(attempt: () => unknown): ApiError {
  try {
    attempt()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const json = (filter: unknown): string => `filter=${encodeURIComponent(JSON.stringify(filter))}`

describe('the flat form', () => {
  // A query in a URL, and the same in the JSON form.
  test.each<[string, unknown]>([
    ['', {}],
    ['name=ann', { name: 'ann' }],
    ['name=', { name: '' }],
    ['name=a+b%2Bc', { name: 'a b+c' }],
    ['rank=3', { rank: 3 }],
    ['rank=99', { rank: 99 }],
    ['rate[gte]=-1.5', { rate: { $gte: -1.5 } }],
    ['rank%5Bgte%5D=1&rank%5Blt%5D=5', { $and: [{ rank: { $gte: 1 } }, { rank: { $lt: 5 } }] }],
    ['active=false', { active: false }],
    ['email=ANN@x.io', { email: 'ann@x.io' }],
    ['tier[ne]=pro', { tier: { $ne: 'pro' } }],
    ['createdAt[gt]=2026-01-02T01:00:00%2B01:00', { createdAt: { $gt: '2026-01-02T00:00:00.000Z' } }],
    ['price[lte]=9.5', { price: { $lte: '9.50' } }],
    ['id[in]=1,2', { id: { $in: [1, 2] } }],
    ['id[in]=2&id[in]=1', { id: { $in: [1, 2] } }],
    ['name[in]=a,b&name[in]=c', { name: { $in: ['a,b', 'c'] } }],
    ['id[nin]=1', { id: { $nin: [1] } }],
    ['name[null]=true', { name: null }],
    ['name[null]=false', { name: { $null: false } }],
    ['name[contains]=%25', { name: { $contains: '%' } }],
    ['name[icontains]=WID', { name: { $icontains: 'WID' } }],
    ['name[istartsWith]=a', { name: { $istartsWith: 'a' } }],
    ['name[iendsWith]=a', { name: { $iendsWith: 'a' } }],
    ['name[ieq]=a', { name: { $ieq: 'a' } }],
    ['tags[has]=eu', { tags: { $has: 'eu' } }],
    ['tags[hasAny]=eu,us', { tags: { $hasAny: ['eu', 'us'] } }],
    ['scores[hasAll]=1,2', { scores: { $hasAll: [1, 2] } }],
    ['tags[size]=2', { tags: { $size: 2 } }],
    ['orders[size]=0', { orders: { $size: 0 } }],
    ['boss=1', { boss: 1 }],
    ['boss[null]=true', { boss: null }],
    ['boss.name=ann', { boss: { name: 'ann' } }],
    ['boss.boss.tier[in]=pro,free', { boss: { boss: { tier: { $in: ['free', 'pro'] } } } }],
    ['card=5', { card: { id: 5 } }],
    ['card[ne]=5', { $not: { card: { id: 5 } } }],
    ['card[null]=true', { $not: { card: {} } }],
    ['card.code=x', { card: { code: 'x' } }],
    [`name=a&${json({ rank: 1 })}`, { name: 'a', rank: 1 }],
    ['filter=&sort=', {}],
  ])('%s', (text, filter) => {
    const { query } = decode(text)
    expect(JSON.parse(printFilter(query!.where))).toEqual(filter)
  })

  test.each<[string, string, string, string]>([
    ['nope=1', 'unknown_param', 'unknown_param', 'nope'],
    ['secret=1', 'unknown_param', 'unknown_param', 'secret'],
    ['secret[startsWith]=a', 'unknown_param', 'unknown_param', 'secret[startsWith]'],
    ['ghost.code=1', 'unknown_param', 'unknown_param', 'ghost.code'],
    ['__proto__[polluted]=1', 'unknown_param', 'unknown_param', '__proto__[polluted]'],
    ['name.length=1', 'unknown_param', 'unknown_param', 'name.length'],
    ['name[eq=1', 'unknown_param', 'unknown_param', 'name[eq'],
    ['q=x', 'unknown_param', 'unknown_param', 'q'],
    ['plain=1', 'forbidden_field', 'forbidden_field', 'plain'],
    ['initials=AB', 'forbidden_field', 'forbidden_field', 'initials'],
    ['rate[contains]=1', 'validation', 'unknown_operator', 'rate[contains]'],
    ['name[regex]=1', 'validation', 'unknown_operator', 'name[regex]'],
    ['name[constructor]=1', 'validation', 'unknown_operator', 'name[constructor]'],
    ['name[]=1', 'validation', 'unknown_operator', 'name[]'],
    ['active[gt]=true', 'validation', 'unknown_operator', 'active[gt]'],
    ['extra[gt]=1', 'validation', 'unknown_operator', 'extra[gt]'],
    ['extra=x', 'validation', 'format', 'extra'],
    ['tags=eu', 'validation', 'unknown_operator', 'tags'],
    ['orders=1', 'validation', 'unknown_operator', 'orders'],
    ['orders.total=1', 'validation', 'unknown_operator', 'orders.total'],
    ['rate[gte]=cheap', 'validation', 'type', 'rate[gte]'],
    ['rank=01', 'validation', 'type', 'rank'],
    ['rank=', 'validation', 'type', 'rank'],
    ['active=1', 'validation', 'type', 'active'],
    ['tier=gold', 'validation', 'enum', 'tier'],
    ['name[null]=yes', 'validation', 'type', 'name[null]'],
    ['tags[size]=-1', 'validation', 'range', 'tags[size]'],
    ['name=a&name=b', 'validation', 'duplicate', 'name'],
    ['name[ne]=a&name[ne]=b', 'validation', 'duplicate', 'name[ne]'],
    ['boss.boss.boss.boss.boss.boss.boss=1', 'unknown_param', 'unknown_param', 'boss.boss.boss.boss.boss.boss.boss'],
  ])('%s is refused', (text, code, issue, parameter) => {
    const error = refusal(() => decode(text))
    expect([error.code, error.issues[0]?.code, error.issues[0]?.parameter]).toEqual([code, issue, parameter])
    expect(error.status).toBe(400)
  })

  test('a hidden field looks like a missing one', () => {
    const texts = ['secret=1', 'absent=1'].map(text => refusal(() => decode(text)))
    const [hidden, absent] = texts.map(error => JSON.stringify([error.code, error.message, error.issues]))
    expect(hidden!.replaceAll('secret', 'absent')).toBe(absent)
  })

  test('all faults are reported at once', () => {
    const error = refusal(() => decode('nope=1&rank=x&sort=nope&limit=-1'))
    expect(error.issues.map(issue => issue.parameter)).toEqual(['nope', 'rank', 'sort', 'limit'])
    expect(error.code).toBe('validation')
  })
})

describe('the JSON form', () => {
  test.each<[unknown, unknown?]>([
    [{}],
    [{ name: 'ann', tier: 'pro' }],
    [{ name: null }],
    [{ name: { $eq: null } }, { name: null }],
    [{ name: { $ne: null } }, { name: { $null: false } }],
    [{ name: { $null: true } }, { name: null }],
    [{ rank: { $in: [3, 1, 3, null] } }, { $or: [{ rank: null }, { rank: { $in: [1, 3] } }] }],
    [{ rank: { $nin: [1, null] } }, { $and: [{ rank: { $nin: [1] } }, { rank: { $null: false } }] }],
    [{ rank: { $gte: 1, $lt: 5 } }, { $and: [{ rank: { $gte: 1 } }, { rank: { $lt: 5 } }] }],
    [{ $or: [{ id: 1 }, { id: { $gte: 54 } }] }],
    [{ $or: [] }],
    [{ $and: [] }, {}],
    [{ $and: [{ name: 'b' }, { $and: [{ rank: 1 }] }] }, { name: 'b', rank: 1 }],
    [{ $not: { id: 1 } }],
    [{ $not: { $not: { id: 1 } } }, { id: 1 }],
    [{ boss: { name: 'x', $null: false } }, { $and: [{ boss: { $null: false } }, { boss: { name: 'x' } }] }],
    [{ boss: { $in: [1] } }],
    [{ boss: { $or: [{ name: 'x' }, { rank: 1 }] } }],
    [{ boss: { $not: { name: 'x' } } }],
    [{ boss: {} }],
    [{ card: null }, { $not: { card: {} } }],
    [{ card: { $in: [1, null] } }, { $or: [{ $not: { card: {} } }, { card: { id: { $in: [1] } } }] }],
    [{ orders: { $some: { total: { $gte: 5 } } } }],
    [
      { orders: { $every: { total: 1 }, $size: 2 } },
      { $and: [{ orders: { $every: { total: 1 } } }, { orders: { $size: 2 } }] },
    ],
    [{ friends: { $none: { friends: { $some: {} } } } }],
    [{ tags: { $hasAll: ['b', 'a', 'b'] } }, { tags: { $hasAll: ['a', 'b'] } }],
    [{ extra: null }],
    [{ limit: 5 }],
  ])('%j', (filter, printed = filter) => {
    const { query } = decodeObject({ filter })
    const text = printFilter(query!.where)
    expect(JSON.parse(text)).toEqual(printed)
    // The printed text is canonical: it has the same meaning and prints the same.
    expect(printFilter(decodeObject({ filter: JSON.parse(text) }).query!.where)).toBe(text)
    expect(printFilter(decode(json(filter)).query!.where)).toBe(text)
  })

  test.each<[unknown, string, string]>([
    [5, 'type', '#/filter'],
    [[], 'type', '#/filter'],
    [null, 'type', '#/filter'],
    ['x', 'type', '#/filter'],
    [{ nope: 1 }, 'unknown_field', '#/filter/nope'],
    [{ secret: 1 }, 'unknown_field', '#/filter/secret'],
    [{ 'boss.name': 1 }, 'unknown_field', '#/filter/boss.name'],
    [{ plain: 1 }, 'forbidden_field', '#/filter/plain'],
    [{ constructor: { eq: 1 } }, 'unknown_field', '#/filter/constructor'],
    [{ $nor: [] }, 'unknown_operator', '#/filter/$nor'],
    [{ $or: {} }, 'type', '#/filter/$or'],
    [{ $or: [1] }, 'type', '#/filter/$or/0'],
    [{ $not: [] }, 'type', '#/filter/$not'],
    [{ rate: { $contains: '1' } }, 'unknown_operator', '#/filter/rate/$contains'],
    [{ rate: { gte: 1 } }, 'unknown_operator', '#/filter/rate/gte'],
    [{ rate: { '= 1 or 1=1': 1 } }, 'unknown_operator', '#/filter/rate/= 1 or 1=1'],
    [{ rate: {} }, 'type', '#/filter/rate'],
    [{ rate: '5' }, 'type', '#/filter/rate'],
    [{ rate: { $gte: null } }, 'type', '#/filter/rate/$gte'],
    [{ rate: { $in: 5 } }, 'type', '#/filter/rate/$in'],
    [{ rate: { $in: [1, 'x'] } }, 'type', '#/filter/rate/$in'],
    [{ rate: [1] }, 'type', '#/filter/rate'],
    [{ name: { $contains: 1 } }, 'type', '#/filter/name/$contains'],
    [{ name: { $null: 1 } }, 'type', '#/filter/name/$null'],
    [{ boss: 'x' }, 'type', '#/filter/boss'],
    [{ boss: { nope: 1 } }, 'unknown_field', '#/filter/boss/nope'],
    [{ boss: { $some: {} } }, 'unknown_operator', '#/filter/boss/$some'],
    [{ orders: 1 }, 'unknown_operator', '#/filter/orders'],
    [{ orders: { total: 1 } }, 'unknown_operator', '#/filter/orders/total'],
    [{ orders: { $some: 1 } }, 'type', '#/filter/orders/$some'],
    [{ orders: { toString: {} } }, 'unknown_operator', '#/filter/orders/toString'],
    [{ orders: {} }, 'type', '#/filter/orders'],
    [{ extra: { a: 1 } }, 'unknown_operator', '#/filter/extra/a'],
    [{ tags: ['a'] }, 'unknown_operator', '#/filter/tags'],
  ])('%j is refused', (filter, code, pointer) => {
    const error = refusal(() => decodeObject({ filter }))
    expect([error.issues[0]?.code, decodeURIComponent(error.issues[0]!.pointer!)]).toEqual([code, pointer])
    expect(error.code).toBe(code === 'forbidden_field' ? code : 'validation')
  })

  test.each([
    ['filter=%7B', 'bad_json'],
    ['filter=%7B%22id%22%3A1%2C%22id%22%3A2%7D', 'duplicate_key'],
    ['filter=%7B%22__proto__%22%3A%7B%22x%22%3A1%7D%7D', 'validation'],
    ['filter=5', 'validation'],
  ])('%s in a URL is %s, and names the parameter', (text, code) => {
    const error = refusal(() => decode(text))
    expect([error.code, error.issues[0]?.parameter]).toEqual([code, 'filter'])
  })

  test('too much at once', () => {
    const nested = (depth: number): unknown => (depth === 0 ? { id: 1 } : { $not: nested(depth - 1) })
    const wide = (count: number): unknown => ({ $or: Array.from({ length: count }, (_, id) => ({ id })) })
    const long = (count: number): unknown => ({ id: { $in: Array.from({ length: count }, (_, id) => id) } })
    for (const fits of [nested(5), wide(49), long(1000)]) decodeObject({ filter: fits })
    for (const filter of [nested(6), wide(50), long(1001)]) {
      expect(refusal(() => decodeObject({ filter })).code).toBe('too_complex')
    }
    const many = Array.from({ length: 51 }, (_, i) => `rank[gt]=${i}`).join('&')
    expect(refusal(() => decode(many)).code).toBe('validation')
    expect(refusal(() => decode(Array.from({ length: 101 }, () => 'a=1').join('&'))).code).toBe('too_complex')
  })

  test('another mode reads the values of this form, and of no other', () => {
    const cast = { mode: defineMode('cast', { integer: Number, id: Number }) }
    expect(printFilter(decode(json({ rank: '2', boss: '1' }), cast).query!.where)).toBe('{"boss":1,"rank":2}')
    expect(refusal(() => decode('rank=02', cast)).issues[0]?.code).toBe('type')
  })
})

describe('sort', () => {
  test.each([
    ['sort=-createdAt,name', '-createdAt,name'],
    ['sort=%5B%22-createdAt%22,%22name%22%5D', '-createdAt,name'],
    ['sort=boss.name', 'boss.name'],
    ['sort=id', 'id'],
    ['sort=id,-id', 'id'],
    ['sort=', ''],
    ['', ''],
  ])('%s', (text, printed) => {
    expect(printSort(decode(text).query!.sort)).toBe(printed)
  })

  test.each([
    ['nope', 'unknown_field'],
    ['secret', 'unknown_field'],
    ['null', 'unknown_field'],
    ['"id"', 'unknown_field'],
    ['id"', 'unknown_field'],
    ['(select 1)', 'unknown_field'],
    ['--id', 'unknown_field'],
    ['id,', 'unknown_field'],
    ['ghost.code', 'unknown_field'],
    ['plain', 'forbidden_field'],
    ['orders', 'forbidden_field'],
    ['orders.total', 'forbidden_field'],
    ['[1]', 'type'],
    ['id,name,rank,rate,tier', 'length'],
  ])('%s is refused', (sort, code) => {
    const error = refusal(() => decode(`sort=${encodeURIComponent(sort)}`))
    expect([error.issues[0]?.code, error.issues[0]?.parameter]).toEqual([code, 'sort'])
  })

  test('an object takes both forms', () => {
    expect(printSort(decodeObject({ sort: ['-rank', 'name'] }).query!.sort)).toBe('-rank,name')
    expect(printSort(decodeObject({ sort: '-rank,name' }).query!.sort)).toBe('-rank,name')
    expect(refusal(() => decodeObject({ sort: { rank: 1 } })).issues[0]?.pointer).toBe('#/sort')
  })
})

describe('pages', () => {
  test.each<[string, number | null, number, boolean]>([
    ['', 25, 0, false],
    ['limit=10', 10, 0, false],
    ['limit=0&total=true', 0, 0, true],
    ['limit=100000', 100, 0, false],
    ['limit=99999999999999999999', 100, 0, false],
    ['offset=500&total=false', 25, 500, false],
    ['offset=10000', 25, 10_000, false],
  ])('%s', (text, limit, offset, total) => {
    expect(decode(text).query).toMatchObject({ limit, offset, total })
  })

  test.each([
    ['limit=-1', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=010', 'limit'],
    ['limit=1;DROP', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['offset=10001', 'offset'],
    ['offset=0 UNION', 'offset'],
    ['total=1', 'total'],
    ['cursor=', 'cursor'],
    ['cursor=eyJpZCI6MX0', 'cursor'],
  ])('%s is refused', (text, parameter) => {
    const error = refusal(() => decode(text))
    expect([error.code, error.issues[0]?.parameter]).toEqual(['validation', parameter])
  })

  test('a program need not have bounds', () => {
    const free = { page: null, maxPage: null }
    expect(decodeObject({}, free).query!.limit).toBeNull()
    expect(decodeObject({ limit: 5_000 }, free).query!.limit).toBe(5_000)
    expect(decodeQuery(customer, [], defaultLimits, 'list', free).query!.limit).toBeNull()
    expect(decodeObject({ limit: 5_000 }, { page: null }).query!.limit).toBe(100)
  })

  test('a cursor fits the list that it came from', () => {
    const { query } = decode('sort=-rank&tier=pro')
    const cursor = encodeCursor(key, 'customer', query!, { before: true, keys: [3, null, 'ä'] })
    expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/)
    expect(decode(`limit=5&sort=-rank&tier=pro&cursor=${cursor}`).query!.cursor).toEqual({
      before: true,
      keys: [3, null, 'ä'],
    })
    const others = ['sort=rank&tier=pro', 'sort=-rank', `sort=-rank&tier=pro&name=x`]
    for (const other of others) {
      expect(refusal(() => decode(`${other}&cursor=${cursor}`)).issues[0]?.parameter).toBe('cursor')
    }
    const changed = [
      `${cursor}A`,
      cursor.slice(0, -1),
      `${cursor}=`,
      cursor.replace(/^./, c => (c === 'A' ? 'B' : 'A')),
    ]
    for (const text of changed)
      expect(refusal(() => decode(`sort=-rank&tier=pro&cursor=${encodeURIComponent(text)}`)).code).toBe('validation')
    const elsewhere = encodeCursor(new Uint8Array(32), 'customer', query!, { before: false, keys: [1] })
    expect(refusal(() => decode(`sort=-rank&tier=pro&cursor=${elsewhere}`)).code).toBe('validation')
  })

  test('a cursor and an offset exclude each other', () => {
    expect(refusal(() => decode('offset=5&cursor=x')).issues[0]?.code).toBe('vague')
  })
})

describe('shape', () => {
  test.each<[string, unknown]>([
    ['', { depth: 1, include: [], fields: null }],
    ['depth=0', { depth: 0, include: [], fields: null }],
    ['depth=3', { depth: 3, include: [], fields: null }],
    ['include=orders,boss.boss,boss', { depth: 1, include: ['boss', 'boss.boss', 'orders'], fields: null }],
    ['fields=name,id,boss.name,name', { depth: 1, include: [], fields: ['boss.name', 'id', 'name'] }],
    ['fields=initials,plain', { depth: 1, include: [], fields: ['initials', 'plain'] }],
  ])('%s', (text, shape) => {
    expect(decode(text).shape).toEqual(shape)
    expect(decode(text, {}, 'item')).toEqual({ query: null, shape })
  })

  test.each([
    ['depth=4', 'depth'],
    ['depth=-1', 'depth'],
    ['depth=x', 'depth'],
    ['depth=0&depth=1', 'depth'],
    ['fields=id,nope', 'fields'],
    ['fields=id,secret', 'fields'],
    ['fields=__proto__,constructor', 'fields'],
    ['fields=name.length', 'fields'],
    ['fields=boss.boss.boss.boss.name', 'fields'],
    ['include=name', 'include'],
    ['include=ghost', 'include'],
    ['include=boss.boss.boss.boss', 'include'],
  ])('%s is refused', (text, parameter) => {
    const error = refusal(() => decode(text))
    expect([error.code, error.issues[0]?.parameter]).toEqual(['validation', parameter])
  })

  test.each(['limit=1', 'filter={}', 'name=x', 'sort=id', 'cursor=x', 'total=true'])(
    '%s has no meaning for an item',
    text => {
      expect(refusal(() => decode(text, {}, 'item')).code).toBe('unknown_param')
    },
  )
})

test('an object has words only, and says where', () => {
  const error = refusal(() => decodeObject({ name: 'x', filter: { nope: 1 }, limit: '5', fields: [1] }))
  expect(error.issues.map(issue => issue.pointer)).toEqual(['#/name', '#/fields', '#/filter/nope', '#/limit'])
})

test('handled leniently, unknown parameters are named and dropped; other faults stay', () => {
  const ignored: string[] = []
  const { query } = decode('nope=1&rank=3&secret=1', { ignored })
  expect(ignored).toEqual(['nope', 'secret'])
  expect(printFilter(query!.where)).toBe('{"rank":3}')
  expect(refusal(() => decode('nope=1&rank=x', { ignored: [] })).issues).toHaveLength(1)
})
