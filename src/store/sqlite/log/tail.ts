import { DatabaseSync } from 'node:sqlite'
import { parsePosition } from '../../../protocol/position.ts'
import { Terms } from '../../terms.ts'
import { storedTerms } from './meta.ts'

/** A record of a file's change log, for people and scripts. Values are shown as they are stored. */
export interface LogLine {
  readonly position: string
  /** RFC 3339. */
  readonly at: string
  /** The name of the resource; null for a record about a URI. */
  readonly resource: string | null
  /** The id of the row, or the URI. */
  readonly id: unknown
  readonly operation: string
  readonly before: unknown
  readonly data: unknown
}

const STEP = 500

/** Reads the change log of a file, whatever declarations wrote it. The file is opened read-only and may be in use. */
export class LogTail {
  readonly #db: DatabaseSync
  #seq = 0
  readonly #terms = new Terms()

  /**
   * Begins after a position (`epoch.seq`), or at the end if it is null. Throws Error if the file has no log, or none that
   * reaches back so far.
   */
  constructor(file: string, since: string | null) {
    this.#db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
    if (!this.#db.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_restuary_log'").get()) {
      this.#db.close()
      throw new Error(`${file} has no change log: nothing was written to it by Restuary yet`)
    }
    this.#readTerms()
    const [head, floor] = Object.values(
      this.#db.prepare('SELECT coalesce(max(seq), 0), coalesce(min(seq) - 1, 0) FROM _restuary_log').get()!,
    ) as [number, number]
    this.#seq = since === null ? head : this.#startOf(since, floor)
  }

  /** The next records since the last call, oldest first. */
  read(): LogLine[] {
    this.#readTerms()
    const rows = this.#db
      .prepare(
        `SELECT seq, at, resource, id, op, before, after FROM _restuary_log WHERE seq > ? ORDER BY seq LIMIT ${STEP}`,
      )
      .all(this.#seq)
    return rows.map(row => {
      this.#seq = row['seq'] as number
      const isRow = row['resource'] !== ''
      return {
        position: this.#terms.position(this.#seq),
        at: new Date(row['at'] as number).toISOString(),
        resource: isRow ? (row['resource'] as string) : null,
        id: row['id'],
        operation: row['op'] as string,
        before: valueOf(row['before']),
        data: valueOf(row['after']),
      }
    })
  }

  close(): void {
    this.#db.close()
  }

  #readTerms(): void {
    const value = this.#db.prepare('SELECT value FROM _restuary_meta WHERE key = ?')
    const terms = storedTerms(key => value.get(key)?.['value'] as string | undefined)
    if (terms.length > 0) this.#terms.replace(terms, this.#seq)
  }

  #startOf(since: string, floor: number): number {
    const seq = this.#terms.seqOf(since)
    const fault =
      parsePosition(since) === null
        ? `${since} is not a position; it is epoch.seq, such as ${this.#terms.position(floor)}`
        : seq === null
          ? `${since} is of another history than this file's`
          : seq < floor
            ? `the log reaches back to ${this.#terms.position(floor)}`
            : null
    if (fault === null) return seq!
    this.#db.close()
    throw new Error(fault)
  }
}

/** Hides versions and hashes of passwords, which should not appear in a terminal. */
function valueOf(text: unknown): unknown {
  if (typeof text !== 'string') return null
  return JSON.parse(text, (name, value: unknown) => {
    if (name === '_seq' || name === '_at') return undefined
    return typeof value === 'string' && value.startsWith('$argon2') ? '(hidden)' : value
  })
}
