import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { api } from '../../../api.ts'
import { resource } from '../../../model/declare/resource.ts'
import { t } from '../../../schema/builder.ts'

function post(bytes: Uint8Array, coding: string): Promise<Response> {
  const app = api(
    { note: resource({ id: t.id(), text: t.text({ max: 1_000_000 }) }).public() },
    { limits: { body: 10_000 }, report: () => {}, http: { log: () => {} } },
  )
  onTestFinished(() => app.close())
  return app.fetch(
    new Request('http://host/note', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': coding },
      body: bytes as Uint8Array<ArrayBuffer>,
    }),
  )
}

const body = (length: number): Buffer => Buffer.from(JSON.stringify({ text: 'a'.repeat(length - 11) }))

test.each<[string, (bytes: Buffer) => Buffer]>([
  ['gzip', bytes => gzipSync(bytes)],
  ['X-GZIP', bytes => gzipSync(bytes)],
  ['deflate', bytes => deflateSync(bytes)],
  ['br', bytes => brotliCompressSync(bytes)],
  ['zstd', bytes => zstdCompressSync(bytes)],
  ['identity', bytes => bytes],
])('a body may come as %s, and is bounded without it', async (coding, compress) => {
  const answer = await post(compress(body(10_000)), coding)
  expect(answer.status).toBe(201)
  expect(await answer.json()).toMatchObject({ text: 'a'.repeat(9_989) })
  expect((await post(compress(body(10_001)), coding)).status).toBe(413)
})

test('a small body that decompresses to a very large one is refused, and not written out', async () => {
  const before = process.memoryUsage.rss()
  const answer = await post(gzipSync(Buffer.alloc(200_000_000, 0x30)).subarray(0, 10_000), 'gzip')
  expect(answer.status).toBe(413)
  expect(process.memoryUsage.rss() - before).toBeLessThan(400_000_000)
})

test.each([
  ['bytes of another coding', gzipSync('{}'), 'br', 400],
  ['bytes that are cut', gzipSync(body(5_000)).subarray(0, 30), 'gzip', 400],
  ['two codings', gzipSync(gzipSync('{}')), 'gzip, gzip', 415],
  ['a coding that is not known', Buffer.from('{}'), 'compress', 415],
])('%s', async (_, bytes, coding, status) => {
  const answer = await post(bytes, coding)
  expect(answer.status).toBe(status)
  if (status === 415) expect(answer.headers.get('accept-encoding')).toContain('gzip')
})
