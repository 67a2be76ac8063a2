import { describe, expect, onTestFinished, test } from 'vitest'
import type { FileStore } from '../../store/files.ts'

/** An empty store of files, and how to close it. */
export interface MadeFileStore {
  readonly files: FileStore
  readonly close?: () => Promise<void> | void
}

const key = (digit: string): string => digit.repeat(32)

/**
 * Tests for every store of files. `make` is called for each test. `large` is a number of bytes that the store keeps in several
 * parts.
 */
export function fileStoreSuite(
  name: string,
  make: () => Promise<MadeFileStore> | MadeFileStore,
  large = 300_000,
): void {
  const begin = async (): Promise<FileStore> => {
    const { files, close } = await make()
    onTestFinished(async () => close?.())
    return files
  }

  describe(`${name} keeps the contract of a store of files:`, () => {
    test('bytes come back as they were written, whatever the pieces', async () => {
      const files = await begin()
      await files.write(key('a'), pieces(bytesOf(10), 3))
      expect(await read(files, key('a'), 0, 9)).toEqual(bytesOf(10))
    })

    test.each([
      [0, 0],
      [3, 5],
      [9, 9],
      [0, 9],
    ])('bytes %i to %i', async (start, end) => {
      const files = await begin()
      await files.write(key('a'), pieces(bytesOf(10), 4))
      expect(await read(files, key('a'), start, end)).toEqual(bytesOf(10).subarray(start, end + 1))
    })

    test('a file of no bytes is a file', async () => {
      const files = await begin()
      await files.write(key('e'), pieces(new Uint8Array(0), 1))
      expect(await read(files, key('e'), 0, -1)).toEqual(Buffer.alloc(0))
    })

    test('a large file comes in order, and a range across its parts', async () => {
      const files = await begin()
      const all = bytesOf(large)
      await files.write(key('b'), pieces(all, 65_521))
      expect((await read(files, key('b'), 0, large - 1))!.equals(all)).toBe(true)
      const middle = Math.floor(large / 2)
      const range = await read(files, key('b'), middle - 70_000, middle + 70_000)
      expect(range!.equals(all.subarray(middle - 70_000, middle + 70_001))).toBe(true)
    })

    test('what is not there is null; removing it is no fault', async () => {
      const files = await begin()
      expect(await files.read(key('c'), 0, 9)).toBeNull()
      await files.remove(key('c'))
    })

    test('a file is gone when it was removed, and others are not', async () => {
      const files = await begin()
      await files.write(key('c'), pieces(bytesOf(5), 5))
      await files.write(key('d'), pieces(bytesOf(6), 5))
      await files.remove(key('c'))
      await files.remove(key('c'))
      expect(await files.read(key('c'), 0, 4)).toBeNull()
      expect(await read(files, key('d'), 0, 5)).toEqual(bytesOf(6))
    })

    test.each([
      ['at once', 0],
      ['after some bytes', 1_000],
      ['after many', large],
    ] as const)('bytes that break off %s leave nothing, and their fault is told as it is', async (_, length) => {
      const files = await begin()
      const fault = new Error('broken off')
      await expect(files.write(key('f'), breaking(bytesOf(length), fault))).rejects.toBe(fault)
      expect(await files.read(key('f'), 0, 0)).toBeNull()
      await files.write(key('f'), pieces(bytesOf(3), 1))
      expect(await read(files, key('f'), 0, 2)).toEqual(bytesOf(3))
    })

    test('several are written side by side', async () => {
      const files = await begin()
      const keys = ['0', '1', '2', '3'].map(key)
      await Promise.all(keys.map((one, i) => files.write(one, pieces(bytesOf(10_000 + i), 999))))
      for (const [i, one] of keys.entries()) expect((await read(files, one, 0, 20_000))!.length).toBe(10_000 + i)
    })

    test('whoever reads may stop early', async () => {
      const files = await begin()
      await files.write(key('b'), pieces(bytesOf(large), 65_536))
      for await (const chunk of (await files.read(key('b'), 0, large - 1))!) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      await files.remove(key('b'))
    })

    test.each(['../../etc/passwd', '', 'A'.repeat(32), `${'a'.repeat(31)}/`, 'a'.repeat(33), `..${'/'.repeat(30)}`])(
      '%j is no key',
      async bad => {
        const files = await begin()
        await expect((async () => files.write(bad, pieces(bytesOf(1), 1)))()).rejects.toThrow('not the key')
        await expect((async () => files.read(bad, 0, 0))()).rejects.toThrow('not the key')
        await expect((async () => files.remove(bad))()).rejects.toThrow('not the key')
      },
    )
  })
}

/** Bytes from whose values their position can be seen. */
function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7) & 0xff
  return bytes
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  // One buffer for all of them, as hosts have it.
  const piece = new Uint8Array(size)
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size)
    piece.set(part)
    yield piece.subarray(0, part.length)
  }
}

async function* breaking(bytes: Uint8Array, fault: Error): AsyncGenerator<Uint8Array, void> {
  yield* pieces(bytes, 65_536)
  throw fault
}

async function read(files: FileStore, of: string, start: number, end: number): Promise<Buffer | null> {
  const found = await files.read(of, start, end)
  if (!found) return null
  const chunks: Uint8Array[] = []
  for await (const chunk of found) chunks.push(chunk)
  return Buffer.concat(chunks)
}
