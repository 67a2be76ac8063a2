// Files over HTTP, request by request: rights, conditions, sizes, formats, and what is returned.
import { connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { api } from '../src/api.ts'
import { resource } from '../src/model/declare/resource.ts'
import { any } from '../src/model/rules/rule.ts'
import { t } from '../src/schema/builder.ts'
import { serve, type Served } from '../src/serve.ts'
import { filesInMemory } from '../src/store/files.ts'

const doc = resource({
  id: t.id(),
  title: t.text().default(''),
  size: t.integer().nullable(),
  owner: t.text(),
  shared: t.bool().default(false),
  face: t.file({ max: 50, types: ['image/*', 'text/plain'] }),
  back: t.file({ max: 50 }),
  stamp: t.file().readonly(),
  frozen: t.file().writable(false),
  ghost: t.file().hidden(),
}).rules((me, row) => ({
  create: me.signedIn,
  read: any(row.owner.is(me['id'] as never), row.shared.is(true)),
  write: row.owner.is(me['id'] as never),
  fields: { back: { read: row.owner.is(me['id'] as never), write: row.owner.is(me['id'] as never) } },
}))
const strict = resource({ id: t.id(), face: t.file() }, { ifMatch: 'required' }).public()

const kept = filesInMemory()
let now = Date.UTC(2026, 0, 1)
const app = api(
  { doc, strict },
  {
    files: kept,
    clock: () => now,
    authenticate: credentials => {
      const id = credentials.header('authorization')
      return id === undefined ? null : { id }
    },
    limits: { body: 400, parts: 4 },
    report: () => {},
    http: { log: () => {} },
  },
)
let served: Served
beforeAll(async () => {
  served = await serve(app, { port: 0, signals: false, report: () => {} })
})
afterAll(() => served.close())

/** A row of ann's with the face "hello", and its tag. */
let id: number
let tag: string
beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  id = ((await app.post('doc', { owner: 'ann' })) as { id: number }).id
  const put = await ask('PUT', `/doc/${id}/face`, { body: 'hello', headers: { 'content-type': 'image/png' } })
  expect(put.status).toBe(201)
  tag = put.headers.get('etag')!
  now += 10_000
})

interface Asked {
  readonly as?: string | null
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

function ask(method: string, path: string, { as = 'ann', body = null, headers = {} }: Asked = {}): Promise<Response> {
  return fetch(served.url + path, {
    method,
    headers: { ...(as !== null && { authorization: as }), ...headers },
    body: body as BodyInit,
    duplex: 'half',
  } as RequestInit)
}

/** A body that is sent in pieces, without its length. */
function chunked(...chunks: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: controller => {
      for (const chunk of chunks) controller.enqueue(Buffer.from(chunk))
      controller.close()
    },
  })
}

const png = { 'content-type': 'image/png' }
const quietly = (problem: object): object => ({ ...problem, requestId: '', instance: '' })

