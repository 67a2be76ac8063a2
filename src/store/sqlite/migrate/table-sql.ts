import type { ColumnShape, IndexShape, TableShape } from '../../migrate/shape.ts'
import type { Bind } from '../../sql/codec.ts'

export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A value as it is written in a statement. */
export function literal(value: Bind): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll(`'`, `''`)}'`
  return typeof value === 'object' ? `x'${Buffer.from(value).toString('hex')}'` : String(value)
}

/** `CREATE TABLE` without its indexes. */
export function createTableSql(name: string, { columns, key }: TableShape): string {
  const parts = Object.entries(columns).map(([column, as]) => columnSql(column, as, key))
  if (key.length > 1) parts.push(`PRIMARY KEY (${key.map(quote).join(', ')})`)
  return `CREATE TABLE ${quote(name)} (${parts.join(', ')}) STRICT${key.length > 1 ? ', WITHOUT ROWID' : ''}`
}

/** A column as it is declared. Foreign keys are checked at the commit, so that a unit may write its rows in any order. */
export function columnSql(
  name: string,
  { storage, required, references, default: preset }: ColumnShape,
  key: readonly string[],
): string {
  const isKey = key.length === 1 && key[0] === name
  const points =
    references === null
      ? ''
      : ` REFERENCES ${quote(references.table)} (${quote(references.column)})` +
        `${references.cascade ? ' ON DELETE CASCADE' : ''} DEFERRABLE INITIALLY DEFERRED`
  const filled = preset === undefined ? '' : ` DEFAULT ${preset}`
  return `${quote(name)} ${storage}${isKey ? ' PRIMARY KEY' : ''}${required ? ' NOT NULL' : ''}${filled}${points}`
}

export function createIndexSql(table: string, name: string, { columns, unique }: IndexShape): string {
  const kind = unique ? 'UNIQUE INDEX' : 'INDEX'
  return `CREATE ${kind} ${quote(name)} ON ${quote(table)} (${columns.map(quote).join(', ')})`
}
