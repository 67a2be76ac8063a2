import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ApiError } from '../protocol/error.ts'

/**
 * Keeps the bytes of files. Which rows they belong to is in the rows; a key is 32 hexadecimal digits, given once and never
 * for other bytes.
 */
export interface FileStore {
  /** Keeps bytes under a new key: all of them, durably, or nothing. Rejects with what the bytes reject with. */
  write(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** The bytes from `start` to `end`, both included (an `end` before the `start` = none); null if there is no such file. */
  read(key: string, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null>
  /** Forgets the file; one that is not there is forgotten already. */
  remove(key: string): Promise<void>
}

/** Files in a folder, which is made when the first one comes; the first two digits of a key are a folder of their own. */
export function folder(path: string): FileStore {
  const root = resolve(path)
  return {
    write: async (key, bytes) => {
      const file = placeOf(root, key)
      const made = await mkdir(dirname(file), { recursive: true })
      const part = `${file}.part`
      try {
        await writeAll(part, bytes)
        await rename(part, file)
      } catch (error) {
        await rm(part, { force: true })
        throw explained(error)
      }
      await syncFolder(dirname(file))
      // A folder is durable with the entry that names it.
      if (made !== undefined) for (const one of [root, dirname(root)]) await syncFolder(one)
    },
    read: async (key, start, end) => {
      // Opened before it is answered with: what is removed meanwhile is read to its end.
      const handle = await open(placeOf(root, key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      })
      if (handle === null) return null
      if (end >= start) return createReadStream('', { fd: handle, start, end }) as AsyncIterable<Buffer>
      await handle.close()
      return nothing()
    },
    remove: async key => {
      const file = placeOf(root, key)
      await rm(file, { force: true })
      await rm(`${file}.part`, { force: true })
    },
  }
}

function placeOf(root: string, key: string): string {
  return join(root, fileKey(key).slice(0, 2), key)
}

/** The key, if it is one: what is none would be a way out of the folder, or the bucket. */
export function fileKey(key: string): string {
  if (!/^[0-9a-f]{32}$/.test(key)) throw new TypeError('that is no key of a file')
  return key
}

async function writeAll(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx')
  try {
    for await (const chunk of bytes) await handle.writeFile(chunk)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A name is as durable as its folder (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A full disk is nothing that the caller did. */
function explained(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes(code)
    ? new ApiError('unavailable', { detail: 'the file cannot be kept now', cause: error })
    : error
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

/** Where files are kept unless it is said: in a folder beside the file of the rows, or in memory as they are. */
export function filesBeside(file: string | undefined): FileStore {
  return file === undefined ? filesInMemory() : folder(`${file}-files`)
}

/** Files in memory: gone with the process, like the rows of `memory()`. */
export function filesInMemory(): FileStore & { keys(): readonly string[] } {
  const files = new Map<string, Uint8Array>()
  return {
    keys: () => [...files.keys()],
    write: async (key, bytes) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk))
      files.set(fileKey(key), Buffer.concat(chunks))
    },
    read: async (key, start, end) => {
      const found = files.get(fileKey(key))
      return found ? one(found.subarray(start, end + 1)) : null
    },
    remove: async key => void files.delete(fileKey(key)),
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}
