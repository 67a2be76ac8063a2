import { beforeEach, describe, expect, test } from 'vitest'
import { api, type Api } from '../../../api.ts'
import { resource } from '../../../model/declare/resource.ts'
import { t } from '../../../schema/builder.ts'

const JSON_API = 'application/vnd.api+json'
const HAL = 'application/hal+json'
const SIREN = 'application/vnd.siren+json'

let app: Api
beforeEach(async () => {
  const made = api(
    {
      user: resource({ id: t.id(), name: t.text(), orders: t.back('order', 'user') }).public(),
      product: resource({ id: t.id('text', { client: true }), name: t.text(), tags: t.many('tag') }).public(),
      tag: resource({ id: t.id(), name: t.text() }).public(),
      order: resource({
        id: t.id(),
        user: t.one('user'),
        product: t.one('product').nullable(),
        others: t.many('product', { ids: false }),
        count: t.integer().default(1),
      }).public(),
    },
    { report: () => {}, http: { prefix: '/api' } },
  )
  await made.post('tag', [{ name: 'a' }, { name: 'b' }])
  await made.post('user', [{ name: 'Ann' }, { name: 'Bob' }])
  await made.post('product', [
    { id: 'x', name: 'X', tags: [1, 2] },
    { id: 'y/z', name: 'Y' },
  ])
  await made.post('order', [
    { user: 1, product: 'x', others: ['x', 'y/z'] },
    { user: 1, count: 2 },
    { user: 2, product: 'y/z' },
  ])
  app = made
})

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of all kinds
type Any = any

async function ask(path: string, accept: string, init: RequestInit & { type?: string } = {}) {
  const headers = { accept, ...(init.type === undefined ? {} : { 'content-type': init.type }) }
  const response = await app.fetch(new Request(`http://shop${path}`, { ...init, headers }))
  const text = await response.text()
  const body: Any = text === '' ? null : JSON.parse(text)
  return { status: response.status, headers: response.headers, body }
}

const send = (method: string, path: string, accept: string, type: string, body: unknown) =>
  ask(path, accept, { method, type, body: JSON.stringify(body) })

describe('HAL', () => {
  test('a row: its relations are links', async () => {
    const { body, headers } = await ask('/api/order/1', HAL)
    expect(headers.get('content-type')).toBe(HAL)
    expect(body).toEqual({
      _links: {
        self: { href: '/api/order/1' },
        user: { href: '/api/user/1' },
        product: { href: '/api/product/x' },
        others: { href: '/api/order/1/others' },
      },
      id: 1,
      count: 1,
    })
    expect((await ask('/api/order/2', HAL)).body._links).not.toHaveProperty('product')
  })

  test('expanded rows are embedded, at every level', async () => {
    const { body } = await ask('/api/user/1?include=orders.product', HAL)
    expect(body._links.orders).toEqual({ href: '/api/user/1/orders' })
    expect(body._embedded.orders).toMatchObject([
      { id: 1, _links: { self: { href: '/api/order/1' } }, _embedded: { product: { id: 'x', name: 'X' } } },
      { id: 2, _embedded: { product: null } },
    ])
  })

  test('a list: pages are links', async () => {
    const { body } = await ask('/api/order?limit=2&total=true&fields=count', HAL)
    expect(body).toMatchObject({ count: 2, total: 3 })
    expect(body._embedded.order.map((row: Any) => [row.id, row._links.self.href])).toEqual([
      [1, '/api/order/1'],
      [2, '/api/order/2'],
    ])
    const next = await ask(body._links.next.href, HAL)
    expect(next.body._embedded.order.map((row: Any) => row.id)).toEqual([3])
    expect((await ask(next.body._links.prev.href, HAL)).body._embedded.order).toHaveLength(2)
  })

  test('every link of every row leads somewhere', async () => {
    const seen = new Set<string>()
    const walk = async (href: string): Promise<void> => {
      if (seen.has(href)) return
      seen.add(href)
      const { status, body } = await ask(href, HAL)
      expect([href, status]).toEqual([href, 200])
      const rows: Any[] = Object.values(body._embedded ?? {}).flat()
      const links = [body, ...rows].flatMap((row: Any) => Object.values(row._links)) as { href: string }[]
      for (const link of links) await walk(link.href)
    }
    await walk('/api/user')
    expect(seen.size).toBeGreaterThan(12)
    expect(seen).toContain('/api/product/y%2Fz')
  })

  test('a representation that was read can be PUT back', async () => {
    const { body } = await ask('/api/order/1', HAL)
    const put = await send('PUT', '/api/order/1', HAL, HAL, { ...body, count: 7 })
    expect([put.status, put.body.count, put.body._links.product.href]).toEqual([200, 7, '/api/product/x'])
  })

  test.each<[string, unknown, string]>([
    ['no links', 5, '#/_links'],
    ['a list of links', [], '#/_links'],
    ['a relation that is no link', { product: '/api/product/x' }, '#/_links/product'],
    ['a link that leads nowhere', { product: { href: 5 } }, '#/_links/product'],
  ])('a body with %s is refused', async (_, links, at) => {
    const { status, body } = await send('POST', '/api/order', HAL, HAL, { _links: links, count: 1 })
    expect([status, body.errors[0].pointer]).toEqual([400, at])
  })

  test('entity tags differ from those of JSON, and a write accepts either', async () => {
    const [hal, plain] = await Promise.all([ask('/api/order/1', HAL), ask('/api/order/1', 'application/json')])
    expect(hal.headers.get('etag')).not.toBe(plain.headers.get('etag'))
    const response = await app.fetch(
      new Request('http://shop/api/order/1', {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', 'if-match': hal.headers.get('etag')! },
        body: '{"count":3}',
      }),
    )
    expect(response.status).toBe(200)
  })
})

