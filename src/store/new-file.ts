import { existsSync } from 'node:fs'
import { link, open, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ApiError } from '../protocol/error.ts'

/**
 * Writes a file that must not exist yet: `write` gets a temporary path beside it, and the file has its name only once it is
 * complete and on disk. Rejects with ApiError `conflict` if there is a file of that name, or with what `write` rejects with.
 */
export async function writeNewFile(file: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const path = resolve(file)
  if (existsSync(path)) throw taken(file)
  const temporary = `${path}.part`
  try {
    await rm(temporary, { force: true })
    await write(temporary)
    await sync(temporary)
    await link(temporary, path)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? taken(file) : error
  } finally {
    await rm(temporary, { force: true })
  }
  await sync(dirname(path))
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const taken = (file: string): ApiError =>
  new ApiError('conflict', { detail: `${file} exists already; name a new file` })
