import { once } from 'node:events'
import { request as send, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonMode } from '../../schema/read/input-mode.ts'
import type { Call, Outcome } from '../../engine/call/call.ts'
import type { Engine } from '../../engine/engine.ts'
import { callerChecksOf } from '../../engine/rules/caller-checks.ts'
import { link } from '../../model/link/link.ts'
import { resource } from '../../model/declare/resource.ts'
import { ApiError } from '../../protocol/error.ts'
import { defaultLimits } from '../../protocol/limits.ts'
import { t } from '../../schema/builder.ts'
import { fetch as fetchOf } from '../hosts/fetch.ts'
import { handler, nodeServer } from '../hosts/node.ts'
import type { HttpOptions, LogRecord } from './options.ts'

// An engine that only reports what it was asked. The HTTP face is a codec, so it needs no more.
const model = link({
  user: resource({ id: t.id(), todos: t.back('todo', 'owner') }),
  todo: resource({ id: t.id(), title: t.text(), owner: t.one('user') }, { cache: 'public, max-age=60' }),
  fixed: resource({ id: t.id() }, { readOnly: true }),
  place: resource({ id: t.id(), slug: t.text().unique(), rank: t.integer() }).unique('slug', 'rank'),
})
let answer: (call: Call) => Outcome | Promise<Outcome> = () => gone
const calls: Call[] = []
const engine: Engine = {
  model,
  limits: { ...defaultLimits, body: 1000, headers: 30, parameters: 5 },
  epoch: 'abc123',
  mode: jsonMode,
  clock: () => 0,
  cursorKey: new Uint8Array(32),
  auth: null,
  callerChecks: callerChecksOf(null, null),
  authenticate: credentials => {
    const token = credentials.header('authorization')
    if (token === 'Bearer wrong') throw new ApiError('unauthenticated')
    if (token === 'Bearer late') return Promise.reject(new ApiError('token_expired'))
    return token === undefined ? null : { id: 1 }
  },
  refusal: (_, fault) => ApiError.from(fault),
  handle: call => {
    calls.push(call)
    return answer(call)
  },
  batch: () => Promise.reject(new Error('not here')),
  within: (_, call) => answer(call),
}
const todo = model.resources.get('todo')!
const gone: Outcome = { kind: 'gone', resource: todo, position: 'abc123.9' }
const item: Outcome = {
  kind: 'item',
  created: false,
  resource: todo,
  ids: [7],
  body: '{"id":7,"title":"é"}',
  etag: 'abc123.7',
  modified: Date.UTC(2026, 0, 1),
  position: 'abc123.7',
  cut: [],
}
const list: Outcome = {
  kind: 'list',
  ids: null,
  resource: todo,
  body: '[]',
  count: 0,
  etag: 'abc123.l',
  position: 'abc123.7',
  next: 'ne/xt',
  previous: null,
  total: null,
  limit: 25,
}
const failed = (error: ApiError): Outcome => ({ kind: 'failure', error })

const log: LogRecord[] = []
const options: HttpOptions = { cors: { origins: ['https://app.example'] }, log: record => log.push(record) }

interface Seen {
  status: number
  headers: Record<string, string>
  body: string
}
type Ask = (method: string, path: string, headers?: Record<string, string>, body?: string) => Promise<Seen>