describe('JSON:API 1.1', () => {
  test('a row', async () => {
    const { body, headers } = await ask('/api/order/1', JSON_API)
    expect(headers.get('content-type')).toBe(JSON_API)
    expect(body).toEqual({
      jsonapi: { version: '1.1' },
      data: {
        type: 'order',
        id: '1',
        attributes: { count: 1 },
        relationships: {
          user: { data: { type: 'user', id: '1' }, links: { related: '/api/user/1' } },
          product: { data: { type: 'product', id: 'x' }, links: { related: '/api/product/x' } },
          others: { links: { related: '/api/order/1/others' } },
        },
        links: { self: '/api/order/1' },
      },
      links: { self: '/api/order/1' },
    })
  })

  test('full linkage: an expanded row is in included once, and something points to it', async () => {
    const { body } = await ask('/api/order?include=user.orders,product.tags', JSON_API)
    const key = ({ type, id }: Any): string => `${type} ${id}`
    const included: string[] = body.included.map(key)
    expect(new Set(included).size).toBe(included.length)
    // user.orders leads back to primary data, which is not repeated
    expect(included.toSorted()).toEqual(['product x', 'product y/z', 'tag 1', 'tag 2', 'user 1', 'user 2'])
    const pointed = new Set(
      [...body.data, ...body.included]
        .flatMap((row: Any) => Object.values(row.relationships ?? {}))
        .flatMap((relationship: Any) => relationship.data ?? [])
        .map(key),
    )
    for (const one of included) expect(pointed).toContain(one)
    expect(body.data[1].relationships.product).toEqual({ data: null })
  })

  test('a list has links to its pages, and the total in meta', async () => {
    const { body } = await ask('/api/order?limit=2&total=true&sort=-id', JSON_API)
    expect(body.data.map((row: Any) => row.id)).toEqual(['3', '2'])
    expect(body.meta).toEqual({ total: 3 })
    expect(body.links).toMatchObject({ self: '/api/order?limit=2&total=true&sort=-id', prev: null })
    expect((await ask(body.links.next, JSON_API)).body.data.map((row: Any) => row.id)).toEqual(['1'])
  })

  test('a document creates, changes and clears', async () => {
    const created = await send('POST', '/api/order', JSON_API, JSON_API, {
      data: {
        type: 'order',
        attributes: { count: 4 },
        relationships: {
          user: { data: { type: 'user', id: '2' } },
          others: { data: [{ type: 'product', id: 'x' }] },
        },
      },
    })
    expect([created.status, created.headers.get('location')]).toEqual([201, '/api/order/4'])
    expect(created.body.data).toMatchObject({ id: '4', attributes: { count: 4 } })
    expect((await app.safe.list('order', { filter: { id: 4 }, include: ['others'] })).body).toMatchObject([
      { user: 2, others: [{ id: 'x' }] },
    ])
    const patched = await send('PATCH', '/api/order/1', JSON_API, JSON_API, {
      data: { type: 'order', id: '1', relationships: { product: { data: null } } },
    })
    expect(patched.body.data.relationships.product).toEqual({ data: null })
    const chosen = await send('POST', '/api/product', JSON_API, JSON_API, {
      data: { type: 'product', id: 'q', attributes: { name: 'Q' } },
    })
    expect([chosen.status, chosen.body.data.id]).toEqual([201, 'q'])
  })

  test.each<[string, unknown, number, string | undefined]>([
    ['/api/order', { data: { type: 'user', attributes: {} } }, 409, '/data/type'],
    ['/api/order', { data: [] }, 400, '/data'],
    ['/api/order', {}, 400, '/data'],
    ['/api/order', { data: { type: 'order', attributes: 5 } }, 400, '/data/attributes'],
    ['/api/order', { data: { type: 'order', attributes: { count: 'x', user: 1 } } }, 400, '/data/attributes/count'],
    [
      '/api/order',
      { data: { type: 'order', relationships: { user: { data: { type: 'tag', id: '1' } } } } },
      400,
      '/data/relationships/user/data',
    ],
    [
      '/api/order',
      { data: { type: 'order', relationships: { count: { data: null } } } },
      400,
      '/data/relationships/count',
    ],
    [
      '/api/order',
      { data: { type: 'order', relationships: { user: { data: { type: 'user', id: '01' } } } } },
      400,
      '/data/relationships/user/data/id',
    ],
  ])('POST %s %j is refused at its place', async (path, document, status, at) => {
    const answer = await send('POST', path, JSON_API, JSON_API, document)
    expect(answer.headers.get('content-type')).toBe(JSON_API)
    expect([answer.status, answer.body.errors[0].source?.pointer]).toEqual([status, at])
    expect(answer.body.errors[0].status).toBe(String(status))
  })

  test('another id than the URI names is a conflict', async () => {
    const document = { data: { type: 'order', id: '2', attributes: { count: 1 } } }
    expect((await send('PATCH', '/api/order/1', JSON_API, JSON_API, document)).status).toBe(409)
  })

  test.each([
    [`${JSON_API};charset=utf-8`, 415],
    [`${JSON_API}; ext="https://jsonapi.org/ext/atomic"`, 415],
    [`${JSON_API};profile="https://example.com/p"`, 201],
    [JSON_API, 201],
  ])('a body of %s: %i', async (type, status) => {
    const document = { data: { type: 'tag', attributes: { name: 'c' } } }
    expect((await send('POST', '/api/tag', JSON_API, type, document)).status).toBe(status)
  })

  test.each([
    [`${JSON_API};charset=utf-8`, 406],
    [`${JSON_API};ext="x"`, 406],
    [`${JSON_API};ext="x", ${JSON_API}`, 200],
    [`${JSON_API};profile="https://example.com/p"`, 200],
    [`${JSON_API};q=0.5`, 200],
  ])('Accept: %s: %i', async (accept, status) => expect((await ask('/api/tag/1', accept)).status).toBe(status))

  test('a fault names its parameter', async () => {
    const { status, body } = await ask('/api/tag?nope=1', JSON_API)
    expect([status, body.errors[0].source]).toEqual([400, { parameter: 'nope' }])
    expect((await ask('/api/tag/77', JSON_API)).body.errors).toMatchObject([{ status: '404', code: 'not_found' }])
  })
})

