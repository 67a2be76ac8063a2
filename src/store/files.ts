import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ApiError } from '../protocol/error.ts'

/**
 * Stores the bytes of files. Which row a file belongs to is recorded in the row. A key consists of 32 hexadecimal digits and is
 * never used for other bytes.
 *
 * ```ts
 * api({ photo }, { store: sqlite('photos.db'), files: folder('photos') })
 * ```
 */
export interface FileStore {
  /**
   * Stores bytes under a new key, durably and completely or not at all. Rejects with the error of `bytes` if reading them
   * fails, and with ApiError `unavailable` if they cannot be written.
   */
  write(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** The bytes from `start` to `end`, both included; none if `end` is before `start`. null if there is no such file. */
  read(key: string, start: number, end: number): Promise<AsyncIterable<Uint8Array> | null>
  /** Removes a file. Does nothing if it does not exist. */
  remove(key: string): Promise<void>
}

/**
 * Stores files in a folder, which is created with the first file. The first two digits of the key are a subfolder, so that no
 * folder gets too large.
 *
 * @example
 * api({ photo }, { store: sqlite('photos.db'), files: folder('/srv/photos') })
 */
export function folder(path: string): FileStore {
  const root = resolve(path)
  return {
    write: async (key, bytes) => {
      const file = placeOf(root, key)
      // Written under another name first: a crash must not leave half a file under the key.
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
      // A new folder is only durable once the folder above it is synced as well.
      if (made !== undefined) for (const one of [root, dirname(root)]) await syncFolder(one)
    },
    read: async (key, start, end) => {
      // Opened before the answer: a file that is removed meanwhile can still be read to its end.
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

/** Checks a key. Anything else could lead out of the folder or the bucket. Throws TypeError. */
export function fileKey(key: string): string {
  if (!/^[0-9a-f]{32}$/.test(key)) throw new TypeError('this is not the key of a file')
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

/** Makes a file's name durable, which is part of its folder (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Turns errors of the disk into `unavailable`: they are not the client's fault. */
function explained(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'].includes(code)
    ? new ApiError('unavailable', { detail: 'the file cannot be kept now', cause: error })
    : error
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

/** Where files are stored by default: in a folder beside the database file, or in memory if there is none. */
export function filesBeside(file: string | undefined): FileStore {
  return file === undefined ? filesInMemory() : folder(`${file}-files`)
}

/** Stores files in memory. They are gone when the process ends, like the rows of `memory()`. */
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
