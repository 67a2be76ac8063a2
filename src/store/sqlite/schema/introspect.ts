import { DatabaseSync } from 'node:sqlite'
import { NTH } from '../../../model/key-text.ts'
import { isInternalTable } from '../../../model/link/names.ts'
import * as types from '../../../schema/field-types/built-in.ts'
import type { Catalog, ColumnInfo, Reference, TableInfo } from '../../sql/tables/catalog.ts'
import { affinityOf } from './affinity.ts'
import { columnType, type Seen } from './column-type.ts'
import { readDefault } from './column-default.ts'
import { isEndless } from './endless.ts'
import { ownTables, ownType, type OwnTables } from './own-tables.ts'
import { profile, ROWS } from './profile.ts'
import { isCapturing } from './triggers.ts'

/** The file is damaged (https://sqlite.org/rescode.html#corrupt). It must not be written to. */
const CORRUPT = 11

/** Version columns in the tables of an application of Restuary. */
const VERSION: readonly string[] = ['_seq', '_at']

interface TableRow {
  readonly name: string
  readonly type: 'table' | 'view' | 'virtual' | 'shadow'
  /** 1 = WITHOUT ROWID. */
  readonly wr: number
  readonly strict: number
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
    const own = ownTables(db)
    const triggers = rows<{ name: string; sql: string }>(
      db,
      `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`,
    ).filter(({ name }) => !isCapturing(name))
    // What triggers change in tables with a key is recorded (write/side-effects.ts).
    const isDerived = ({ name, kind, readOnly }: TableInfo): boolean =>
      kind !== 'table' || (readOnly !== null && triggers.some(({ sql }) => isWrittenBy(sql, name)))
    const recursive = rows(db, `SELECT 1 FROM sqlite_schema WHERE type = 'view' AND sql LIKE '%recursive%'`).length > 0
    for (const row of rows<TableRow>(
      db,
      `SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'`,
    )) {
      if (/^(sqlite_|_restuary_)/i.test(row.name) || (own.has(row.name) && isInternalTable(row.name))) continue
      if (row.type === 'shadow') skipped.push({ name: row.name, why: 'it is internal to a virtual table' })
      else {
        try {
          if (row.type === 'view' && recursive && isEndless(file, row.name))
            throw new Error('it does not come to an end')
          tables.push(readTable(db, row, row.type, own))
        } catch (error) {
          if ((error as { errcode?: number }).errcode === CORRUPT) throw error
          skipped.push({ name: row.name, why: `SQLite cannot read it: ${error instanceof Error ? error.message : ''}` })
        }
      }
    }
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
    return {
      tables: tables
        .toSorted(byName)
        .map(table => withTargets(isDerived(table) ? { ...table, derived: true } : table, tables)),
      skipped: skipped.toSorted(byName),
    }
  } finally {
    db.close()
  }
}

/** Whether a trigger writes to a table, judged by its text. */
function isWrittenBy(trigger: string, table: string): boolean {
  const name = RegExp.escape(table)
  const quoted = `(?:"${name.replaceAll('"', '""')}"|\\[${name}\\]|\`${name}\`|\\b${name}\\b)`
  return new RegExp(`\\b(?:INTO|FROM|UPDATE(?:\\s+OR\\s+\\w+)?)\\s*${quoted}`, 'is').test(
    trigger.replace(/^.*?\bBEGIN\b/is, ''),
  )
}

function readTable(
  db: DatabaseSync,
  { name, wr, strict }: TableRow,
  kind: TableInfo['kind'],
  owned: OwnTables,
): TableInfo {
  const own = owned.get(name)
  const rowsOf = rows<ColumnRow>(db, `SELECT * FROM pragma_table_xinfo(?) ORDER BY cid`, name)
  const shown = rowsOf.filter(row => row.hidden !== 1 && !(own && VERSION.includes(row.name)))
  const seen = profile(
    db,
    name,
    shown.map(row => row.name),
  )
  const columns = shown.map(row => readColumn(row, seen.get(row.name)!, strict === 1, own?.get(row.name)))
  const primary = rowsOf
    .filter(row => row.pk > 0)
    .toSorted((a, b) => a.pk - b.pk)
    .map(row => row.name)
  const references = readReferences(db, name)
  const shape = { name, kind, columns, unique: readUnique(db, name), references, ...(own && { own: true }) }
  if (kind !== 'table') {
    const readOnly = kind === 'view' ? 'it is a view' : 'it is a virtual table'
    const key = (kind === 'virtual' ? rowidOf(db, name) : null) ?? viewKey(db, name, columns)
    return { ...shape, ...ofOneColumn(key, columns, seen), key, readOnly }
  }
  const rowid = wr === 0 ? rowidOf(db, name) : null
  if (primary.length === 0)
    return { ...shape, key: rowid ?? viewKey(db, name, columns), readOnly: 'it has no primary key' }
  // A key with null is possible only in tables with a rowid.
  if (rowid !== null && primary.some(column => seen.get(column)!.has('null')))
    return { ...shape, key: rowid, readOnly: 'its key is null in some rows' }
  if (primary.length > 1) return { ...shape, key: primary, readOnly: null }
  return { ...shape, ...ofOneColumn(primary, columns, seen), key: primary, readOnly: null }
}

