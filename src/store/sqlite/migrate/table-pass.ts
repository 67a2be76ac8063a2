import type { Bind } from '../../sql/codec.ts'
import type { Connection } from '../connection.ts'
import { quote } from './table-sql.ts'

/** Reads a table once, from its beginning to its end, for all who want to know something of its rows (`t`). */
export class TablePass {
  readonly #connection: Connection
  readonly #from: string
  readonly #conditions: string[] = []
  #counts: readonly number[] = []
  readonly #expressions: string[] = []
  readonly #readers: ((row: readonly Bind[]) => void)[] = []

  constructor(connection: Connection, table: string) {
    this.#connection = connection
    this.#from = `FROM ${quote(table)} t`
  }

  /** Counts the rows for which a condition holds. The number is there after the pass. */
  count(condition: string): () => number {
    const at = this.#conditions.push(condition) - 1
    return () => this.#counts[at]!
  }

  /** Has the values of two expressions for each row. */
  each(value: string, other: string, read: (value: Bind, other: Bind) => void): void {
    const at = this.#expressions.push(value, other) - 2
    this.#readers.push(row => read(row[at]!, row[at + 1]!))
  }

  /** Values that several rows have, as SQL shows them, with the number of the rows. Asked at once. */
  shared(columns: readonly string[]): readonly { readonly value: string; readonly rows: number }[] {
    const present = columns.map(column => `${column} IS NOT NULL`).join(' AND ')
    const shown = columns.map(column => `quote(${column})`).join(` || ', ' || `)
    const groups = this.#connection.prepare(
      `SELECT ${shown}, count(*) ${this.#from} WHERE ${present} GROUP BY ${columns.join()} HAVING count(*) > 1`,
    )
    return groups.all().map(([value, rows]) => ({ value: value as string, rows: rows as number }))
  }

  run(): void {
    if (this.#conditions.length > 0) {
      // SQLite counts a whole table by its pages.
      const sums = this.#conditions.map(one => (one === 'TRUE' ? 'count(*)' : `count(CASE WHEN ${one} THEN 1 END)`))
      this.#counts = this.#connection.prepare(`SELECT ${sums.join()} ${this.#from}`).get() as readonly number[]
    }
    if (this.#expressions.length === 0) return
    const rows = this.#connection.db.prepare(`SELECT ${this.#expressions.join()} ${this.#from}`)
    rows.setReturnArrays(true)
    rows.setReadBigInts(true)
    for (const row of rows.iterate() as Iterable<unknown>)
      for (const read of this.#readers) read(row as readonly Bind[])
  }
}
