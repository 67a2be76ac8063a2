import type { Bind } from '../../sql/codec.ts'
import type { PostgresConnection } from '../connection.ts'
import { quoted } from '../schema/identifier.ts'

/** Rows that are fetched at a time. */
const FETCHED = 5_000

type Reader = (row: readonly Bind[]) => void

/** Reads a table once, from its beginning to its end, for all who want to know something of its rows. */
export class CursorPass {
  readonly #connection: PostgresConnection
  readonly #table: string
  readonly #columns: string[] = []
  readonly #readers: Reader[] = []

  constructor(connection: PostgresConnection, table: string) {
    this.#connection = connection
    this.#table = table
  }

  /** The place of a column in the rows that readers get. */
  place(column: string): number {
    const at = this.#columns.indexOf(column)
    return at < 0 ? this.#columns.push(column) - 1 : at
  }

  each(read: Reader): void {
    this.#readers.push(read)
  }

  /** Goes through the rows, within the open transaction. */
  async run(): Promise<void> {
    if (this.#readers.length === 0) return
    const list = this.#columns.length === 0 ? '1' : this.#columns.map(quoted).join()
    await this.#connection.exec(`declare restuary_pass no scroll cursor for select ${list} from ${quoted(this.#table)}`)
    for (;;) {
      const rows = await this.#connection.all({
        name: undefined,
        sql: `fetch ${FETCHED} from restuary_pass`,
        slots: null,
      })
      for (const row of rows) for (const read of this.#readers) read(row as unknown as readonly Bind[])
      if (rows.length < FETCHED) break
    }
    await this.#connection.exec('close restuary_pass')
  }
}
