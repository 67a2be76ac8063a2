import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { fileStoreSuite } from '../testing/store-suite/files.ts'
import { filesBeside, filesInMemory, folder } from './files.ts'

function place(): string {
  const path = mkdtempSync(join(tmpdir(), 'restuary-files-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function* one(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text)
}

fileStoreSuite('a folder', () => ({ files: folder(join(place(), 'files')) }))
fileStoreSuite('memory', () => ({ files: filesInMemory() }))

test('a file is whole under its name, or not there under any', async () => {
  const path = place()
  const files = folder(path)
  const key = '0123456789abcdef0123456789abcdef'
  let seen: unknown
  await files.write(
    key,
    (async function* () {
      yield Buffer.from('half')
      seen = await files.read(key, 0, 9)
      yield Buffer.from('whole')
    })(),
  )
  expect(seen).toBeNull()
  expect(readdirSync(join(path, '01'))).toEqual([key])
  expect(statSync(join(path, '01', key)).size).toBe(9)
})

test('remains of a file after a crash are deleted together with it', async () => {
  const path = place()
  const files = folder(path)
  const key = 'a'.repeat(32)
  const begun = files.write(
    key,
    (async function* () {
      yield Buffer.from('x')
      await files.remove(key) // as another process would, after this one died
    })(),
  )
  await expect(begun).rejects.toThrow('ENOENT')
  expect(readdirSync(join(path, 'aa'))).toEqual([])
})

test('a file that is removed while it is read is read to its end', async () => {
  const files = folder(place())
  const key = 'b'.repeat(32)
  await files.write(key, one('to the end'))
  const bytes = (await files.read(key, 0, 9))!
  await files.remove(key)
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString()).toBe('to the end')
})

test('without a file of rows, files are in memory; with one, they are next to it', async () => {
  const path = place()
  await filesBeside(join(path, 'a.db')).write('c'.repeat(32), one('x'))
  expect(readdirSync(path)).toEqual(['a.db-files'])
  await filesBeside(undefined).write('c'.repeat(32), one('x'))
  expect(readdirSync(path)).toEqual(['a.db-files'])
})