describe('Siren', () => {
  test('an entity has its links and forms', async () => {
    const { body } = await ask('/api/order/1?include=user', SIREN)
    expect(body).toMatchObject({
      class: ['order'],
      properties: { id: 1, count: 1 },
      entities: [{ rel: ['user'], class: ['user'], properties: { name: 'Ann' } }],
      links: [
        { rel: ['self'], href: '/api/order/1' },
        { rel: ['product'], href: '/api/product/x' },
        { rel: ['others'], href: '/api/order/1/others' },
      ],
    })
    expect(body.actions).toEqual([
      {
        name: 'patch',
        method: 'PATCH',
        href: '/api/order/1',
        type: 'application/json',
        fields: [
          { name: 'user', type: 'text' },
          { name: 'product', type: 'text' },
          { name: 'count', type: 'number' },
        ],
      },
      { name: 'delete', method: 'DELETE', href: '/api/order/1' },
    ])
    const list = await ask('/api/order?limit=1', SIREN)
    expect(list.body).toMatchObject({ class: ['order', 'collection'], properties: { count: 1 } })
    expect(list.body.links.map((link: Any) => link.rel[0])).toEqual(['self', 'first', 'next'])
  })
})

describe('URLs in the place of ids', () => {
  const JSON_TYPE = 'application/json'
  test.each<[string, unknown]>([
    ['a path', { user: '/api/user/2', product: '/api/product/y%2Fz' }],
    ['a URL of this host', { user: 'http://shop/api/user/2', product: 'HTTP://shop/api/product/y%2Fz' }],
  ])('%s', async (_, body) => {
    const { status, body: made } = await send('POST', '/api/order', JSON_TYPE, JSON_TYPE, body)
    expect([status, made.user, made.product]).toEqual([201, 2, 'y/z'])
  })

  test('in lists, in nested bodies, in several rows at once', async () => {
    const { body } = await send('POST', '/api/user', JSON_TYPE, JSON_TYPE, [
      { name: 'C', orders: ['/api/order/1', { product: '/api/product/x' }] },
    ])
    expect(body).toMatchObject([{ orders: [1, 4] }])
    expect((await app.safe.get('order', 4)).body).toMatchObject({ product: 'x' })
  })

  test.each([
    '/api/tag/1',
    '/api/user',
    '/api/user/2/orders',
    '/api/user/99',
    '/user/2',
    'http://elsewhere/api/user/2',
    '//shop/api/user/2',
    '/api/user/2?x=1',
    '/api/user/%zz',
  ])('%s is no user of ours', async user => {
    const { status, body } = await send('POST', '/api/order', JSON_TYPE, JSON_TYPE, { user })
    expect([status, body.errors[0].pointer]).toEqual([400, '#/user'])
  })
})

