// Each limit at its value and one beyond it, over a real connection.
import { connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { api } from '../src/api.ts'
import { resource } from '../src/model/declare/resource.ts'
import { defaultLimits, type Limits } from '../src/protocol/limits.ts'
import { t } from '../src/schema/builder.ts'
import { serve, type Served } from '../src/serve.ts'

const limits = {
  body: 2_000,
  jsonDepth: 6,
  keys: 8,
  totalKeys: 20,
  items: 12,
  bulk: 5,
  text: 50,
  page: 3,
  maxPage: 6,
  offset: 40,
  filterNodes: 6,
  filterDepth: 3,
  filterItems: 7,
  sort: 2,
  depth: 2,
  expandedRows: 9,
  sortedRows: 10,
  relatedIds: 4,
  url: 1_200,
  parameters: 5,
  headers: 20,
  connections: 30,
} satisfies Partial<Limits>

const owner = resource({ id: t.id(), name: t.text(), notes: t.back('note', 'owner') }).public()
const note = resource(
  {
    id: t.id(),
    text: t.text().default(''),
    data: t.json().nullable(),
    owner: t.one('owner').nullable(),
    size: t.calc({ of: t.integer(), get: row => String(row['text']).length }).sortable(),
  },
  { bulk: true },
).public()

let served: Served
beforeAll(async () => {
  const app = api({ owner, note }, { limits, report: () => {}, http: { log: () => {} } })
  served = await serve(app, { port: 0, signals: false, report: () => {} })
  // Owner n has n notes, so that lists of every length are there; 1 + … + 10 = 55 notes.
  for (let n = 1; n <= 10; n++) {
    await app.post('owner', { name: `o${n}`, notes: Array.from({ length: n }, () => ({ text: 'x' })) })
  }
})
afterAll(() => served.close())

interface Ask {
  readonly method?: string
  readonly path: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const members = (n: number): string => `{${Array.from({ length: n }, (_, i) => `"k${i}":1`).join(',')}}`
const data = (json: string): Ask => ({ method: 'POST', path: '/note', body: `{"data":${json}}` })
const list = (query: string): Ask => ({ path: `/note?${query}` })
const filter = (value: unknown): Ask => list(`filter=${encodeURIComponent(JSON.stringify(value))}`)
const deep = (n: number): unknown => (n === 0 ? { text: 'x' } : { $not: deep(n - 1) })
const padded = (start: string, length: number, end = ''): string =>
  start + 'a'.repeat(length - start.length - end.length) + end

/** By limit: a request of that size, the status that it gets, and the status and code of one that is larger by one. */
const table: readonly [keyof typeof limits | 'key', (n: number) => Ask, number, number, string][] = [
  ['body', n => ({ method: 'POST', path: '/note', body: padded('{"text":"', n, '"}') }), 400, 413, 'payload_too_large'],
  // data is a member of the body, one level down
  ['jsonDepth', n => data(nested(n - 1)), 201, 400, 'depth_exceeded'],
  ['keys', n => data(members(n)), 201, 400, 'too_many_keys'],
  ['totalKeys', n => data(`[${members(8)},${members(8)},${members(n - 17)}]`), 201, 400, 'too_many_keys'],
  ['items', n => data(`[${Array.from({ length: n }, () => 1).join(',')}]`), 201, 400, 'too_many_items'],
  [
    'bulk',
    n => ({ method: 'POST', path: '/note', body: `[${Array.from({ length: n }, () => '{}').join(',')}]` }),
    201,
    400,
    'too_many_items',
  ],
  ['text', n => ({ method: 'POST', path: '/note', body: `{"text":"${'é'.repeat(n)}"}` }), 201, 400, 'validation'],
  ['offset', n => list(`offset=${n}`), 200, 400, 'validation'],
  ['filterNodes', n => filter({ $or: Array.from({ length: n - 1 }, () => ({ text: 'x' })) }), 200, 400, 'too_complex'],
  ['filterDepth', n => filter(deep(n)), 200, 400, 'too_complex'],
  ['filterItems', n => filter({ id: { $in: Array.from({ length: n }, (_, i) => i) } }), 200, 400, 'too_complex'],
  ['sort', n => list(`sort=${['id', 'text', 'owner'].slice(0, n).join(',')}`), 200, 400, 'validation'],
  ['depth', n => list(`depth=${n}`), 200, 400, 'validation'],
  ['url', n => ({ path: padded('/note?text=', n) }), 200, 414, 'uri_too_long'],
  [
    'parameters',
    n => list(['text=x', 'limit=1', 'offset=0', 'depth=1', 'total=true', 'fields=id'].slice(0, n).join('&')),
    200,
    400,
    'too_complex',
  ],
  [
    'key',
    n => ({ method: 'POST', path: '/note', body: '{}', headers: { 'idempotency-key': 'k'.repeat(n) } }),
    201,
    400,
    'validation',
  ],
]

const sizeOf = (limit: (typeof table)[number][0]): number => (limit === 'key' ? 255 : limits[limit])

async function ask({ method = 'GET', path, body, headers = {} }: Ask): Promise<Response> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  return fetch(served.url + path, { method, headers: { ...type, ...headers }, ...(body === undefined ? {} : { body }) })
}

/** What a server answers to these bytes until it closes the connection. */
async function raw(text: string): Promise<string> {
  const socket = connect(served.port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk))
  socket.write(text)
  await once(socket, 'close')
  return answer
}

const codeOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { error: unknown }).error
const lengthOf = async (answer: Response): Promise<number> => ((await answer.json()) as unknown[]).length

