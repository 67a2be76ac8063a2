import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { nearest } from '../model/link/faults.ts'
import { parseKept, shownOf } from '../protocol/exact-json.ts'
import { readCollections } from '../store/collections.ts'
import { readUtf8 } from '../store/memory/file/text-file.ts'
import { adopt, type Adoption } from '../store/sql/tables/adopt.ts'
import { introspect } from '../store/sqlite/schema/introspect.ts'
import { Misuse } from './misuse.ts'

/** What can be served without a declaration. */
export interface DataSource extends Adoption {
  readonly kind: 'sqlite' | 'json' | 'postgres'
  /** The name of the file, or of its copy; the connection string of a database. */
  readonly file: string
  /** Whether nothing is written, not even a log. Absent: as the options say. */
  readonly isUntouched?: boolean
}

/** A file that can be served without a declaration. */
export interface DataFile extends DataSource {
  readonly kind: 'sqlite' | 'json'
}

/** Finds out by its content what a file is. Throws Misuse if it is none that can be served. */
export function kindOf(file: string): DataFile['kind'] {
  if (/^(?:postgres|postgresql|mysql|https?):/.test(file)) {
    throw new Misuse(`${file.split(':')[0]!}:// is no file`, 'name a SQLite or a JSON file')
  }
  const start = startOf(file)
  if (start.startsWith('SQLite format 3\0') || (start === '' && extname(file) !== '.json')) {
    return 'sqlite'
  }
  if (/^\uFEFF?\s*[{[]/.test(start)) return 'json'
  throw new Misuse(...unknownKind(file, start))
}

function unknownKind(file: string, start: string): [problem: string, fix: string] {
  if (/^\s*$/.test(start)) return [`${file} is empty`, 'write lists into it: { "posts": [] }']
  if (/[{[]\0|\0[{[]/.test(start.slice(0, 4))) return [`${file} is not UTF-8`, 'save it as UTF-8']
  const hint = /\uFFFD/.test(start) ? '; if it is encrypted or compressed, export or unpack it first' : ''
  return [`${file} is neither a SQLite file nor JSON`, `name a file that one of them wrote${hint}`]
}

/**
 * Finds out by its content what a file is, and what it declares. An application's own database can only be read: the file does
 * not have its rules and checks, so writes would pass them by, and the log would go on under another declaration.
 */
export function readSource(file: string, options: { readonly readOnly: boolean }): DataFile {
  const kind = kindOf(file)
  if (kind === 'sqlite') {
    const catalog = introspect(file)
    const own = catalog.tables.find(table => table.own)
    if (own !== undefined && !options.readOnly)
      throw new Misuse(
        `${file} belongs to an application of Restuary, which made its table ${own.name} and knows its rules`,
        `start that application, or see what is in the file: restuary serve ${file} --read-only`,
      )
    return { kind, file, ...adopt(catalog, { foreign: true, ...options }) }
  }
  return {
    kind,
    file,
    ...adopt(readCollections(readDocument(file)), { foreign: false, tablePaths: true, ...options }),
  }
}

function readDocument(file: string): unknown {
  const text = readUtf8(file)
  if (text === null) throw new Misuse(`${file} is not UTF-8`, 'save it as UTF-8')
  let document: unknown
  try {
    document = shownOf(parseKept(text.replace(/^\uFEFF/, '')))
  } catch (error) {
    throw new Misuse(`${file} is not JSON: ${error instanceof Error ? error.message : ''}`, 'correct it there')
  }
  if (Array.isArray(document)) {
    throw new Misuse(`${file} is a list`, `give it a name: { "${basename(file, extname(file))}": [ … ] }`)
  }
  return document
}

/** Throws Misuse if a JSON file cannot be replaced by a new version of itself. */
export function checkReplaceable(file: string): void {
  try {
    accessSync(file, constants.W_OK)
    accessSync(dirname(resolve(file)), constants.W_OK)
  } catch {
    throw new Misuse(
      `${file} cannot be written, or new files beside it cannot`,
      'check the permissions of the file and of its directory, or add --read-only or --memory',
    )
  }
}

/** Makes a temporary copy of a file. `remove` deletes it. */
export function copied(file: string): { readonly file: string; readonly remove: () => void } {
  startOf(file)
  const directory = mkdtempSync(join(tmpdir(), 'restuary-'))
  const copy = join(directory, basename(file))
  // The -wal file has changes that a running database has not yet moved into the file.
  for (const suffix of ['', '-wal']) {
    try {
      copyFileSync(file + suffix, copy + suffix)
    } catch (error) {
      if (suffix === '') throw error
    }
  }
  return { file: copy, remove: () => rmSync(directory, { recursive: true, force: true }) }
}

function startOf(file: string): string {
  try {
    const found = statSync(file)
    if (found.isDirectory()) throw new Misuse(`${file} is a directory`, 'name a SQLite or a JSON file')
    if (!found.isFile()) throw new Misuse(`${file} is not a plain file`, 'copy what it holds into one, and name that')
    const descriptor = openSync(file, 'r')
    try {
      const bytes = Buffer.alloc(64)
      return bytes.toString('utf8', 0, readSync(descriptor, bytes))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    if (error instanceof Misuse) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ENOENT') throw new Misuse(`${file} cannot be read (${code})`, 'check its permissions')
    throw new Misuse(`There is no file ${file}`, suggestion(file))
  }
}

function suggestion(file: string): string {
  const directory = dirname(resolve(file))
  let names: string[] = []
  try {
    names = readdirSync(directory).filter(name => /\.(json|db|sqlite3?|sdb)$/.test(name))
  } catch {
    return `there is no directory ${directory} either`
  }
  const near = nearest(basename(file), names)
  if (near !== null) return `did you mean ${join(dirname(file), near)}?`
  return names.length > 0 && names.length < 20 ? `there is ${names.join(', ')}` : 'check the path'
}
