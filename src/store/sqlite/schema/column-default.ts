import { DatabaseSync } from 'node:sqlite'
import { Refused } from '../../../schema/read/refused.ts'
import type { ScalarType, Stored } from '../../../schema/scalar-type.ts'
import type { ColumnDefault } from '../../sql/catalog.ts'

const CONSTANT = /^\(*\s*(?:[+-]?[\d.]+(?:e[+-]?\d+)?|true|false|'(?:[^']|'')*'|"(?:[^"]|"")*")\s*\)*$/i

/**
 * The default of a column, `sql` as it was declared. A constant that fits the type is a value; the rest is evaluated
 * anew for each row: the moment by our clock, other expressions by SQLite, which would do the same.
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

/** The value of an expression. Defaults cannot refer to any table, so an empty database will do. */
function evaluate(sql: string): unknown {
  const db = new DatabaseSync(':memory:')
  try {
    return db.prepare(`SELECT (${sql}) AS value`).get()?.['value']
  } finally {
    db.close()
  }
}

/** A stored value as the field shows it; undefined if it does not fit. */
function canonical(value: unknown, { check, sql }: ScalarType): unknown {
  if (value === null || value === undefined) return undefined
  // As the affinity of the column would have it.
  const stored = sql.column === 'TEXT' && typeof value === 'number' ? String(value) : (value as Stored)
  try {
    const decode = sql.foreign?.decode ?? sql.decode
    const read = check(decode ? decode(stored) : stored)
    return read instanceof Refused ? undefined : read
  } catch {
    return undefined // what it does not decode
  }
}
