// What a SQLite file holds, read by SQL alone, and how each value is to be shown.
import { parseKept, shownOf } from '../../src/protocol/exact-json.ts'
import { DatabaseSync } from 'node:sqlite'
import type { FieldDef } from '../../src/schema/field.ts'

export type Stored = null | number | bigint | string | Uint8Array

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

export interface Tables {
  /** Rows of a table or view, each column by its name; `further` are columns that SQLite does not list, such as `rowid`. */
  readonly rows: (table: string, further?: readonly string[]) => Readonly<Record<string, Stored>>[]
  /** The same as SQL literals, so that two states can be compared byte by byte. */
  readonly literals: (table: string) => Readonly<Record<string, string>>[]
  readonly close: () => void
}

export function readTables(file: string): Tables {
  const db = new DatabaseSync(file, { readOnly: true })
  const columnsOf = (table: string): string[] =>
    db
      .prepare('SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1')
      .all(table)
      .map(row => String(row['name']))
  const read = (
    table: string,
    shown: (column: string) => string,
    further: readonly string[] = [],
  ): Readonly<Record<string, never>>[] => {
    const columns = [...new Set([...columnsOf(table), ...further])]
    const statement = db.prepare(`SELECT ${columns.map(shown).join(', ')} FROM ${quote(table)}`)
    statement.setReadBigInts(true)
    statement.setReturnArrays(true)
    return (statement.all() as unknown as never[][]).map(row =>
      Object.fromEntries(columns.map((column, i) => [column, row[i]!])),
    )
  }
  return {
    rows: (table, further) => read(table, quote, further),
    literals: table => read(table, column => `typeof(${quote(column)}) || hex(${quote(column)})`),
    close: () => db.close(),
  }
}

/** A stored value as JSON shows it in a field. */
export function shownAs(field: FieldDef, stored: Stored): unknown {
  const type = field.is === 'scalar' ? field.type.name : 'id'
  if (stored === null) return null
  if (stored instanceof Uint8Array) return Buffer.from(stored).toString('base64')
  if (typeof stored === 'bigint') {
    if (type === 'bool' && (stored === 0n || stored === 1n)) return stored === 1n
    if (type === 'text' || stored > 9007199254740991n || stored < -9007199254740991n) return String(stored)
    return Number(stored)
  }
  if (typeof stored === 'number') return type === 'text' || !Number.isFinite(stored) ? String(stored) : stored
  if (type === 'json' || type === 'list') {
    try {
      return shownOf(parseKept(stored))
    } catch {
      return stored
    }
  }
  return type === 'datetime' ? stored.replace(/\.?0*Z$/, 'Z') : stored
}