describe('JSON:API: the words of its queries', () => {
  const ids = async (query: string): Promise<unknown[]> => {
    const { status, body } = await ask(`/api/order${query}`, JSON_API)
    expect([status, body.errors]).toEqual([200, undefined])
    return body.data.map((one: Any) => one.id)
  }

  test('page[size] and page[number], and links from page to page', async () => {
    expect(await ids('?page[size]=2')).toEqual(['1', '2'])
    expect(await ids('?page%5Bsize%5D=2&page%5Bnumber%5D=2')).toEqual(['3'])
    expect(await ids('?page[limit]=1&page[offset]=1')).toEqual(['2'])
    const first = await ask('/api/order?page[size]=1&page[number]=1', JSON_API)
    const second = await ask(first.body.links.next, JSON_API)
    expect(second.body.data.map((one: Any) => one.id)).toEqual(['2'])
    expect((await ask(second.body.links.prev, JSON_API)).body.data[0].id).toBe('1')
    const cursor = new URL(first.body.links.next, 'http://x').searchParams.get('cursor')!
    expect(await ids(`?page[size]=1&page[cursor]=${encodeURIComponent(cursor)}`)).toEqual(['2'])
  })

  test('filter[name], with an operator and through a relation', async () => {
    expect(await ids('?filter[count]=2')).toEqual(['2'])
    expect(await ids('?filter[count][gte]=2')).toEqual(['2'])
    expect(await ids('?filter[user.name]=Bob&sort=-id')).toEqual(['3'])
  })

  test('fields[type], of the rows and of those that come along', async () => {
    const { body } = await ask(
      '/api/order/1?include=product&fields[order]=count,product&fields[product]=name',
      JSON_API,
    )
    expect(body.data.attributes).toEqual({ count: 1 })
    expect(Object.keys(body.data.relationships)).toContain('product')
    expect(body.data.relationships.user?.data).toBe(undefined)
    expect(body.included).toMatchObject([{ type: 'product', id: 'x', attributes: { name: 'X' } }])
    const only = await ask('/api/order?include=product&fields[product]=name', JSON_API)
    expect(only.body.data[0].attributes).toEqual({ count: 1 })
    expect(only.body.data[0].relationships.user.data).toEqual({ type: 'user', id: '1' })
  })

  test('included is there if related rows were asked for, even if there are none', async () => {
    const { body } = await ask('/api/order?include=product&filter[count]=99', JSON_API)
    expect(body).toMatchObject({ data: [], included: [] })
    expect('included' in (await ask('/api/order', JSON_API)).body).toBe(false)
  })

  test('a fault names the parameter as it was sent', async () => {
    for (const [query, parameter] of [
      ['page[size]=x', 'page[size]'],
      ['page[number]=0', 'page[number]'],
      ['page[cursor]=x', 'page[cursor]'],
      ['page[what]=1', 'page[what]'],
      ['filter[nope]=1', 'filter[nope]'],
      ['fields[order]=nope', 'fields[order]'],
    ] as const) {
      const { status, body } = await ask(`/api/order?${query}`, JSON_API)
      expect([query, status, body.errors[0].source]).toEqual([query, 400, { parameter }])
    }
  })

  test('they are words of JSON:API alone', async () => {
    expect((await ask('/api/order?page[size]=2', JSON_API)).status).toBe(200)
    expect((await ask('/api/order?page[size]=2', 'application/json')).status).toBe(400)
    expect((await ask('/api/order?page[size]=2', JSON_API)).status).toBe(200)
  })
})
