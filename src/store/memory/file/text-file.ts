import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, renameSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A text file that is rewritten as a whole, and that other programs may change at any time. */
export class TextFile {
  readonly path: string
  /** What the file was when it was read or written last: its mark, and a digest of its text. */
  #mark = ABSENT
  #digest = ''

  constructor(path: string) {
    this.path = path
  }

  /** Whether another program has written it since it was last read or written here. Costs one look at the directory. */
  get isChanged(): boolean {
    return markOf(this.path) !== this.#mark
  }

  /** Reads the file; null if there is none. Throws Error if it is not UTF-8: writing it would replace what cannot be read. */
  read(): string | null {
    // Before the text: what is written in between counts as a change.
    this.#mark = markOf(this.path)
    try {
      const text = readUtf8(this.path)
      this.#digest = digestOf(text ?? '')
      if (text === null) throw new Error(`${this.path} is not UTF-8; save it as UTF-8`)
      return text
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      this.#digest = ''
      return null
    }
  }

  /** Reads what another program has written; undefined if the text is the same as before, null if the file is gone. */
  readChanged(): string | null | undefined {
    const before = this.#digest
    const text = this.read()
    return this.#digest === before ? undefined : text
  }

  /**
   * Writes the file under a temporary name and then renames it. So a crash at any moment leaves either the old or the new file,
   * never half of one. False, and nothing is written, if another program has changed the file meanwhile.
   */
  async replace(text: string): Promise<boolean> {
    const expected = this.#mark
    const { path, mode } = replacedFile(this.path)
    const temporary = `${path}.new`
    const file = await open(temporary, 'w', mode)
    let mark: string
    try {
      await file.writeFile(text)
      await file.sync()
      mark = textOfMark(await file.stat({ bigint: true }))
    } finally {
      await file.close()
    }
    // At once, so that nobody looks at the file in between.
    if (markOf(this.path) !== expected) return false
    renameSync(temporary, path)
    this.#mark = mark
    this.#digest = digestOf(text)
    const directory = await open(dirname(path), 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
    return true
  }
}

const ABSENT = ''

/** The text of a file; null if it is not UTF-8. */
export function readUtf8(path: string): string | null {
  const bytes = readFileSync(path)
  return isUtf8(bytes) ? bytes.toString() : null
}

/** The file to which a symbolic link leads, and its permissions. */
function replacedFile(path: string): { readonly path: string; readonly mode: number } {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? { path, mode: 0o666 } : { path: realpathSync(path), mode: found.mode & 0o777 }
}

function markOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? ABSENT : textOfMark(found)
}

const textOfMark = ({ ino, size, mtimeNs }: Readonly<Record<'ino' | 'size' | 'mtimeNs', bigint>>): string =>
  `${ino} ${size} ${mtimeNs}`

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64')
