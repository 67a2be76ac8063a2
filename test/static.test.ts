// `serve(app, { static: 'dist' })`: files and a page beside the API.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { api, memory, resource, serve, t, type HttpOptions, type Served } from '../src/index.ts'

const SCRIPT = 'console.log("page")\n'
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'restuary-static-'))
  mkdirSync(join(folder, 'dist/assets'), { recursive: true })
  mkdirSync(join(folder, 'dist/todo'))
  const files = {
    'secret.txt': 'outside',
    'dist/.env': 'SECRET=1',
    'dist/index.html': '<!doctype html><title>Page</title>',
    'dist/app.js': SCRIPT,
    'dist/todo/index.html': 'never shown',
    'dist/assets/index-DiwrgTda.js': SCRIPT,
    'dist/assets/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  writeFileSync(join(folder, 'dist/assets/index-DiwrgTda.js.br'), brotliCompressSync(SCRIPT))
})
afterAll(() => rmSync(folder, { recursive: true }))

const served: Served[] = []
afterAll(() => Promise.all(served.map(one => one.close())))
async function start(http: HttpOptions = {}): Promise<string> {
  const todo = resource({ id: t.id(), text: t.text() }).public()
  const app = api(
    { todo },
    { store: memory(), http, seed: async app => void (await app.post('todo', { text: 'pack' })) },
  )
  const one = await serve(app, { port: 0, signals: false, report: () => {}, static: join(folder, 'dist') })
  served.push(one)
  return one.url
}

interface Got {
  readonly status: number
  readonly type: string | undefined
  readonly cache: string | undefined
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** Sends a path exactly as it is, which fetch would not. */
function get(url: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers, method }, answer => {
      void text(answer).then(
        body =>
          resolve({
            status: answer.statusCode!,
            type: answer.headers['content-type'],
            cache: answer.headers['cache-control'],
            body,
            headers: answer.headers,
          }),
        reject,
      )
    })
    sent.on('error', reject).end()
  })
}

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

test('a browser gets the page at / and at unknown paths, programs the catalogue and problems', async () => {
  const url = await start()
  for (const path of ['/', '/lists/7', '/lists/7/'])
    expect(await get(url, path, browser)).toMatchObject({
      status: 200,
      type: 'text/html; charset=utf-8',
      cache: 'no-cache',
      body: '<!doctype html><title>Page</title>',
    })
  expect(await get(url, '/')).toMatchObject({ status: 200, type: 'application/json' })
  expect(await get(url, '/lists/7')).toMatchObject({ status: 404, type: 'application/problem+json' })
  expect(await get(url, '/missing.js', { accept: '*/*' })).toMatchObject({ status: 404 })
  expect(await get(url, '/lists', browser, 'POST')).toMatchObject({ status: 404 })
})

test('routes of the API come before files', async () => {
  const url = await start()
  expect(await get(url, '/todo', browser)).toMatchObject({ type: 'application/json', body: '[{"id":1,"text":"pack"}]' })
  expect(await get(url, '/todo/', browser)).toMatchObject({ type: 'application/json' })
  expect(await get(url, '/todo/77', browser)).toMatchObject({ status: 404, type: 'application/problem+json' })
})

test('below its prefix, the API answers all paths', async () => {
  const url = await start({ prefix: '/api' })
  expect(await get(url, '/todo', browser)).toMatchObject({ type: 'text/html; charset=utf-8' })
  expect(await get(url, '/')).toMatchObject({ type: 'text/html; charset=utf-8' })
  expect(await get(url, '/api/todo', browser)).toMatchObject({ type: 'application/json' })
  expect(await get(url, '/api/nothing', browser)).toMatchObject({ status: 404, type: 'application/problem+json' })
})

test('files with a hash in their name are kept, others are asked for again', async () => {
  const url = await start()
  const kept = await get(url, '/assets/index-DiwrgTda.js')
  expect(kept).toMatchObject({ type: expect.stringContaining('javascript'), body: SCRIPT })
  expect(kept.cache).toBe('public, max-age=31536000, immutable')
  expect((await get(url, '/assets/logo.svg')).cache).toBe('no-cache')
  const { headers, cache } = await get(url, '/app.js')
  expect(cache).toBe('no-cache')
  const again = await get(url, '/app.js', { 'if-none-match': String(headers['etag']) })
  expect(again).toMatchObject({ status: 304, body: '', cache: 'no-cache' })
})

test('files that a build compressed are sent to clients that take them', async () => {
  const url = await start()
  const answer = await fetch(`${url}/assets/index-DiwrgTda.js`, { headers: { 'accept-encoding': 'br' } })
  expect(await answer.text()).toBe(SCRIPT)
  expect(answer.headers.get('content-encoding')).toBe('br')
  expect(answer.headers.get('content-type')).toMatch('javascript')
  expect(answer.headers.get('vary')).toMatch('Accept-Encoding')
  expect(Number(answer.headers.get('content-length'))).toBe(brotliCompressSync(SCRIPT).length)
  expect(brotliDecompressSync(brotliCompressSync(SCRIPT)).toString()).toBe(SCRIPT)
  const plain = await get(url, '/assets/index-DiwrgTda.js', { 'accept-encoding': 'gzip, br;q=0' })
  expect(plain).toMatchObject({ body: SCRIPT })
  expect(plain.headers['content-encoding']).toBeUndefined()
})

test('ranges and HEAD', async () => {
  const url = await start()
  expect(await get(url, '/app.js', { range: 'bytes=0-6' })).toMatchObject({ status: 206, body: 'console' })
  expect(await get(url, '/app.js', { range: 'bytes=900-' })).toMatchObject({ status: 416, body: '' })
  const head = await get(url, '/app.js', {}, 'HEAD')
  expect(head).toMatchObject({ status: 200, body: '' })
  expect(head.headers['content-length']).toBe(String(SCRIPT.length))
})

test('nothing outside of the folder is served, and nothing that begins with a dot', async () => {
  const url = await start()
  const paths = ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/.env', '/%2eenv', '/assets/../.env']
  for (const path of [...paths, '/app.js%00', '/%', '//app.js/..', '/assets'])
    expect((await get(url, path)).status, path).toBeGreaterThanOrEqual(400)
})

test('a folder that is not there is a plain sentence', async () => {
  const app = api({ todo: resource({ id: t.id() }).public() }, { store: memory() })
  await expect(serve(app, { port: 0, report: () => {}, static: join(folder, 'build') })).rejects.toThrow(
    /There is no folder .*build whose files could be served/,
  )
})
