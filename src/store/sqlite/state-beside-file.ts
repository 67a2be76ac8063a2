import type { SharedStep, SharedState, SharedText } from '../shared/shared-state.ts'
import { StateInMemory } from '../shared/state-in-memory.ts'
import { Connection, type Statement } from './connection.ts'

/** How often texts are deleted that have expired: after this many changes. */
const SWEEP_EVERY = 256

const TABLE = `
  CREATE TABLE IF NOT EXISTS shared(key TEXT PRIMARY KEY, until INTEGER NOT NULL, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS shared_until ON shared(until)`

interface Statements {
  readonly connection: Connection
  readonly get: Statement
  readonly put: Statement
  readonly drop: Statement
  readonly sweep: Statement
  readonly list: Statement
}

/** The texts beside a database file; a database in memory belongs to one process. */
export function stateBeside(file: string | undefined, clock: () => number): SharedState {
  return file === undefined ? new StateInMemory(clock) : new StateInFile(`${file}-shared`, clock)
}

/**
 * Texts that the processes of one SQLite file share, in a file beside it: what is written there must not look like a change of
 * the data, and need not survive a power failure. The file is made when it is first needed.
 */
class StateInFile implements SharedState {
  readonly #file: string
  readonly #clock: () => number
  #opened: Statements | null = null
  #changes = 0

  constructor(file: string, clock: () => number) {
    this.#file = file
    this.#clock = clock
  }

  update<T>(key: string, step: SharedStep<T>): T {
    const { connection, get, put, drop, sweep } = (this.#opened ??= openTexts(this.#file))
    connection.exec('BEGIN IMMEDIATE')
    try {
      const now = this.#clock()
      const found = get.get(key, now)?.[0] as string | undefined
      const { value, text, until = Number.MAX_SAFE_INTEGER } = step(found, now)
      if (text === null) drop.run(key)
      else if (text !== undefined) {
        put.run(key, until, text)
        if (++this.#changes % SWEEP_EVERY === 0) sweep.run(now)
      }
      connection.exec('COMMIT')
      return value
    } catch (error) {
      if (connection.db.isTransaction) connection.exec('ROLLBACK')
      throw error
    }
  }

  list(prefix: string, most: number): SharedText[] {
    const { list } = (this.#opened ??= openTexts(this.#file))
    return list
      .all(this.#clock(), prefix, prefix, most)
      .map(([key, text]) => ({ key: key as string, text: text as string }))
  }

  close(): void {
    this.#opened?.connection.close()
    this.#opened = null
  }
}

function openTexts(file: string): Statements {
  const options = { file, readOnly: false, synchronous: 'normal', cache: 1_048_576, mmap: 0 } as const
  const connection = new Connection(options)
  // Each use takes some microseconds, so another process has its turn soon.
  connection.exec(`PRAGMA busy_timeout=1000; ${TABLE}`)
  return {
    connection,
    get: connection.prepare('SELECT text FROM shared WHERE key = ? AND until > ?'),
    put: connection.prepare(
      'INSERT INTO shared(key, until, text) VALUES (?, ?, ?) ON CONFLICT(key) DO UPDATE SET until = excluded.until, text = excluded.text',
    ),
    drop: connection.prepare('DELETE FROM shared WHERE key = ?'),
    sweep: connection.prepare('DELETE FROM shared WHERE until <= ?'),
    list: connection.prepare(
      'SELECT key, text FROM shared WHERE until > ? AND substr(key, 1, length(?)) = ? ORDER BY until DESC LIMIT ?',
    ),
  }
}