describe('rights', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE'])(
    '%s: the file of a row that one may not see is answered as that of one that does not exist',
    async method => {
      const sent = method === 'PUT' ? { body: 'x', headers: png } : {}
      const hidden = await ask(method, `/doc/${id}/face`, { as: 'bob', ...sent })
      const absent = await ask(method, `/doc/99999/face`, { as: 'bob', ...sent })
      expect([hidden.status, absent.status]).toEqual([404, 404])
      if (method === 'HEAD') return
      const text = JSON.stringify(quietly((await absent.json()) as object)).replaceAll('99999', String(id))
      expect(JSON.stringify(quietly((await hidden.json()) as object))).toBe(text)
    },
  )

  test('a caller may read a shared file, and not change it', async () => {
    await app.patch('doc', id, { shared: true })
    expect(await (await ask('GET', `/doc/${id}/face`, { as: 'bob' })).text()).toBe('hello')
    expect((await ask('PUT', `/doc/${id}/face`, { as: 'bob', body: 'x', headers: png })).status).toBe(403)
    expect((await ask('DELETE', `/doc/${id}/face`, { as: 'bob' })).status).toBe(403)
    expect((await ask('DELETE', `/doc/${id}/face`, { as: null })).status).toBe(401)
    expect(await (await ask('GET', `/doc/${id}/face`)).text()).toBe('hello')
  })

  test('a file that only some may read is absent for the others, in the row and at its URI', async () => {
    await ask('PUT', `/doc/${id}/back`, { body: 'mine' })
    await app.patch('doc', id, { shared: true })
    expect(await (await ask('GET', `/doc/${id}/back`)).text()).toBe('mine')
    expect((await ask('GET', `/doc/${id}/back`, { as: 'bob' })).status).toBe(404)
    expect(await (await ask('GET', `/doc/${id}`, { as: 'bob' })).json()).not.toHaveProperty('back')
  })

  test.each([
    ['nobody', null, {}, 401],
    ['not the owner', 'bob', {}, 403],
    ['a type that is not taken', 'ann', { 'content-type': 'text/html' }, 415],
    ['no type', 'ann', { 'content-type': '' }, 415],
    ['a form', 'ann', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
    ['a type that is none', 'ann', { 'content-type': 'image/png; x="' }, 415],
    ['a coding', 'ann', { ...png, 'content-encoding': 'gzip' }, 415],
    ['part of a file', 'ann', { ...png, 'content-range': 'bytes 0-1/5' }, 400],
    ['another version', 'ann', { ...png, 'if-match': '"x"' }, 412],
    ['one that must not be there', 'ann', { ...png, 'if-none-match': '*' }, 412],
    ['one that changed since', 'ann', { ...png, 'if-unmodified-since': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 412],
    ['more than it takes', 'ann', { ...png, 'content-length': '51' }, 413],
  ])('%s: refused before a byte was sent', async (_, as, headers, status) => {
    await app.patch('doc', id, { shared: true })
    const lines = Object.entries({ ...(as && { authorization: as }), 'content-length': '5', ...png, ...headers })
    const socket = connect(served.port, '127.0.0.1')
    socket.write(`PUT /doc/${id}/face HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\n`)
    socket.write(lines.map(([name, value]) => `${name}: ${value}\r\n`).join('') + '\r\n')
    const [first] = (await once(socket, 'data')) as [Buffer]
    expect(first.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    socket.destroy()
    expect((await ask('HEAD', `/doc/${id}/face`)).headers.get('etag')).toBe(tag)
  })

  test.each([
    ['PUT', 'stamp', 405],
    ['DELETE', 'stamp', 405],
    ['PUT', 'frozen', 400],
    ['PUT', 'ghost', 404],
    ['GET', 'ghost', 404],
    ['POST', 'face', 405],
    ['PATCH', 'face', 405],
    ['GET', 'face/more', 404],
    ['GET', 'face?v=1', 400],
  ])('%s %s: %i', async (method, name, status) => {
    const answer = await ask(method, `/doc/${id}/${name}`, method === 'GET' ? {} : { body: 'x', headers: png })
    expect(answer.status).toBe(status)
    expect(kept.keys().filter(key => key === '').length).toBe(0)
  })

  test('OPTIONS lists the methods', async () => {
    expect((await ask('OPTIONS', `/doc/${id}/face`)).headers.get('allow')).toBe('GET, HEAD, PUT, DELETE, OPTIONS')
    expect((await ask('OPTIONS', `/doc/${id}/stamp`)).headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  })

  test('where writes must name a version, those of files must', async () => {
    const row = (await app.post('strict', {})) as { id: number }
    const put = (headers: Record<string, string>): Promise<Response> =>
      ask('PUT', `/strict/${row.id}/face`, { body: 'x', headers })
    expect((await put({})).status).toBe(428)
    expect((await put({ 'if-none-match': '*' })).status).toBe(201)
    expect((await ask('DELETE', `/strict/${row.id}/face`)).status).toBe(428)
    expect((await ask('DELETE', `/strict/${row.id}/face`, { headers: { 'if-match': '*' } })).status).toBe(204)
  })
})

describe('for the application itself', () => {
  const text = async (bytes: AsyncIterable<Uint8Array>): Promise<string> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of bytes) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }

  test('files are kept and read without a request, those that clients may not change as well', async () => {
    const file = await app.files.put('doc', id, 'stamp', new File(['seal'], 'seal.txt', { type: 'text/plain' }))
    expect(file).toMatchObject({ name: 'seal.txt', type: 'text/plain', size: 4, url: `/doc/${id}/stamp` })
    expect(await (await ask('GET', `/doc/${id}/stamp`)).text()).toBe('seal')
    const read = await app.files.get('doc', id, 'stamp')
    expect([read.file, await text(read.bytes)]).toEqual([file, 'seal'])
    await app.files.put('doc', id, 'stamp', Buffer.from('other'), { ifMatch: file.version })
    await expect(app.files.put('doc', id, 'stamp', Buffer.from('x'), { ifMatch: file.version })).rejects.toMatchObject({
      code: 'precondition_failed',
    })
  })

  test.each([
    ['of nobody in particular', () => app.files.get('doc', id, 'back'), 'not_found'],
    ['of a field that is none', () => app.files.get('doc', id, 'title'), 'not_found'],
    ['of a row that is none', () => app.files.put('doc', 99_999, 'face', new Blob(['x'])), 'not_found'],
    ['of a type that is not taken', () => app.files.put('doc', id, 'face', new Blob(['x'])), 'unsupported_media_type'],
    ['too long', () => app.files.put('doc', id, 'back', new Blob(['x'.repeat(51)])), 'payload_too_large'],
    ['not to be changed', () => app.files.put('doc', id, 'frozen', new Blob(['x'])), 'read_only'],
    ['for another', () => app.files.put('doc', id, 'back', new Blob(['x']), { me: { id: 'bob' } }), 'not_found'],
    ['for another to read', () => app.files.get('doc', id, 'face', { me: { id: 'bob' } }), 'not_found'],
  ])('%s', async (_, work, code) => {
    const before = (await app.engine.files!.clear(), kept.keys())
    await expect(work()).rejects.toMatchObject({ code })
    await app.engine.files!.clear()
    expect(kept.keys()).toEqual(before)
  })
})

