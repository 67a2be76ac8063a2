import { readFile, writeFile } from 'node:fs/promises'
import { ApiError } from '../../protocol/error.ts'
import { writeNewFile } from '../../store/new-file.ts'
import { backUp } from '../../store/sqlite/backup.ts'
import { Misuse } from '../misuse.ts'
import { kindOf } from '../source.ts'

/** `restuary backup FILE TO`: copies a SQLite or JSON file, which may be in use, to a new file and checks the copy. */
export async function backUpFile(file: string, to: string): Promise<void> {
  try {
    if (kindOf(file) === 'sqlite') await backUp(file, to)
    else
      await writeNewFile(to, async temporary => {
        const text = await readFile(file, 'utf8')
        JSON.parse(text)
        await writeFile(temporary, text)
      })
  } catch (error) {
    if (error instanceof ApiError) throw new Misuse(`${to} exists already`, 'name a new file')
    throw error
  }
  console.error(`Copied ${file} to ${to}.`)
}
