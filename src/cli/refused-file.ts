import { Misuse } from './misuse.ts'

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/** The primary result code of an error of SQLite; null for all other errors. */
function resultCode(error: unknown): number | null {
  const code = error instanceof Error ? (error as { errcode?: unknown }).errcode : undefined
  return typeof code === 'number' ? code & 0xff : null
}

/** What is wrong with a file that SQLite cannot use, and what helps; other errors as they are. */
export function refusedFile(file: string, error: unknown): unknown {
  switch (resultCode(error)) {
    case BUSY:
    case LOCKED:
      return new Misuse(`${file} is locked by another program`, 'end its transaction there, or close it')
    case READONLY:
    case CANTOPEN:
      return new Misuse(
        `${file} cannot be written, or new files beside it cannot`,
        'check the permissions of the file and of its directory, or serve a copy: --memory',
      )
    case CORRUPT:
      return new Misuse(
        `${file} is damaged or not complete`,
        `restore a backup, or save what can be read: sqlite3 ${file} .recover | sqlite3 repaired.db`,
      )
    case NOTADB:
      return new Misuse(
        `${file} is not a database that SQLite can read`,
        'if it is encrypted, export it without a password first',
      )
    case IOERR:
    case FULL:
      return new Misuse(`${file} cannot be read or written (${(error as Error).message})`, 'check the disk')
    default:
      return error
  }
}
