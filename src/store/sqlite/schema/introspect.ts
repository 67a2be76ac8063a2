import { DatabaseSync } from 'node:sqlite'
import type { Catalog, ColumnInfo, Reference, TableInfo } from '../../sql/tables/catalog.ts'
import { declaredType, sampledType, seenAs, type Seen } from './column-type.ts'
import { readDefault } from './column-default.ts'

/** How many rows are inspected if the declared type of a column does not say enough. */
const SAMPLE = 1_000

interface TableRow {
  readonly name: string
  readonly type: 'table' | 'view' | 'virtual' | 'shadow'
  /** 1 = WITHOUT ROWID. */
  readonly wr: number
}
interface ColumnRow {
  readonly name: string
  readonly type: string
  readonly notnull: number
  readonly dflt_value: string | null
  readonly pk: number
  /** 1 = hidden column of a virtual table; 2 and 3 = generated column. */
  readonly hidden: number
}
interface ReferenceRow {
  readonly id: number
  readonly table: string
  readonly from: string
  readonly to: string | null
  readonly on_delete: string
}

/** Reads the tables, views, keys and columns of a SQLite file. The file is opened read-only and closed again. */
export function introspect(file: string): Catalog {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const tables: TableInfo[] = []
    const skipped: { name: string; why: string }[] = []
    for (const row of rows<TableRow>(db, `SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'`)) {
      if (/^(sqlite_|_restuary_)/i.test(row.name)) continue
      if (row.type === 'shadow') skipped.push({ name: row.name, why: 'it is internal to a virtual table' })
      else {
        try {
          tables.push(readTable(db, row, row.type))
        } catch (error) {
          skipped.push({ name: row.name, why: `SQLite cannot read it: ${error instanceof Error ? error.message : ''}` })
        }
      }
    }
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
    return {
      tables: tables.toSorted(byName).map(table => withTargets(table, tables)),
      skipped: skipped.toSorted(byName),
    }
  } finally {
    db.close()
  }
}

function readTable(db: DatabaseSync, { name, wr }: TableRow, kind: TableInfo['kind']): TableInfo {
  const rowsOf = rows<ColumnRow>(db, `SELECT * FROM pragma_table_xinfo(?) ORDER BY cid`, name)
  const columns = rowsOf.filter(row => row.hidden !== 1).map(row => readColumn(db, name, row))
  const primary = rowsOf
    .filter(row => row.pk > 0)
    .toSorted((a, b) => a.pk - b.pk)
    .map(row => row.name)
  const shape = { name, kind, columns, unique: readUnique(db, name), references: readReferences(db, name) }
  if (kind !== 'table') {
    const readOnly = kind === 'view' ? 'it is a view' : 'it is a virtual table'
    return { ...shape, key: (kind === 'virtual' ? rowidOf(db, name) : null) ?? viewKey(db, name, columns), readOnly }
  }
  if (primary.length > 1) return { ...shape, key: primary, readOnly: `its key has ${primary.length} columns` }
  const names = columns.map(column => column.name)
  const rowid = wr === 0 ? rowidOf(db, name) : null
  if (primary.length === 0) return { ...shape, key: rowid ?? names, readOnly: 'it has no primary key' }
  const type = columns.find(column => column.name === primary[0])!.type.name
  if (!['integer', 'text', 'date', 'datetime'].includes(type)) {
    return { ...shape, key: rowid ?? primary, readOnly: `its key is of type ${type}` }
  }
  const generated = columns.find(column => column.generated)
  // After inserting a row, it would have to be read again to know what the database computed.
  const why = generated === undefined ? null : `its column ${generated.name} is computed by the database`
  return { ...shape, key: primary, readOnly: why }
}

/** The name by which the rowid can be read; null if columns use all of them. */
function rowidOf(db: DatabaseSync, table: string): string[] | null {
  const taken = new Set(
    rows<ColumnRow>(db, `SELECT * FROM pragma_table_xinfo(?)`, table).map(row => row.name.toLowerCase()),
  )
  const alias = ['rowid', '_rowid_', 'oid'].find(alias => !taken.has(alias))
  try {
    db.prepare(`SELECT ${alias} FROM ${quote(table)}`)
    return alias === undefined ? null : [alias]
  } catch {
    return null
  }
}

