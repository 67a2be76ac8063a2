import type { Model } from '../../../model/model.ts'
import { planMigration, type ColumnState, type TableQuestions, type TableState } from '../../sql/tables/migrate.ts'
import { rebuildTable, tablesOf, type TableSpec } from '../../sql/tables/schema.ts'
import type { StoreEnvironment } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { MetaTable } from '../log/meta.ts'
import { sqliteDialect } from '../sqlite-dialect.ts'
import { KINDS, type Kinds } from './own-tables.ts'

/** The model that the tables have to fit, and what may be dropped for it. */
export interface AdaptOptions {
  readonly model: Model
  readonly environment: StoreEnvironment
  /** Columns and tables that may be dropped with their data. */
  readonly options: { readonly drop: readonly string[] }
}

/** Creates or adapts the tables of the model. Throws one Error with all faults, and then has changed nothing. */
export function adaptTables(
  connection: Connection,
  meta: MetaTable,
  { model, environment: { clock, report }, options: { drop } }: AdaptOptions,
): void {
  const tables = tablesOf(model)
  const known = JSON.parse(meta.get(KINDS) ?? '{}') as Kinds
  const plan = planMigration(tables, rowsOf(connection, known), {
    dialect: sqliteDialect,
    now: clock(),
    drop,
    change: (table, _, sources) => rebuildTable(table, sources, sqliteDialect),
  })
  const faults = [...claimedFaults(model, known), ...plan.faults]
  if (faults.length > 0) {
    throw new Error(`The database cannot follow the model:${faults.map(fault => `\n  ${fault}`).join('')}`)
  }
  const kinds = kindsOf(tables, known)
  if (plan.statements.length === 0 && JSON.stringify(kinds) === JSON.stringify(known)) return
  // Rebuilding a table drops the old one. That must not delete the rows that refer to it.
  connection.exec('PRAGMA foreign_keys=OFF')
  try {
    connection.exec('BEGIN IMMEDIATE')
    for (const statement of plan.statements) connection.exec(statement)
    const broken = connection.prepare('PRAGMA foreign_key_check').get()
    if (broken !== undefined)
      throw new Error(`a row of ${broken[0] as string} refers to a row of ${broken[2] as string} that is not there`)
    meta.set(KINDS, JSON.stringify(kinds))
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.db.isTransaction) connection.exec('ROLLBACK')
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`The database cannot follow the model, nothing was changed:\n  ${why}`, { cause: error })
  } finally {
    connection.exec('PRAGMA foreign_keys=ON')
  }
  for (const line of plan.report) report(line)
}

/** Faults for foreign tables that an application of Restuary made. As foreign tables they would lose their log and versions. */
function claimedFaults(model: Model, known: Kinds): string[] {
  const made = new Set(Object.keys(known).map(path => path.slice(0, path.lastIndexOf('.'))))
  const foreign = [...model.resources.values()].filter(({ options }) => options.foreign !== null)
  return foreign
    .filter(({ table }) => made.has(table))
    .map(({ table }) => `${table}: an application of Restuary made this table; take \`foreign\` from its declaration`)
}

/**
 * The kinds of all columns that were ever made. A table that is no longer in the model keeps its rows, and its kinds are needed
 * when it is declared again.
 */
function kindsOf(tables: readonly TableSpec[], known: Kinds): Kinds {
  const kinds: Record<string, string> = { ...known }
  for (const { name, columns } of tables) {
    for (const column of columns) kinds[`${name}.${column.name}`] = column.codec.kind
  }
  return kinds
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

function rowsOf(connection: Connection, kinds: Kinds): TableQuestions {
  const exists = (sql: string): boolean => connection.prepare(`SELECT EXISTS (${sql})`).get()?.[0] === 1
  return {
    table: name => tableOf(connection, name, kinds),
    isEmpty: table => !exists(`SELECT 1 FROM ${quote(table)}`),
    hasValue: (table, column) => exists(`SELECT 1 FROM ${quote(table)} WHERE ${quote(column)} IS NOT NULL`),
    hasNull: (table, column) => exists(`SELECT 1 FROM ${quote(table)} WHERE ${quote(column)} IS NULL`),
    duplicate: (table, columns) => {
      const list = columns.map(quote)
      const all = list.map(column => `${column} IS NOT NULL`).join(' AND ')
      const shown = list.map(column => `quote(${column})`).join(` || ', ' || `)
      const row = connection
        .prepare(
          `SELECT ${shown} FROM ${quote(table)} WHERE ${all} GROUP BY ${list.join()} HAVING count(*) > 1 LIMIT 1`,
        )
        .get()
      return row === undefined ? null : (row[0] as string)
    },
  }
}

function tableOf(connection: Connection, name: string, kinds: Kinds): TableState | null {
  const rows = connection.prepare('SELECT name, type, "notnull", pk FROM pragma_table_xinfo(?)').all(name)
  if (rows.length === 0) return null
  const references = new Map(
    connection
      .prepare('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)')
      .all(name)
      .map(([from, table, to]) => [from as string, `${table as string}.${to as string}`]),
  )
  const columns = rows.map(([column, type, required, key]): [string, ColumnState] => [
    column as string,
    {
      type: type as string,
      required: required === 1 || key !== 0,
      kind: kinds[`${name}.${column as string}`] ?? null,
      references: references.get(column as string) ?? null,
    },
  ])
  return { columns: new Map(columns), indexes: indexesOf(connection, name) }
}

function indexesOf(connection: Connection, table: string): TableState['indexes'] {
  const indexes = connection.prepare('SELECT name, "unique" FROM pragma_index_list(?)').all(table)
  const columns = connection.prepare('SELECT name FROM pragma_index_info(?) ORDER BY seqno')
  return new Map(
    indexes.map(([name, unique]) => [
      name as string,
      { columns: columns.all(name as string).map(([column]) => column as string), unique: unique === 1 },
    ]),
  )
}