/** The columns with the type of a single key, and whether ids have to be composed because its values are no ids. */
function ofOneColumn(
  [name, ...others]: readonly string[],
  columns: readonly ColumnInfo[],
  seen: ReadonlyMap<string, ReadonlySet<Seen>>,
): Pick<TableInfo, 'columns' | 'composed'> {
  const found = columns.find(column => column.name === name)
  if (found === undefined || others.length > 0) return { columns }
  const kinds = seen.get(found.name)!
  const key = asKey(found, kinds)
  return { columns: columns.with(columns.indexOf(found), key), composed: !isId(key, kinds) }
}

/** NUMERIC keys mostly hold integers. */
function asKey(column: ColumnInfo, seen: ReadonlySet<Seen>): ColumnInfo {
  const isWhole = column.type.name === 'number' && [...seen].every(kind => kind === 'flag' || kind === 'integer')
  return isWhole ? { ...column, type: types.integer() } : column
}

/** Whether the values of a key are ids by themselves. */
function isId({ type, mixed }: ColumnInfo, seen: ReadonlySet<Seen>): boolean {
  if (type.name === 'bytes') return [...seen].every(kind => kind === 'blob' || kind === 'null')
  return !mixed && ['integer', 'bigint', 'text', 'date', 'datetime'].includes(type.name)
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

function readColumn(row: ColumnRow, seen: ReadonlySet<Seen>, isStrict: boolean, kind: string | undefined): ColumnInfo {
  const { type, mixed } =
    kind === undefined ? columnType(row.type, seen) : { type: ownType(kind, row.type, seen), mixed: false }
  return {
    name: row.name,
    type,
    mixed,
    untyped: affinityOf(row.type, isStrict) === 'none',
    secret: seen.has('hash') || (type.name !== 'password' && (seen.has('argon2id') || isPasswordName(row))),
    // SQLite lets some primary keys be null, but a new row needs one.
    nullable: row.notnull === 0 && row.pk === 0,
    generated: row.hidden >= 2,
    default: row.dflt_value === null ? null : readDefault(row.dflt_value, type),
  }
}

const isPasswordName = ({ name, type }: ColumnRow): boolean =>
  /(?:password|passwd|passphrase|pwd)(?:_?(?:hash|digest|salt))?$/i.test(name) && !/INT|REAL|BOOL|DATE|TIME/i.test(type)

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

/** Resolves foreign keys as SQLite does: names ignore case, and a missing column means the primary key. */
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
 * The columns that identify the rows of a view: a column that is named like a key and whose values are unique; otherwise the
 * columns that are never null, if they are unique together; otherwise all columns. Except in the first case, equal rows get
 * numbers, because rows may become equal later.
 */
function viewKey(db: DatabaseSync, view: string, columns: readonly ColumnInfo[]): string[] {
  const names = columns.map(column => column.name)
  const some = `(SELECT * FROM ${quote(view)} LIMIT ${ROWS})`
  const isKey = (column: string): boolean => {
    const c = quote(column)
    const [row] = rows<{ ok: number }>(db, `SELECT count(*) = count(DISTINCT ${c}) AS ok FROM ${some}`)
    return row?.ok === 1
  }
  const named = names.filter(name => /^id$|Id$|ID$|_id$/.test(name))
  const key = named.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1)).find(isKey)
  if (key !== undefined) return [key]
  const repeats = (columns: readonly string[]): boolean =>
    rows(db, `SELECT 1 FROM ${some} GROUP BY ${columns.map(quote).join()} HAVING count(*) > 1 LIMIT 1`).length > 0
  const counts = names.map(name => `count(${quote(name)}) = count(*)`).join()
  const filled = Object.values(rows<Record<string, number>>(db, `SELECT ${counts} FROM ${some}`)[0]!)
  const never = names.filter((_, i) => filled[i] === 1)
  return [...(never.length > 0 && !repeats(never) ? never : names), NTH]
}

function rows<T>(db: DatabaseSync, sql: string, ...parameters: string[]): T[] {
  return db.prepare(sql).all(...parameters) as T[]
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
