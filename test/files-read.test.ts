// Files as they are read: conditions, ranges and header fields; names; what JSON and forms say of them; and who hears of them.
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createHash } from 'node:crypto'
import { io } from 'socket.io-client'
import { once } from 'node:events'
import { api } from '../src/api.ts'
import { resource } from '../src/model/declare/resource.ts'
import { t } from '../src/schema/builder.ts'
import { serve, type Served } from '../src/serve.ts'
import { filesInMemory } from '../src/store/files.ts'
import { NativeClient } from '../src/testing/native-client.ts'

const doc = resource({
  id: t.id(),
  title: t.text({ max: 20 }).default(''),
  rank: t.integer().nullable(),
  data: t.json().nullable(),
  face: t.file({ max: 1_000 }),
  back: t.file({ max: 1_000 }),
}).public()

const kept = filesInMemory()
let now = Date.UTC(2026, 0, 1)
const app = api(
  { doc },
  { files: kept, clock: () => now, report: () => {}, http: { log: () => {}, compress: 0 }, limits: { body: 500 } },
)
let served: Served
beforeAll(async () => {
  served = await serve(app, { port: 0, signals: false, report: () => {} })
})
afterAll(() => served.close())

const MODIFIED = 'Thu, 01 Jan 2026 00:00:00 GMT'
let id: number
let tag: string
beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  id = ((await app.post('doc', {})) as { id: number }).id
  tag = (await put('0123456789')).headers.get('etag')!
  now += 10_000
})

interface Asked {
  readonly body?: BodyInit | null
  readonly json?: unknown
  readonly headers?: Record<string, string>
}

function ask(method: string, path: string, { body = null, json, headers = {} }: Asked = {}): Promise<Response> {
  return fetch(served.url + path, {
    method,
    headers: { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers },
    body: json === undefined ? body : JSON.stringify(json),
  })
}

function put(body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return ask('PUT', `/doc/${id}/face`, { body, headers: { 'content-type': 'image/png', ...headers } })
}

describe('conditions and ranges', () => {
  const cases: readonly [Record<string, string>, number, string, string?][] = [
    [{}, 200, '0123456789'],
    [{ 'if-none-match': 'TAG' }, 304, ''],
    [{ 'if-none-match': 'W/TAG, "x"' }, 304, ''],
    [{ 'if-none-match': '*' }, 304, ''],
    [{ 'if-none-match': '"x"' }, 200, '0123456789'],
    [{ 'if-modified-since': MODIFIED }, 304, ''],
    [{ 'if-modified-since': 'Wed, 31 Dec 2025 23:59:59 GMT' }, 200, '0123456789'],
    [{ 'if-none-match': '"x"', 'if-modified-since': MODIFIED }, 200, '0123456789'],
    [{ 'if-match': 'TAG' }, 200, '0123456789'],
    [{ 'if-match': '"x"' }, 412, 'precondition_failed'],
    [{ 'if-match': 'W/TAG' }, 412, 'precondition_failed'],
    [{ 'if-unmodified-since': 'Wed, 31 Dec 2025 23:59:59 GMT' }, 412, 'precondition_failed'],
    [{ range: 'bytes=2-4' }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=-2' }, 206, '89', 'bytes 8-9/10'],
    [{ range: 'bytes=8-' }, 206, '89', 'bytes 8-9/10'],
    [{ range: 'bytes=0-9' }, 206, '0123456789', 'bytes 0-9/10'],
    [{ range: 'bytes=0-1,4-5' }, 200, '0123456789'],
    [{ range: 'bytes=10-' }, 416, 'range_not_satisfiable', 'bytes */10'],
    [{ range: 'bytes=2-4', 'if-range': 'TAG' }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=2-4', 'if-range': MODIFIED }, 206, '234', 'bytes 2-4/10'],
    [{ range: 'bytes=2-4', 'if-range': '"x"' }, 200, '0123456789'],
    [{ range: 'bytes=2-4', 'if-range': 'W/TAG' }, 200, '0123456789'],
    [{ range: 'bytes=2-4', 'if-range': 'Fri, 02 Jan 2026 00:00:00 GMT' }, 200, '0123456789'],
    [{ range: 'bytes=2-4', 'if-none-match': 'TAG' }, 304, ''],
  ]
  test.each(cases)('%j: %i', async (headers, status, body, range) => {
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('TAG', tag)]))
    const answer = await ask('GET', `/doc/${id}/face`, { headers: sent })
    const text = await answer.text()
    expect([answer.status, status >= 400 ? (JSON.parse(text) as { error: string }).error : text]).toEqual([
      status,
      body,
    ])
    expect(answer.headers.get('content-range')).toBe(range ?? null)
    if (status < 300) expect(answer.headers.get('content-length')).toBe(String(body.length))
    if (status < 400) expect(answer.headers.get('etag')).toBe(tag)
  })

  test('HEAD has the fields of GET, without the bytes', async () => {
    const [get, head] = [await ask('GET', `/doc/${id}/face`), await ask('HEAD', `/doc/${id}/face`)]
    const told = (answer: Response): object =>
      Object.fromEntries([...answer.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name)))
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(told(head)).toEqual(told(get))
    expect(told(get)).toMatchObject({
      'accept-ranges': 'bytes',
      'last-modified': MODIFIED,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*; sandbox$/) as string,
      'repr-digest': expect.stringMatching(/^sha-256=:.+:$/) as string,
    })
  })

  test('compressible text is sent uncompressed, because ranges refer to these bytes', async () => {
    await put('x'.repeat(1_000), { 'content-type': 'text/plain' })
    const answer = await ask('GET', `/doc/${id}/face`, { headers: { 'accept-encoding': 'gzip, br, zstd' } })
    expect([answer.headers.get('content-encoding'), (await answer.text()).length]).toEqual([null, 1_000])
  })

  test('within the second in which it came a file has no Last-Modified', async () => {
    await put('new')
    expect((await ask('GET', `/doc/${id}/face`)).headers.get('last-modified')).toBeNull()
  })

  test('the tag is of the bytes that were sent, and holds for the next write', async () => {
    expect((await put('a', { 'if-match': '"x"' })).status).toBe(412)
    const next = await put('a', { 'if-match': tag })
    expect(next.status).toBe(200)
    expect((await put('b', { 'if-match': tag })).headers.get('etag')).toBe(next.headers.get('etag'))
    const gone = await ask('DELETE', `/doc/${id}/face`, { headers: { 'if-match': next.headers.get('etag')! } })
    expect(gone.status).toBe(204)
    expect((await put('c', { 'if-match': '*' })).status).toBe(412)
  })
})