function readColumn(db: DatabaseSync, table: string, row: ColumnRow): ColumnInfo {
  const type = declaredType(row.type) ?? sampledType(row.type, sample(db, table, row.name))
  return {
    name: row.name,
    type,
    // A primary key must have a value, although SQLite allows null in some.
    nullable: row.notnull === 0 && row.pk === 0,
    generated: row.hidden >= 2,
    default: row.dflt_value === null ? null : readDefault(row.dflt_value, type),
  }
}

function sample(db: DatabaseSync, table: string, column: string): ReadonlySet<Seen> {
  const statement = db.prepare(
    `SELECT ${quote(column)} FROM ${quote(table)} WHERE ${quote(column)} IS NOT NULL LIMIT ${SAMPLE}`,
  )
  statement.setReturnArrays(true)
  statement.setReadBigInts(true)
  const seen = new Set<Seen>()
  for (const [value] of statement.iterate() as Iterable<unknown[]>) {
    const kind = seenAs(value)
    if (kind !== null) seen.add(kind)
  }
  return seen
}

function readUnique(db: DatabaseSync, table: string): string[][] {
  const indexes = rows<{ name: string }>(
    db,
    `SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0 AND origin <> 'pk' ORDER BY name`,
    table,
  )
  return indexes
    .map(index => rows<{ name: string | null }>(db, `SELECT name FROM pragma_index_info(?) ORDER BY seqno`, index.name))
    .map(columns => columns.map(column => column.name))
    .filter((columns): columns is string[] => columns.every(name => name !== null))
}

function readReferences(db: DatabaseSync, table: string): Reference[] {
  const found = new Map<number, { columns: string[]; table: string; to: string[]; onDelete: Reference['onDelete'] }>()
  for (const row of rows<ReferenceRow>(db, `SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq`, table)) {
    const onDelete = row.on_delete === 'CASCADE' ? 'cascade' : row.on_delete === 'SET NULL' ? 'null' : 'restrict'
    const reference = found.get(row.id) ?? { columns: [], table: row.table, to: [], onDelete }
    reference.columns.push(row.from)
    if (row.to !== null) reference.to.push(row.to)
    found.set(row.id, reference)
  }
  return [...found.values()].toSorted((a, b) => (a.columns.join() < b.columns.join() ? -1 : 1))
}

/** Resolves foreign keys as SQLite does: names are compared without case, and without a column the primary key is meant. */
function withTargets(table: TableInfo, tables: readonly TableInfo[]): TableInfo {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
  const columnOf = (table: TableInfo | undefined, name: string): string =>
    table?.columns.find(column => same(column.name, name))?.name ?? name
  const references = table.references.map(one => {
    const target = tables.find(other => same(other.name, one.table))
    const to = one.to.length === 0 ? (target?.key ?? []) : one.to.map(name => columnOf(target, name))
    return { ...one, table: target?.name ?? one.table, to, columns: one.columns.map(name => columnOf(table, name)) }
  })
  return { ...table, references }
}

/**
 * A key for a view, which has none of its own: a column that is named like an id and has unique values, otherwise all columns
 * that are never null.
 */
function viewKey(db: DatabaseSync, view: string, columns: readonly ColumnInfo[]): string[] {
  const named = columns.filter(column => /^id$|Id$|ID$|_id$/.test(column.name)).map(column => column.name)
  const isKey = (column: string): boolean => {
    const c = quote(column)
    const [row] = rows<{ ok: number }>(db, `SELECT count(*) = count(DISTINCT ${c}) AS ok FROM ${quote(view)}`)
    return row?.ok === 1
  }
  const key = named.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1)).find(isKey)
  if (key !== undefined) return [key]
  const counts = columns.map(column => `count(${quote(column.name)}) = count(*)`).join(', ')
  const filled = Object.values(rows<Record<string, number>>(db, `SELECT ${counts} FROM ${quote(view)}`)[0] ?? {})
  const names = columns.map(column => column.name)
  const never = names.filter((_, i) => filled[i] === 1)
  return never.length > 0 ? never : names
}

function rows<T>(db: DatabaseSync, sql: string, ...parameters: string[]): T[] {
  return db.prepare(sql).all(...parameters) as T[]
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
