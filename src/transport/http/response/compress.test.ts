import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from '../../../api.ts'
import { resource } from '../../../model/declare/resource.ts'
import { t } from '../../../schema/builder.ts'
import { codingOf } from './compress.ts'
import type { HttpOptions } from '../options.ts'

test.each([
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip, deflate, br', 'br'],
  ['GZIP', 'gzip'],
  ['*', 'zstd'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['zstd;q=0, *', 'br'],
  ['br;q=0, gzip;q=0, zstd;q=0', null],
  ['identity, gzip;q=0.5', null],
  ['compress', null],
  ['', null],
  ['gzip;q=high', null],
])('Accept-Encoding: %s → %s', (accept, name) => expect(codingOf(accept)?.name ?? null).toBe(name))

const unpack = {
  gzip: (bytes: Buffer) => gunzipSync(bytes),
  br: (bytes: Buffer) => brotliDecompressSync(bytes),
  zstd: (bytes: Buffer) => zstdDecompressSync(bytes),
}

const note = resource({ id: t.id(), text: t.text({ max: 100_000 }) }).public()
const secret = resource({ id: t.id(), text: t.text({ max: 100_000 }) }, { cache: 'no-store' }).public()

describe('compressed answers', () => {
  const open = async (http: HttpOptions = {}) => {
    const app = api({ note, secret }, { report: () => {}, http: { log: () => {}, ...http } })
    onTestFinished(() => app.close())
    await app.post('note', [{ text: 'é'.repeat(5_000) }, { text: 'short' }])
    await app.post('secret', { text: 'x'.repeat(5_000) })
    return (path: string, headers: Record<string, string> = {}, method = 'GET', body?: string): Promise<Response> =>
      app.fetch(new Request(`http://host${path}`, { method, headers, ...(body === undefined ? {} : { body }) }))
  }

  test.each(['gzip', 'br', 'zstd'] as const)('%s says the same in fewer bytes, under a tag of its own', async name => {
    const ask = await open()
    const plain = await ask('/note/1')
    const answer = await ask('/note/1', { 'accept-encoding': name })
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect(answer.headers.get('content-encoding')).toBe(name)
    expect(Number(answer.headers.get('content-length'))).toBe(bytes.length)
    expect(bytes.length).toBeLessThan(500)
    expect(unpack[name](bytes).toString()).toBe(await plain.text())
    expect(answer.headers.get('etag')).not.toBe(plain.headers.get('etag'))
    for (const one of [plain, answer]) expect(one.headers.get('vary')).toContain('Accept-Encoding')
  })

  test('a client that has the compressed bytes gets 304 for their tag', async () => {
    const ask = await open()
    const etag = (await ask('/note/1', { 'accept-encoding': 'gzip' })).headers.get('etag')!
    const again = await ask('/note/1', { 'accept-encoding': 'gzip', 'if-none-match': etag })
    expect([again.status, again.headers.get('etag')]).toEqual([304, etag])
    expect(again.headers.get('vary')).toContain('Accept-Encoding')
    const list = (await ask('/note', { 'accept-encoding': 'br' })).headers.get('etag')!
    expect((await ask('/note', { 'accept-encoding': 'br', 'if-none-match': list })).status).toBe(304)
  })

  test('a change may name the version by the tag of compressed bytes', async () => {
    const ask = await open()
    const etag = (await ask('/note/1', { 'accept-encoding': 'zstd' })).headers.get('etag')!
    const headers = { 'content-type': 'application/json', 'if-match': etag }
    expect((await ask('/note/1', headers, 'PATCH', '{"text":"a"}')).status).toBe(200)
    expect((await ask('/note/1', headers, 'PATCH', '{"text":"b"}')).status).toBe(412)
  })

  test('HEAD is answered as GET would be', async () => {
    const ask = await open()
    const [get, head] = [
      await ask('/note/1', { 'accept-encoding': 'gzip' }),
      await ask('/note/1', { 'accept-encoding': 'gzip' }, 'HEAD'),
    ]
    expect(await head.text()).toBe('')
    for (const name of ['etag', 'content-length', 'content-encoding'])
      expect(head.headers.get(name)).toBe(get.headers.get(name))
  })

  test.each([
    ['what is small', '/note/2', {}],
    ['what must not be stored', '/secret/1', {}],
    ['nothing, where a proxy does it', '/note/1', { compress: false as const }],
    ['nothing below the size that is set', '/note/1', { compress: 100_000 }],
  ])('left as it is: %s', async (_, path, options) => {
    const ask = await open(options)
    const answer = await ask(path, { 'accept-encoding': 'gzip' })
    expect(answer.headers.get('content-encoding')).toBeNull()
    expect(await answer.json()).toHaveProperty('text')
  })
})