describe('how much', () => {
  test.each([
    ['with its length', 50, 'x'.repeat(50), 200],
    ['with its length', 51, 'x'.repeat(51), 413],
    ['bit by bit', 50, chunked('x'.repeat(25), 'x'.repeat(25)), 200],
    ['bit by bit', 51, chunked('x'.repeat(25), 'x'.repeat(26)), 413],
    ['nothing', 0, '', 200],
  ])('%s, %i bytes', async (_, size, body, status) => {
    const answer = await ask('PUT', `/doc/${id}/face`, { body, headers: png })
    expect(answer.status).toBe(status)
    const read = await ask('GET', `/doc/${id}/face`)
    expect(read.headers.get('content-length')).toBe(status === 200 ? String(size) : '5')
    expect((await read.text()).length).toBe(status === 200 ? size : 5)
  })

  test('a form may have as many parts as the limit says, each text and all texts as much as a body', async () => {
    const parts = (n: number): FormData => {
      const form = new FormData()
      for (const name of ['title', 'owner', 'shared', 'size', 'face'].slice(0, n))
        form.set(name, name === 'shared' ? 'true' : '1')
      return form
    }
    expect((await ask('POST', '/doc', { body: parts(4) })).status).toBe(201)
    expect(await (await ask('POST', '/doc', { body: parts(5) })).json()).toMatchObject({
      error: 'too_many_items',
      status: 400,
    })
    const text = (title: number, owner: number): FormData => {
      const form = new FormData()
      form.set('title', 'x'.repeat(title))
      form.set('owner', 'y'.repeat(owner))
      return form
    }
    expect((await ask('POST', '/doc', { body: text(399, 1) })).status).toBe(201)
    expect((await ask('POST', '/doc', { body: text(399, 2) })).status).toBe(413)
    expect((await ask('POST', '/doc', { body: text(401, 1) })).status).toBe(413)
  })
})

test('a body that is no file must arrive as fast as elsewhere, even if files have more time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const fake = globalThis.setTimeout
  const delays: unknown[] = []
  globalThis.setTimeout = ((...timer: Parameters<typeof setTimeout>) => {
    delays.push(timer[1])
    return fake(...timer)
  }) as typeof setTimeout
  onTestFinished(() => {
    globalThis.setTimeout = fake
    vi.useRealTimers()
  })
  expect(served.server.requestTimeout).toBe(300_000)
  const post = connect(served.port, '127.0.0.1')
  post.write('POST /doc HTTP/1.1\r\nhost: x\r\nauthorization: ann\r\ncontent-type: application/json\r\n')
  post.write('content-length: 20\r\n\r\n{"owner"')
  await expect.poll(() => delays).toContain(30_000)
  vi.advanceTimersByTime(30_000)
  const [answer] = (await once(post, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer.toString()).toContain('took over 30000 milliseconds')
  post.destroy()
})

describe('a client that goes away in the middle', () => {
  test.each([
    ['of a file', 'PUT', 'content-type: image/png\r\ncontent-length: 20', 'half'],
    ['of a chunk', 'PUT', 'content-type: image/png\r\ntransfer-encoding: chunked', '10\r\nhalf'],
    [
      'of a form',
      'PATCH',
      'content-type: multipart/form-data; boundary=b\r\ncontent-length: 300',
      '--b\r\ncontent-disposition: form-data; name="face"; filename="f"\r\ncontent-type: image/png\r\n\r\nhalf',
    ],
  ])('%s changes nothing and leaves nothing', async (_, method, headers, body) => {
    const before = (await app.engine.files!.clear(), kept.keys())
    const path = method === 'PUT' ? `/doc/${id}/face` : `/doc/${id}`
    const begun: string[] = []
    const reception = Promise.withResolvers<void>()
    const { write } = kept
    kept.write = async (key, bytes) => {
      begun.push(key)
      return write(key, bytes).catch((error: unknown) => {
        reception.resolve()
        throw error
      })
    }
    const socket = connect(served.port, '127.0.0.1')
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ann\r\n${headers}\r\n\r\n${body}`)
    await expect.poll(() => begun).toHaveLength(1)
    socket.destroy()
    await reception.promise
    kept.write = write
    await expect.poll(async () => (await app.engine.files!.clear(), kept.keys())).toEqual(before)
    expect((await ask('HEAD', `/doc/${id}/face`)).headers.get('etag')).toBe(tag)
  })
})
