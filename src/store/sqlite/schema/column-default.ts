import { DatabaseSync } from 'node:sqlite'
import { Refused } from '../../../schema/read/refused.ts'
import type { ScalarType, StoredValue } from '../../../schema/scalar-type.ts'
import type { ColumnDefault } from '../../sql/tables/catalog.ts'

const CONSTANT = /^\(*\s*(?:[+-]?[\d.]+(?:e[+-]?\d+)?|true|false|'(?:[^']|'')*'|"(?:[^"]|"")*")\s*\)*$/i

/**
 * Reads the default of a column, `sql` as it was declared. A constant that fits the type becomes a value. Anything else is
 * evaluated for each row: the current time by our clock, other expressions by SQLite.
 */
export function readDefault(sql: string, type: ScalarType): ColumnDefault | null {
  if (/^\(*null\)*$/i.test(sql)) return null
  const value = CONSTANT.test(sql) ? canonical(evaluate(sql), type) : undefined
  if (value !== undefined) return { value }
  const text = (now: number): string => new Date(now).toISOString()
  switch (sql.replaceAll(/[\s()]/g, '').toUpperCase()) {
    case 'CURRENT_TIMESTAMP':
    case `DATETIME'NOW'`:
      return { sql, evaluate: now => (type.name === 'datetime' ? text(now) : text(now).slice(0, 19).replace('T', ' ')) }
    case 'CURRENT_DATE':
    case `DATE'NOW'`:
      return { sql, evaluate: now => text(now).slice(0, 10) }
    case 'CURRENT_TIME':
    case `TIME'NOW'`:
      return { sql, evaluate: now => text(now).slice(11, 19) }
    default:
      return { sql, evaluate: () => canonical(evaluate(sql), type) ?? null }
  }
}

/** The value of an SQL expression. Defaults cannot refer to tables, so an empty database is enough. */
function evaluate(sql: string): unknown {
  const db = new DatabaseSync(':memory:')
  try {
    return db.prepare(`SELECT (${sql}) AS value`).get()?.['value']
  } finally {
    db.close()
  }
}

/** A stored value in the form that the field shows; undefined if it does not fit the type. */
function canonical(value: unknown, { check, sql }: ScalarType): unknown {
  if (value === null || value === undefined) return undefined
  // Convert it as the column's affinity would.
  const stored = sql.column === 'TEXT' && typeof value === 'number' ? String(value) : (value as StoredValue)
  try {
    const decode = sql.foreign?.decode ?? sql.decode
    const read = check(decode ? decode(stored) : stored)
    return read instanceof Refused ? undefined : read
  } catch {
    return undefined // the stored form cannot be decoded
  }
}
