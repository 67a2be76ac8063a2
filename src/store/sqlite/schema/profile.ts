import type { DatabaseSync } from 'node:sqlite'
import { isArgon2id, isPasswordHash } from '../../sql/tables/password-hash.ts'
import type { Seen } from './column-type.ts'

/** How many rows of a table are examined at start, so that large files start quickly too. */
export const ROWS = 100_000

/** What the values of each column look like. In SQLite, a column may hold values of any type. */
export function profile(
  db: DatabaseSync,
  table: string,
  columns: readonly string[],
): ReadonlyMap<string, ReadonlySet<Seen>> {
  if (columns.length === 0) return new Map()
  db.function('restuary_text_kind', { deterministic: true }, text => textKind(String(text)))
  const names = columns.map(quote)
  const kinds = names.map(name => `group_concat(DISTINCT ${kindOf(name)})`)
  const statement = db.prepare(
    `SELECT ${kinds.join()} FROM (SELECT ${names.join()} FROM ${quote(table)} LIMIT ${ROWS})`,
  )
  statement.setReturnArrays(true)
  const found = statement.get() as unknown as (string | null)[]
  return new Map(columns.map((column, i) => [column, new Set((found[i]?.split(',') ?? []) as Seen[])]))
}

function textKind(text: string): Seen {
  // U+FFFD stands for bytes that are no UTF-8.
  if (text.includes('\uFFFD')) return 'broken'
  return isArgon2id(text) ? 'argon2id' : isPasswordHash(text) ? 'hash' : 'text'
}

const NOT_ASCII = `'*[^' || char(1) || '-' || char(127) || ']*'`

/** SQL for the name of what a value looks like. */
function kindOf(value: string): string {
  return `CASE typeof(${value})
    WHEN 'integer' THEN CASE WHEN ${value} IN (0, 1) THEN 'flag'
      WHEN ${value} BETWEEN -9007199254740991 AND 9007199254740991 THEN 'integer' ELSE 'long' END
    WHEN 'real' THEN iif(abs(${value}) < 9e999, 'real', 'infinite')
    WHEN 'text' THEN CASE WHEN ${value} GLOB '*$*$*' OR ${value} GLOB ${NOT_ASCII} THEN restuary_text_kind(${value})
      WHEN ${value} IS date(${value}) THEN 'date'
      WHEN ${value} IS strftime('%Y-%m-%dT%H:%M:%fZ', ${value}) THEN 'datetime' ELSE 'text' END
    WHEN 'blob' THEN 'blob' ELSE 'null' END`
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