describe.each(table)('%s', (limit, make, status, beyond, code) => {
  test('a request exactly at the limit passes', async () => {
    const answer = await ask(make(sizeOf(limit)))
    // A body that is full to the last byte holds a text that is too long, which is another limit's refusal.
    if (limit === 'body') expect(await codeOf(answer)).toBe('validation')
    expect(answer.status).toBe(status)
  })

  test('a request one above the limit is refused', async () => {
    const answer = await ask(make(sizeOf(limit) + 1))
    expect(answer.status).toBe(beyond)
    expect(await codeOf(answer)).toBe(code)
  })
})

describe('limits of answers', () => {
  test.each([
    ['', limits.page],
    ['?limit=1', 1],
    [`?limit=${limits.maxPage}`, limits.maxPage],
    [`?limit=${limits.maxPage + 1}`, limits.maxPage],
  ])('a page of /note%s has %i rows', async (query, rows) => {
    expect(await lengthOf(await ask({ path: `/note${query}` }))).toBe(rows)
  })

  test('ids of a relation are cut, and a link says where the rest is', async () => {
    const whole = await ask({ path: `/owner/${limits.relatedIds}` })
    expect(await whole.json()).toMatchObject({ notes: { length: limits.relatedIds } })
    expect(whole.headers.get('link') ?? '').not.toContain('rel="related"')
    const cut = await ask({ path: `/owner/${limits.relatedIds + 1}` })
    expect(await cut.json()).toMatchObject({ notes: { length: limits.relatedIds } })
    expect(cut.headers.get('link')).toContain(`</owner/${limits.relatedIds + 1}/notes>; rel="related"`)
  })

  test('an expansion loads at most the allowed number of rows', async () => {
    // Owners 2, 3 and 4 have 2 + 3 + 4 = 9 notes, with owner 1 they are 10.
    expect((await ask({ path: '/owner?id[in]=2,3,4&limit=4&depth=2' })).status).toBe(200)
    const refused = await ask({ path: '/owner?id[in]=1,2,3,4&limit=4&depth=2' })
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'too_complex'])
  })

  test('only the allowed number of rows is sorted by a calculated key', async () => {
    expect((await ask({ path: '/note?sort=size&id[lte]=10' })).status).toBe(200)
    const refused = await ask({ path: '/note?sort=size&id[lte]=11' })
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'too_complex'])
  })

  test('operations of a JSON Patch', async () => {
    const app = api({ note: resource({ id: t.id() }).public() }, { report: () => {} })
    await app.post('note', {})
    const patch = (n: number): Promise<Response> =>
      app.fetch(
        new Request('http://host/note/1', {
          method: 'PATCH',
          headers: { 'content-type': 'application/json-patch+json' },
          body: JSON.stringify(Array.from({ length: n }, () => ({ op: 'test', path: '/id', value: 1 }))),
        }),
      )
    expect((await patch(100)).status).toBe(200)
    const refused = await patch(101)
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'too_many_items'])
    await app.close()
  })

  test('a write of many rows is for so many at most', async () => {
    const patch = (n: number): Promise<Response> =>
      ask({ method: 'PATCH', path: `/note?id[lte]=${n}`, body: '{"text":"y"}' })
    expect((await patch(limits.bulk)).status).toBe(200)
    const refused = await patch(limits.bulk + 1)
    expect([refused.status, await codeOf(refused)]).toEqual([400, 'too_many_items'])
  })
})

test('a request creates so many rows at most, nested ones included', async () => {
  const nested = (n: number): Promise<Response> => {
    const notes = Array.from({ length: n - 1 }, () => ({}))
    return ask({ method: 'POST', path: '/owner', body: JSON.stringify({ name: 'x', notes }) })
  }
  expect((await nested(limits.bulk)).status).toBe(201)
  const refused = await nested(limits.bulk + 1)
  expect([refused.status, await codeOf(refused)]).toEqual([400, 'too_many_items'])
})

describe('limits of the connection', () => {
  const head = (lines: readonly string[]): string =>
    `GET /note/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`

  test('fields of a header section', async () => {
    const fields = (n: number): string[] => Array.from({ length: n - 2 }, (_, i) => `x-${i}: y`)
    expect(await raw(head(fields(limits.headers)))).toMatch(/^HTTP\/1\.1 200 /)
    expect(await raw(head(fields(limits.headers + 1)))).toMatch(/^HTTP\/1\.1 431 [^]*"headers_too_large"/)
  })

  test('bytes of a header section', async () => {
    const room = defaultLimits.headerBytes - 100
    expect(await raw(head([padded('x: ', room)]))).toMatch(/^HTTP\/1\.1 200 /)
    expect(await raw(head([padded('x: ', room + 200)]))).toMatch(/^HTTP\/1\.1 431 [^]*"headers_too_large"/)
  })

  test('an id of a request is echoed if it is plain and short', async () => {
    const id = 'a'.repeat(64)
    expect((await ask({ path: '/note/1', headers: { 'x-request-id': id } })).headers.get('x-request-id')).toBe(id)
    expect(
      (await ask({ path: '/note/1', headers: { 'x-request-id': `${id}a` } })).headers.get('x-request-id'),
    ).toBeNull()
  })

  test('connections of the process', async () => {
    const few = await serve(
      api({ note: resource({ id: t.id() }).public() }, { limits: { connections: 2 }, report: () => {} }),
      { port: 0, signals: false, report: () => {} },
    )
    const sockets = [0, 1].map(() => connect(few.port, '127.0.0.1'))
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    for (const socket of sockets) {
      socket.write('GET /note HTTP/1.1\r\nhost: x\r\n\r\n')
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
    }
    const third = connect(few.port, '127.0.0.1')
    third.on('error', () => {})
    third.write('GET /note HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(third, 'close')
    expect(third.bytesRead).toBe(0)
    for (const socket of sockets) socket.destroy()
    await few.close()
  })
})
