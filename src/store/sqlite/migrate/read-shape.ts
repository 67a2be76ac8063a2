import { INDEX_PREFIX } from '../../sql/tables/schema.ts'
import type { ColumnShape, IndexShape, DatabaseShape, TableShape, OtherTables } from '../../migrate/shape.ts'
import type { Connection } from '../connection.ts'
import type { MetaTable } from '../log/meta.ts'
import { KINDS, type Kinds } from '../schema/own-tables.ts'

/** The key of `_restuary_meta` under which the shape is kept: SQLite's own schema knows no fields and no types of ours. */
const SHAPE = 'shape'
/** The key of a number that counts the shapes, by which a running process notices that another one has changed the tables. */
export const SHAPE_NUMBER = 'shape number'

/** Reads what an application's own tables in a file look like. Tables of other programs are left out. */
export function readShape(connection: Connection, meta: MetaTable): DatabaseShape {
  const known = JSON.parse(meta.get(SHAPE) ?? '{}') as DatabaseShape
  const kinds = JSON.parse(meta.get(KINDS) ?? '{}') as Kinds
  const own = new Set([...Object.keys(kinds), ...Object.keys(known)].map(path => path.replace(/\.[^.]*$/, '')))
  const tables = connection
    .prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'`)
    .all()
    .map(([name]) => name as string)
    .filter(name => own.has(name))
  return Object.fromEntries(tables.map(name => [name, tableShape(connection, name, known[name], kinds)]))
}

/** Tables and views that are not in the shape of a file, with their columns. */
export function otherTables(connection: Connection, shape: DatabaseShape): OtherTables {
  const there = connection.prepare(
    `SELECT name, type FROM sqlite_schema
     WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_restuary\\_%' ESCAPE '\\'`,
  )
  const columns = connection.prepare('SELECT name FROM pragma_table_xinfo(?)')
  const others = (there.all() as [string, string][]).filter(([name]) => shape[name] === undefined)
  return new Map(
    // A view may be broken, and its columns do not matter.
    others.map(([name, type]) => [
      name,
      new Set(type === 'view' ? [] : columns.all(name).map(([one]) => one as string)),
    ]),
  )
}

/** Keeps what the file looks like now. The kinds of columns that are gone stay: they are needed if their tables return. */
export function writeShape(meta: MetaTable, shape: DatabaseShape): void {
  const kinds: Record<string, string> = { ...(JSON.parse(meta.get(KINDS) ?? '{}') as Kinds) }
  for (const [table, { columns }] of Object.entries(shape))
    for (const [column, { kind }] of Object.entries(columns)) kinds[`${table}.${column}`] = kind
  meta.set(KINDS, JSON.stringify(kinds))
  const text = JSON.stringify(shape)
  if (meta.get(SHAPE) === text) return
  meta.set(SHAPE, text)
  meta.set(SHAPE_NUMBER, String(Number(meta.get(SHAPE_NUMBER) ?? 0) + 1))
}

function tableShape(connection: Connection, name: string, known: TableShape | undefined, kinds: Kinds): TableShape {
  const rows = connection.prepare('SELECT name, type, "notnull", pk, dflt_value FROM pragma_table_xinfo(?)').all(name)
  const references = new Map(
    connection
      .prepare('SELECT "from", "table", "to", on_delete FROM pragma_foreign_key_list(?)')
      .all(name)
      .map(([from, table, to, deleted]) => [
        from as string,
        { table: table as string, column: to as string, cascade: deleted === 'CASCADE' },
      ]),
  )
  const isJoin = !rows.some(([column]) => column === '_seq')
  const columns = rows.map(([column, type, required, key, preset]): [string, ColumnShape] => {
    const was = known?.columns[column as string]
    const kind = kinds[`${name}.${column as string}`] ?? was?.kind
    return [
      column as string,
      {
        field: was ? was.field : isJoin || column === '_seq' || column === '_at' ? null : (column as string),
        storage: type as ColumnShape['storage'],
        kind: kind ?? (type as string).toLowerCase(),
        type: was?.kind === kind ? (was?.type ?? null) : null,
        required: required === 1 || key !== 0,
        references: references.get(column as string) ?? null,
        ...(preset !== null && { default: preset as string }),
      },
    ]
  })
  const key = rows.filter(([, , , place]) => place !== 0).toSorted((a, b) => (a[3] as number) - (b[3] as number))
  return {
    resource: known ? known.resource : isJoin ? null : name,
    key: key.map(([column]) => column as string),
    columns: Object.fromEntries(columns),
    indexes: indexesOf(connection, name),
  }
}

function indexesOf(connection: Connection, table: string): TableShape['indexes'] {
  const indexes = connection.prepare('SELECT name, "unique" FROM pragma_index_list(?)').all(table)
  const columns = connection.prepare('SELECT name FROM pragma_index_info(?) ORDER BY seqno')
  return Object.fromEntries(
    indexes
      .filter(([name]) => (name as string).startsWith(INDEX_PREFIX))
      .map(([name, unique]): [string, IndexShape] => [
        name as string,
        { columns: columns.all(name as string).map(([column]) => column as string), unique: unique === 1 },
      ]),
  )
}