test('bytes that came otherwise than they were sent are refused', async () => {
  const digest = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`
  expect((await put('abc', { 'repr-digest': `sha-512=:AAAA:, ${digest('abc')}` })).status).toBe(200)
  expect((await put('abd', { 'content-digest': digest('abc') })).status).toBe(400)
  const refused = await put('abd', { 'repr-digest': digest('abc') })
  expect([refused.status, await refused.json()]).toMatchObject([400, { errors: [{ header: 'repr-digest' }] }])
  expect((await put('abd', { 'repr-digest': 'sha-512=:AAAA:' })).status).toBe(200)
  expect(await (await ask('GET', `/doc/${id}/face`)).text()).toBe('abd')
})

test.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\\\Users\\\\x\\\\a.png', 'a.png'],
  ['..', null],
  ['a/', null],
  ['  a.png ', 'a.png'],
  ['x'.repeat(300), 'x'.repeat(255)],
])('a file that is sent as %s is called %s', async (sent, name) => {
  const answer = await put('x', { 'content-disposition': `attachment; filename="${sent}"` })
  expect(await answer.json()).toMatchObject({ name })
})

test.each([
  ['a%0D%0Aset-cookie:%20x', 'aset-cookie: x', '"aset-cookie: x"'],
  ['a%00b', 'ab', 'ab'],
  ['exe%E2%80%AEgnp.html', 'exegnp.html', 'exegnp.html'],
])('what would break a header field, or hide what a name is, goes: %s', async (sent, name, parameter) => {
  const answer = await put('x', { 'content-disposition': `attachment; filename*=UTF-8''${sent}` })
  expect(await answer.json()).toMatchObject({ name })
  const read = await ask('GET', `/doc/${id}/face`)
  expect([read.headers.get('set-cookie'), read.headers.get('content-disposition')]).toEqual([
    null,
    `inline; filename=${parameter}`,
  ])
})

test('a file that a browser could run is saved, never shown', async () => {
  await put('<script>alert(1)</script>', {
    'content-type': 'text/html',
    'content-disposition': 'inline; filename=a.html',
  })
  const answer = await ask('GET', `/doc/${id}/face`)
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename=a.html')
  expect(answer.headers.get('content-security-policy')).toContain('sandbox')
})

describe('in JSON a file', () => {
  const row = async (): Promise<Record<string, unknown>> =>
    (await (await ask('GET', `/doc/${id}`)).json()) as Record<string, unknown>

  test.each([
    ['PATCH', { face: {} }, 400],
    ['PATCH', { face: 'aGVsbG8=' }, 400],
    ['PATCH', { face: { name: 'x', version: '0'.repeat(32) } }, 400],
    ['PUT', { face: { name: 'x' } }, 400],
    ['POST', { face: { name: 'x' } }, 400],
  ])('%s %j is refused, with what to do', async (method, json, status) => {
    const answer = await ask(method, method === 'POST' ? '/doc' : `/doc/${id}`, { json })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({
      error: 'read_only',
      errors: [
        {
          pointer: '#/face',
          code: 'read_only',
          detail: expect.stringContaining('PUT its bytes to /doc/{id}/face') as string,
        },
      ],
    })
  })

  test('a file can be sent back as it was read, is kept if it is left out, and is deleted by null', async () => {
    const before = await row()
    expect((await ask('PATCH', `/doc/${id}`, { json: { ...before, title: 'a' } })).status).toBe(200)
    expect((await ask('PUT', `/doc/${id}`, { json: before })).status).toBe(200)
    expect((await ask('PUT', `/doc/${id}`, { json: { title: 'b' } })).status).toBe(200)
    expect(await row()).toMatchObject({ title: 'b', face: before['face'] })
    expect(await (await ask('PATCH', `/doc/${id}`, { json: { face: null } })).json()).toMatchObject({ face: null })
    expect((await ask('GET', `/doc/${id}/face`)).status).toBe(404)
    expect((await ask('POST', '/doc', { json: { face: null } })).status).toBe(201)
  })

  test('goes by a JSON Patch as well', async () => {
    const headers = { 'content-type': 'application/json-patch+json' }
    const patch = (steps: unknown): Promise<Response> =>
      ask('PATCH', `/doc/${id}`, { body: JSON.stringify(steps), headers })
    expect((await patch([{ op: 'replace', path: '/face/name', value: 'x' }])).status).toBe(400)
    expect((await patch([{ op: 'replace', path: '/face', value: null }])).status).toBe(200)
    expect(await row()).toMatchObject({ face: null })
  })

  test('is the same on sockets', async () => {
    const native = await NativeClient.open(served.url.replace('http', 'ws'))
    onTestFinished(() => native.socket.terminate())
    const uri = `/doc/${id}`
    const refused = await native.ask({ op: 'patch', uri, data: { face: 'aGVsbG8=' } })
    expect(refused).toMatchObject({ status: 400, error: { error: 'read_only', errors: [{ pointer: '#/face' }] } })
    expect(await native.ask({ op: 'get', uri })).toMatchObject({ data: { face: { url: `${uri}/face` } } })
    expect(await native.ask({ op: 'patch', uri, data: { face: null } })).toMatchObject({
      status: 200,
      data: { face: null },
    })
  })

  test('is there or not, for a filter', async () => {
    const other = ((await app.post('doc', {})) as { id: number }).id
    const ids = async (query: string): Promise<number[]> =>
      ((await (await ask('GET', `/doc?${query}&id[gte]=${id}`)).json()) as { id: number }[]).map(one => one.id)
    expect(await ids('face[null]=false')).toEqual([id])
    expect(await ids('face[null]=true')).toEqual([other])
    expect((await ask('GET', '/doc?face=x')).status).toBe(400)
    expect((await ask('GET', '/doc?sort=face')).status).toBe(400)
  })

  test('is in the history of its row', async () => {
    await put('new')
    const history = (await (await ask('GET', `/doc/${id}/history`)).json()) as { data: { face: { size: number } } }[]
    expect(history.map(record => record.data.face?.size ?? null)).toEqual([3, 10, null])
  })
})

describe('a form', () => {
  const part = (head: string, body: string): string =>
    `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${body}\r\n`
  const file = part('name="face"; filename="f"', 'bytes')
  const post = (body: string | Uint8Array, type = 'multipart/form-data; boundary=b'): Promise<Response> =>
    ask('POST', '/doc', { body: body as BodyInit, headers: { 'content-type': type } })

  test.each([
    ['a file for what is none', part('name="title"; filename="f"', 'x'), 'validation', '#/title'],
    ['a file for nothing', part('name="more"; filename="f"', 'x'), 'validation', '#/more'],
    ['a field that is none', part('name="more"', 'x'), 'validation', '#/more'],
    ['a file twice', file + file, 'validation', '#/face'],
    ['a field twice', part('name="title"', 'x') + part('name="title"', 'y'), 'validation', '#/title'],
    ['a part without a name', part('filename="f"', 'x'), 'validation', '#'],
    ['a number that is none', part('name="rank"', '07') + file, 'validation', '#/rank'],
    ['a field over its length', file + part('name="title"', 'x'.repeat(21)), 'validation', '#/title'],
  ])('%s: refused at its place, nothing is kept', async (_, body, error, pointer) => {
    const before = (await app.engine.files!.clear(), kept.keys())
    const answer = await post(`${body}--b--\r\n`)
    expect([answer.status, await answer.json()]).toMatchObject([400, { error, errors: [{ pointer }] }])
    await app.engine.files!.clear()
    expect(kept.keys()).toEqual(before)
  })

  test.each([
    ['without a boundary', file, 'multipart/form-data; x=y', 400],
    ['as it is called by none', file, 'multipart/form-data', 415],
    [
      'that breaks off in a file',
      '--b\r\ncontent-disposition: form-data; name="face"; filename="f"\r\n\r\nhalf',
      undefined,
      400,
    ],
    ['that breaks off in a field', '--b\r\ncontent-disposition: form-data; name="title"\r\n\r\nhalf', undefined, 400],
    ['of another boundary', '--c\r\n\r\n--c--\r\n', undefined, 400],
    ['of nothing', '', undefined, 400],
    ['with text that is no UTF-8', Buffer.from(part('name="title"', '\xff') + '--b--', 'latin1'), undefined, 400],
    ['with a body in the place of a row', file, 'multipart/mixed; boundary=b', 415],
  ])('%s is refused, nothing is kept', async (_, body, type, status) => {
    const before = (await app.engine.files!.clear(), kept.keys())
    expect((await post(body, type)).status).toBe(status)
    await app.engine.files!.clear()
    expect(kept.keys()).toEqual(before)
  })

  test('may say JSON of a part, and leave a file unchosen', async () => {
    const json =
      '--b\r\ncontent-disposition: form-data; name="data"\r\ncontent-type: application/json\r\n\r\n{"a":[1]}\r\n'
    const unchosen = part('name="face"; filename=""', '')
    const answer = await post(`${json}${unchosen}${part('name="back"; filename="e"', '')}--b--\r\n`)
    expect([answer.status, await answer.json()]).toMatchObject([
      201,
      { data: { a: [1] }, face: null, back: { size: 0 } },
    ])
  })

  test('with a condition is about the row', async () => {
    const form = (): FormData => {
      const body = new FormData()
      body.set('back', new Blob(['x']))
      return body
    }
    const row = (await ask('GET', `/doc/${id}`)).headers.get('etag')!
    expect((await ask('PATCH', `/doc/${id}`, { body: form(), headers: { 'if-match': '"x"' } })).status).toBe(412)
    expect((await ask('PATCH', `/doc/${id}`, { body: form(), headers: { 'if-match': row } })).status).toBe(200)
    expect((await ask('PATCH', `/doc/${id}`, { body: form(), headers: { 'if-match': row } })).status).toBe(412)
    expect((await ask('PUT', `/doc/${id}`, { body: form() })).status).toBe(415)
  })
})

test('subscribers of the row get changes of its file, in every protocol', async () => {
  const native = await NativeClient.open(served.url.replace('http', 'ws'))
  onTestFinished(() => native.socket.terminate())
  await native.ask({ op: 'subscribe', uri: `/doc/${id}` })
  const socket = io(served.url, { transports: ['websocket'], forceNew: true })
  onTestFinished(() => void socket.disconnect())
  await once(socket as never, 'connect')
  await socket.emitWithAck('subscribe', `/doc/${id}`, {})
  const patched = new Promise<unknown>(resolve => socket.on('patch', (...heard: unknown[]) => resolve(heard)))
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const stream = await fetch(`${served.url}/doc/${id}`, {
    headers: { accept: 'text/event-stream' },
    signal: stop.signal,
  })
  const face = (await (await put('new bytes')).json()) as { version: string }
  expect(JSON.stringify(await native.hear(frame => JSON.stringify(frame).includes(face.version)))).toContain('"size":9')
  expect(JSON.stringify(await patched)).toContain(`"url":"/doc/${id}/face"`)
  let told = ''
  for await (const chunk of stream.body!) {
    told += Buffer.from(chunk).toString()
    if (told.includes(face.version)) break
  }
  expect(told).toContain(`"url":"/doc/${id}/face"`)
})
