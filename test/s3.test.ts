// Files in a store that speaks S3, over real HTTP, with signatures checked.
import { expect, onTestFinished, test } from 'vitest'
import { s3 } from '../src/store/s3.ts'
import { fileStoreSuite } from '../src/testing/store-suite/files.ts'
import { fakeS3, madeS3, type FakeS3 } from './fixtures/s3.ts'

fileStoreSuite('S3', madeS3, 11_000_000)

async function begin(): Promise<FakeS3> {
  const fake = await fakeS3()
  onTestFinished(fake.close)
  return fake
}

async function* bytes(length: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < length; at += 1_000_000) yield Buffer.alloc(Math.min(1_000_000, length - at), 1)
}

const key = 'a'.repeat(32)

test('a large file is sent in parts, and a failed upload is aborted', async () => {
  const fake = await begin()
  const files = s3({ ...fake.options, part: 5_242_880 })
  fake.fail(/^PUT .*partNumber=2/, 400)
  await expect(files.write(key, bytes(12_000_000))).rejects.toMatchObject({ code: 'unavailable' })
  expect([fake.open(), fake.objects()]).toEqual([0, []])
  await files.write(key, bytes(12_000_000))
  expect([fake.open(), fake.objects()]).toEqual([0, [key]])
})

test('a store that is down for a moment is asked again', async () => {
  const fake = await begin()
  const files = s3(fake.options)
  fake.fail(/^PUT /, 503)
  fake.fail(/^GET /, 500)
  await files.write(key, bytes(10))
  const read: Uint8Array[] = []
  for await (const chunk of (await files.read(key, 0, 9))!) read.push(chunk)
  expect(Buffer.concat(read)).toEqual(Buffer.alloc(10, 1))
})

test('missing rights for the bucket are logged, and callers are told that files are unavailable', async () => {
  const fake = await begin()
  const files = s3({ ...fake.options, secretAccessKey: 'another' })
  await expect(files.write(key, bytes(10))).rejects.toMatchObject({
    code: 'unavailable',
    cause: { message: expect.stringContaining('another signature') as string },
  })
  expect(fake.objects()).toEqual([])
})