let server: Server
const port = (): number => (server.address() as AddressInfo).port
beforeAll(async () => {
  server = nodeServer(handler(engine, options), engine.limits)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const overNode: Ask = async (method, path, headers = {}, body) => {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
  const asked = send({ port: port(), method, path, headers: { ...headers, ...length }, agent: false })
  asked.end(body)
  const [response] = await once(asked, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return { status: response.statusCode, headers: response.headers, body: text }
}
const ask = fetchOf(engine, options)
const overFetch: Ask = async (method, path, headers = {}, body) => {
  const response = await ask(
    new Request(`http://host${path}`, { method, headers, ...(body === undefined ? {} : { body }) }),
  )
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() }
}
const json = { 'content-type': 'application/json' }

describe.each([
  ['node', overNode],
  ['fetch', overFetch],
])('over %s', (_, ask) => {
  const last = (): Call => calls.at(-1)!

  test('an item', async () => {
    answer = () => item
    const seen = await ask('GET', '/todo/7')
    expect(last()).toMatchObject({ operation: 'get', resource: todo, id: 7, parent: null, principal: null })
    expect(seen).toMatchObject({ status: 200, body: '{"id":7,"title":"é"}' })
    expect(seen.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '21',
      etag: '"abc123.7"',
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
      'cache-control': 'public, max-age=60',
      vary: 'Accept, Origin, Accept-Encoding',
      'x-content-type-options': 'nosniff',
    })
  })

  test('HEAD has the header section of GET', async () => {
    answer = () => item
    const got = await ask('GET', '/todo/7')
    const seen = await ask('HEAD', '/todo/7')
    expect({ ...seen, headers: { ...seen.headers, date: '' } }).toEqual({
      ...got,
      headers: { ...got.headers, date: '' },
      body: '',
    })
  })

  test('a list keeps every parameter in its links', async () => {
    answer = () => ({ ...list, previous: 'prev', total: 55 })
    const seen = await ask('GET', '/todo?title[contains]=%3E&offset=4&limit=2')
    expect(last()).toMatchObject({ operation: 'list', id: null, query: { limit: 2 } })
    expect(seen.headers['link']).toBe(
      '</todo?title%5Bcontains%5D=%3E&limit=2>; rel="first", ' +
        '</todo?title%5Bcontains%5D=%3E&limit=2&cursor=prev>; rel="prev", ' +
        '</todo?title%5Bcontains%5D=%3E&limit=2&cursor=ne%2Fxt>; rel="next"',
    )
    expect(seen.headers['x-total-count']).toBe('55')
  })

  test('a nested list and item', async () => {
    answer = () => list
    const seen = await ask('GET', '/user/3/todos/')
    expect(last()).toMatchObject({ operation: 'list', resource: todo, id: null, parent: { id: 3 } })
    expect(seen.headers['link']).toContain('</user/3/todos?cursor=ne%2Fxt>; rel="next"')
    answer = () => item
    const one = await ask('GET', '/user/3/todos/7')
    expect(last()).toMatchObject({ operation: 'get', resource: todo, id: 7, parent: { id: 3 } })
    expect(one.headers['content-location']).toBe('/todo/7')
  })

  test('create', async () => {
    answer = () => ({ ...item, created: true })
    const seen = await ask('POST', '/todo', { ...json, 'idempotency-key': '"k-1"' }, '{"title":"é"}')
    expect(last()).toMatchObject({
      operation: 'create',
      id: null,
      input: { title: 'é' },
      mode: jsonMode,
      idempotencyKey: 'k-1',
    })
    expect(seen).toMatchObject({ status: 201, headers: { location: '/todo/7', etag: '"abc123.7"' } })
    answer = () => ({ ...item, created: true, ids: [7, 8], etag: null, modified: null, body: '[]' })
    const several = await ask('POST', '/todo', json, '[]')
    expect(several.status).toBe(201)
    expect(several.headers).not.toHaveProperty('location')
  })

  test.each([
    ['PUT', 'application/json', 'replace', false],
    ['PATCH', 'application/merge-patch+json', 'patch', false],
    ['PATCH', 'application/json-patch+json', 'patch', true],
  ])('%s of %s', async (method, type, operation, jsonPatch) => {
    answer = () => item
    const seen = await ask(method, '/todo/7', { 'content-type': type, 'if-match': '"abc123.6"' }, '{}')
    expect(last()).toMatchObject({
      operation,
      jsonPatch,
      id: 7,
      input: {},
      conditions: { ifMatch: [{ value: 'abc123.6', weak: false }], ifNoneMatch: null },
    })
    expect(seen).toMatchObject({ status: 200, headers: { etag: '"abc123.7"', 'cache-control': 'private, no-cache' } })
  })

  test('PUT of a collection names the row by a unique key', async () => {
    answer = () => ({ ...item, created: true })
    const seen = await ask('PUT', '/place?slug=a%20b&rank=7&depth=0', json, '{}')
    expect(last()).toMatchObject({ operation: 'replace', id: null, key: { slug: 'a b', rank: 7 }, shape: { depth: 0 } })
    expect(seen).toMatchObject({ status: 201, headers: { location: '/todo/7' } })
  })

  test('DELETE', async () => {
    answer = () => gone
    const seen = await ask('DELETE', '/todo/7')
    expect(last()).toMatchObject({ operation: 'delete', id: 7 })
    expect(seen).toMatchObject({ status: 204, body: '' })
    expect(seen.headers).not.toHaveProperty('content-type')
  })

  test('Prefer: return=minimal', async () => {
    const prefer = { ...json, prefer: 'return=minimal' }
    answer = () => item
    expect(await ask('PATCH', '/todo/7', prefer, '{}')).toMatchObject({
      status: 204,
      body: '',
      headers: { etag: '"abc123.7"', 'preference-applied': 'return=minimal' },
    })
    answer = () => ({ ...item, created: true })
    expect(await ask('POST', '/todo', prefer, '{}')).toMatchObject({
      status: 201,
      body: '',
      headers: { location: '/todo/7', 'preference-applied': 'return=minimal' },
    })
  })

  test('QUERY takes a form or an object', async () => {
    answer = () => list
    await ask('QUERY', '/todo', json, '{"filter":{"title":"a"},"sort":["-id"],"limit":3}')
    expect(last()).toMatchObject({ operation: 'list', query: { limit: 3, sort: [{ path: ['id'], descending: true }] } })
    const seen = await ask(
      'QUERY',
      '/todo',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'title=a+b&limit=4',
    )
    expect(last()).toMatchObject({ query: { limit: 4, where: { kind: 'compare', value: 'a b' } } })
    expect(seen.headers['link']).toContain('</todo?title=a%20b&limit=4&cursor=ne%2Fxt>; rel="next"')
  })

  test('304 has the caching fields that 200 would have, and no others', async () => {
    answer = () => ({ kind: 'unchanged', resource: todo, etag: 'abc123.7', modified: null, position: 'abc123.9' })
    const seen = await ask('GET', '/todo/7', { 'if-none-match': 'W/"x", "abc123.7"', origin: 'https://app.example' })
    expect(last().conditions?.ifNoneMatch).toEqual([
      { value: 'x', weak: true },
      { value: 'abc123.7', weak: false },
    ])
    expect(seen).toMatchObject({
      status: 304,
      body: '',
      headers: {
        etag: '"abc123.7"',
        'cache-control': 'public, max-age=60',
        vary: 'Accept, Origin, Accept-Encoding',
        'access-control-allow-origin': 'https://app.example',
        'access-control-expose-headers': expect.stringContaining('ETag'),
      },
    })
    expect(seen.headers).not.toHaveProperty('content-type')
  })

  test('?pretty indents, and says that the bytes are not those of the tag', async () => {
    answer = () => item
    const seen = await ask('GET', '/todo/7?pretty')
    expect(seen).toMatchObject({ body: '{\n  "id": 7,\n  "title": "é"\n}\n', headers: { etag: 'W/"abc123.7"' } })
  })

  test.each<[string, string, Record<string, string>, string | undefined, number, string, Record<string, string>]>([
    ['GET', '/nope', {}, undefined, 404, 'not_found', { 'cache-control': 'no-store' }],
    ['GET', '/todo/01', {}, undefined, 404, 'not_found', {}],
    ['GET', '/todo/%E0%A4%A', {}, undefined, 400, 'bad_encoding', {}],
    ['GET', '/todo?x=%ff', {}, undefined, 400, 'bad_encoding', {}],
    ['GET', '/todo?a&b&c&d&e&f', {}, undefined, 400, 'too_complex', {}],
    ['GET', '/todo?nope=1', {}, undefined, 400, 'unknown_param', {}],
    ['GET', `/todo?title=${'x'.repeat(9000)}`, {}, undefined, 414, 'uri_too_long', {}],
    ['GET', '/todo', { accept: 'text/html' }, undefined, 406, 'not_acceptable', {}],
    ['GET', '/todo/7', { 'if-match': 'x' }, undefined, 400, 'bad_request', {}],
    ['DELETE', '/todo', {}, undefined, 405, 'method_not_allowed', { allow: 'GET, HEAD, OPTIONS, QUERY, POST' }],
    [
      'PROPFIND',
      '/todo/7',
      {},
      undefined,
      405,
      'method_not_allowed',
      { allow: 'GET, HEAD, OPTIONS, PUT, PATCH, DELETE' },
    ],
    ['POST', '/fixed', json, '{}', 405, 'method_not_allowed', { allow: 'GET, HEAD, OPTIONS, QUERY' }],
    ['POST', '/todo', {}, '{}', 415, 'unsupported_media_type', { 'accept-post': 'application/json' }],
    ['POST', '/todo', { ...json, 'content-encoding': 'compress' }, '{}', 415, 'unsupported_encoding', {}],
    ['POST', '/todo', json, '{', 400, 'bad_json', {}],
    ['POST', '/todo', json, '', 400, 'bad_json', {}],
    ['POST', '/todo', json, `"${'x'.repeat(1000)}"`, 413, 'payload_too_large', {}],
    ['POST', '/todo', { ...json, 'idempotency-key': 'k'.repeat(256) }, '{}', 400, 'validation', {}],
    ['PUT', '/todo/7', { ...json, 'content-range': 'bytes 0-1/2' }, '{}', 400, 'bad_request', {}],
    ['PUT', '/todo', json, '{}', 405, 'method_not_allowed', { allow: 'GET, HEAD, OPTIONS, QUERY, POST' }],
    ['PUT', '/place', json, '{}', 400, 'validation', {}],
    ['PUT', '/place?rank=1', json, '{}', 400, 'validation', {}],
    ['PUT', '/place?slug=a&slug=b', json, '{}', 400, 'validation', {}],
    ['PUT', '/place?slug=a&rank=01', json, '{}', 400, 'validation', {}],
    ['QUERY', '/todo', json, '[]', 400, 'validation', {}],
    [
      'QUERY',
      '/todo',
      { 'content-type': 'application/sql' },
      'x',
      415,
      'unsupported_media_type',
      { 'accept-query': 'application/json, application/x-www-form-urlencoded' },
    ],
    [
      'GET',
      '/todo',
      { authorization: 'Bearer wrong' },
      undefined,
      401,
      'unauthenticated',
      { 'www-authenticate': 'Bearer realm="api", error="invalid_token", error_description="not valid"' },
    ],
    [
      'GET',
      '/nope',
      { authorization: 'Bearer late' },
      undefined,
      401,
      'token_expired',
      { 'www-authenticate': 'Bearer realm="api", error="invalid_token", error_description="expired"' },
    ],
  ])('%s %s %o is refused', async (method, path, headers, body, status, code, fields) => {
    answer = () => gone
    const before = calls.length
    const seen = await ask(method, path, { ...headers, origin: 'https://app.example' }, body)
    const problem = JSON.parse(seen.body)
    expect(problem).toMatchObject({ status, error: code, type: `/problems/${code}` })
    expect(problem.requestId).toBe(seen.headers['x-request-id'])
    expect(seen).toMatchObject({
      status,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'access-control-allow-origin': 'https://app.example',
        ...fields,
      },
    })
    expect(calls.length).toBe(before)
  })

  test('a failure of the engine is a problem with the fields that belong to it', async () => {
    answer = () => failed(new ApiError('rate_limited', { headers: { 'retry-after': '9', 'x-bad': 'a\r\nb' } }))
    const seen = await ask('GET', '/todo', { 'x-request-id': 'abc-123' })
    expect(seen).toMatchObject({ status: 429, headers: { 'retry-after': '9', 'x-request-id': 'abc-123' } })
    expect(JSON.parse(seen.body).requestId).toBe('abc-123')
    expect(seen.headers).not.toHaveProperty('x-bad')
    answer = () => failed(new ApiError('unauthenticated'))
    expect((await ask('GET', '/todo')).headers['www-authenticate']).toBe('Bearer realm="api"')
    answer = () => failed(new ApiError('unavailable'))
    expect((await ask('GET', '/todo')).headers['retry-after']).toBe('1')
  })

  test.each([
    [
      'thrown',
      () => {
        throw new Error('secret-detail')
      },
    ],
    ['rejected', () => Promise.reject(new Error('secret-detail'))],
    ['failed', () => failed(ApiError.from(new Error('secret-detail')))],
  ] as [string, () => Outcome][])('what is %s inside is told to the log alone', async (_, broken) => {
    answer = broken
    const seen = await ask('GET', '/todo/7?depth=1')
    expect(seen.status).toBe(500)
    expect(seen.body).not.toContain('secret')
    expect(log.at(-1)).toMatchObject({
      level: 'error',
      event: 'internal',
      path: '/todo/7',
      requestId: JSON.parse(seen.body).requestId,
      error: expect.objectContaining({ message: 'secret-detail' }),
    })
  })

  test('a request id that is not plain is neither echoed nor used', async () => {
    answer = () => item
    expect((await ask('GET', '/todo/7', { 'x-request-id': 'a","level":"fatal' })).headers).not.toHaveProperty(
      'x-request-id',
    )
  })

  test.each([
    [
      '/todo',
      'GET, HEAD, OPTIONS, QUERY, POST',
      { 'accept-post': 'application/json', 'accept-query': expect.stringContaining('json') },
    ],
    [
      '/todo/7',
      'GET, HEAD, OPTIONS, PUT, PATCH, DELETE',
      { 'accept-patch': expect.stringContaining('merge-patch+json') },
    ],
    ['/fixed/1', 'GET, HEAD, OPTIONS', {}],
  ])('OPTIONS %s needs no credentials', async (path, allow, fields) => {
    const seen = await ask('OPTIONS', path, { authorization: 'Bearer wrong' })
    expect(seen).toMatchObject({ status: 204, headers: { allow, ...fields } })
  })

  test('preflight', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'PATCH' }
    expect(await ask('OPTIONS', '/todo/7', headers)).toMatchObject({
      status: 204,
      headers: {
        vary: 'Origin',
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-methods': expect.stringContaining('PATCH'),
        'access-control-allow-headers': expect.stringContaining('If-Match'),
        'access-control-max-age': '600',
      },
    })
    const evil = await ask('OPTIONS', '/todo/7', { ...headers, origin: 'https://app.example.evil' })
    expect(evil.headers).toMatchObject({ vary: 'Origin' })
    expect(evil.headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('pages', async () => {
    expect(JSON.parse((await ask('GET', '/')).body)).toMatchObject({
      resources: { user: '/user', todo: '/todo', fixed: '/fixed', place: '/place' },
      outlines: { todo: { name: 'todo', path: '/todo', id: 'id' } },
    })
    expect(await ask('GET', '/health', { authorization: 'Bearer wrong' })).toMatchObject({
      status: 200,
      body: '{"status":"ok"}',
    })
    const before = log.length
    expect((await ask('GET', '/favicon.ico')).status).toBe(404)
    expect((await ask('POST', '/health', json, '{}')).status).toBe(405)
    expect(log.length).toBe(before)
  })
})

describe('a connection', () => {
  /** Writes bytes as they are and reads until the server ends the connection. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(port(), '127.0.0.1')
    socket.write(bytes, 'latin1')
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  }
  const close = 'Host: h\r\nConnection: close\r\n'

  test.each<[string, number]>([
    ['FOO /todo HTTP/1.1', 501],
    ['BREW-COFFEE /todo?x=1 HTTP/1.1', 501],
    ['FOO BAR /todo HTTP/1.1', 400],
    ['F(O /todo HTTP/1.1', 400],
    ['POST /todo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\nFOO /todo HTTP/1.1', 400],
  ])('%s, which no parser knows, is %d', async (line, status) => {
    const text = await raw(`${line}\r\n${close}\r\n`)
    expect(text.match(/HTTP\/1.1 \d+/g)!.at(-1)).toBe(`HTTP/1.1 ${status}`)
  })

  test('pipelined requests after a write wait for its answer, and a write waits for the answers before it', async () => {
    const order: string[] = []
    answer = async call => {
      order.push(`${call.operation} begins`)
      await turn()
      await turn()
      order.push(`${call.operation} ends`)
      return call.operation === 'patch' ? item : list
    }
    const body = 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
    const text = await raw(
      `GET /todo/7 HTTP/1.1\r\nHost: h\r\n\r\nPATCH /todo/7 HTTP/1.1\r\nHost: h\r\n${body}GET /todo HTTP/1.1\r\n${close}\r\n`,
    )
    expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(3)
    expect(order).toEqual(['get begins', 'get ends', 'patch begins', 'patch ends', 'list begins', 'list ends'])
  })

  test('only some pipelined requests are begun at once, so that other connections get their turn', async () => {
    const gate = Promise.withResolvers<void>()
    let begun = 0
    answer = async call => {
      begun++
      await gate.promise
      return call.operation === 'get' ? item : list
    }
    const many = raw(`${'GET /todo HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(39)}GET /todo HTTP/1.1\r\n${close}\r\n`)
    await expect.poll(() => begun).toBe(16)
    const other = raw(`GET /todo/7 HTTP/1.1\r\n${close}\r\n`)
    await expect.poll(() => begun).toBe(17)
    gate.resolve()
    expect(await other).toMatch(/^HTTP\/1.1 200/)
    expect((await many).match(/HTTP\/1.1 200/g)).toHaveLength(40)
  })

  test.each([
    ['two Authorization fields', `GET /todo HTTP/1.1\r\n${close}Authorization: a\r\nAuthorization: b\r\n\r\n`, 400],
    ['two Host fields', `GET /todo HTTP/1.1\r\n${close}Host: i\r\n\r\n`, 400],
    ['a broken chunk', 'POST /nope HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n', 400],
    ['a first line over the limit', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${close}\r\n`, 414],
    ['too many fields', `GET /todo HTTP/1.1\r\n${close}${'X-A: b\r\n'.repeat(29)}\r\n`, 431],
    ['a header section over the limit', `GET /todo HTTP/1.1\r\n${close}X-A: ${'b'.repeat(20_000)}\r\n\r\n`, 431],
    ['another server', `GET http://169.254.169.254/ HTTP/1.1\r\n${close}\r\n`, 400],
    [
      'length and chunks',
      'POST /todo HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG',
      400,
    ],
    ['a bare CR', 'GET /todo HTTP/1.1\r\nHost: h\r\nX-A: b\rInjected: 1\r\n\r\n', 400],
    ['no HTTP', '\x16\x03\x01\x02\x00\r\n\r\n', 400],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['TRACE', `TRACE /todo HTTP/1.1\r\n${close}\r\n`, 405],
    [
      'a gigabyte announced',
      'POST /todo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n{',
      413,
    ],
  ])('%s is refused with a problem', async (_, bytes, status) => {
    const text = await raw(bytes)
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(text.match(/HTTP\/1.1 /g)).toHaveLength(1)
    expect(text).toContain('application/problem+json')
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).status).toBe(status)
  })

  test('the absolute form and * are understood', async () => {
    answer = () => item
    expect(await raw(`GET http://h/todo/7 HTTP/1.1\r\n${close}\r\n`)).toMatch(/^HTTP\/1.1 200 /)
    expect(await raw(`OPTIONS * HTTP/1.1\r\n${close}\r\n`)).toMatch(/^HTTP\/1.1 204 /)
  })

  test('the body is asked for only when it is wanted', async () => {
    answer = () => item
    const head = `Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n${close}\r\n`
    expect(await raw(`PUT /nope HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1.1 404 /)
    expect(await raw(`PUT /todo/7 HTTP/1.1\r\n${head}{}`)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /)
  })

  test('a client that leaves in the middle of its body gets no answer and disturbs nobody', async () => {
    const before = calls.length
    const socket = connect(port(), '127.0.0.1')
    socket.write('POST /todo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{')
    const [request] = await once(server, 'request')
    socket.destroy()
    await new Promise(resolve => request.on('close', resolve))
    answer = () => item
    expect((await overNode('GET', '/todo/7')).status).toBe(200)
    expect(calls.slice(before).map(call => call.operation)).toEqual(['get'])
  })
})
