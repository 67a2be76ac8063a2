import { createHash } from 'node:crypto'
import { readFileSync, renameSync, statSync } from 'node:fs'
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

  /** Reads the file; null if there is none. */
  read(): string | null {
    // Before the text: what is written in between counts as a change.
    this.#mark = markOf(this.path)
    try {
      const text = readFileSync(this.path, 'utf8')
      this.#digest = digestOf(text)
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
    const temporary = `${this.path}.new`
    const file = await open(temporary, 'w')
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
    renameSync(temporary, this.path)
    this.#mark = mark
    this.#digest = digestOf(text)
    const directory = await open(dirname(this.path), 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
    return true
  }
}

const ABSENT = ''

function markOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? ABSENT : textOfMark(found)
}

const textOfMark = ({ ino, size, mtimeNs }: Readonly<Record<'ino' | 'size' | 'mtimeNs', bigint>>): string =>
  `${ino} ${size} ${mtimeNs}`

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64')
