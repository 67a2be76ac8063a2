import { basename } from 'node:path'
import type { Model } from '../../../model/model.ts'
import { inWords, nobody, placeOf, startNeedOf } from '../../migrate/need.ts'
import { nothingAsked, planSteps } from '../../migrate/plan-steps.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { targetOf, type Target } from '../../migrate/target.ts'
import type { MigrationStep } from '../../migrate/step.ts'
import { askRows } from '../migrate/ask-rows.ts'
import { readShape, writeShape } from '../migrate/read-shape.ts'
import { runSteps } from '../migrate/run-steps.ts'
import { planMigration, type ColumnState, type TableQuestions, type TableState } from '../../sql/tables/migrate.ts'
import { rebuildTable, tablesOf } from '../../sql/tables/schema.ts'
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

/**
 * Creates or adapts the tables of the model, as far as no row loses anything. Throws one Error with all that somebody has to
 * decide first, and then has changed nothing.
 */
export function adaptTables(connection: Connection, meta: MetaTable, options: AdaptOptions): void {
  if (isAdapted(connection, meta, options)) return
  // Rebuilding a table drops the old one. That must not delete the rows that refer to it.
  connection.exec('PRAGMA foreign_keys=OFF; PRAGMA busy_timeout=5000')
  let report: readonly string[]
  try {
    connection.exec('BEGIN IMMEDIATE')
    // Another process may have been first.
    report = adapt(connection, meta, options)
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.db.isTransaction) connection.exec('ROLLBACK')
    if (error instanceof Undecided) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`The database cannot follow the model, nothing was changed:\n  ${why}`, { cause: error })
  } finally {
    connection.exec('PRAGMA foreign_keys=ON; PRAGMA busy_timeout=0')
  }
  for (const line of report) options.environment.report(line)
}

/** Thrown if somebody has to decide what becomes of rows. */
class Undecided extends Error {}

interface Difference {
  readonly shape: DatabaseShape
  readonly target: Target
  readonly steps: readonly MigrationStep[]
}

function difference(
  connection: Connection,
  meta: MetaTable,
  { model, environment, options }: AdaptOptions,
): Difference {
  const shape = readShape(connection, meta)
  const target = targetOf(model, environment.clock())
  // A table that is there without being ours is that of another program.
  const isThere = (table: string): boolean =>
    shape[table] === undefined &&
    connection.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined
  const steps = planSteps(shape, target, { ...nothingAsked, drop: new Set(options.drop) })
  return { shape, target, steps: steps.filter(({ table }) => !isThere(table)) }
}

function isAdapted(connection: Connection, meta: MetaTable, options: AdaptOptions): boolean {
  const { shape, target, steps } = difference(connection, meta, options)
  const faults = claimedFaults(options.model, JSON.parse(meta.get(KINDS) ?? '{}') as Kinds)
  return faults.length === 0 && steps.length === 0 && isRecorded(shape, target)
}

function isRecorded(shape: DatabaseShape, target: Target): boolean {
  return Object.entries(target.shape).every(([table, { columns }]) =>
    Object.entries(columns).every(([name, { type }]) => type === null || shape[table]?.columns[name]?.type !== null),
  )
}

/** Does what is safe within the open transaction, and returns what was done. Throws if something is not. */
function adapt(connection: Connection, meta: MetaTable, options: AdaptOptions): readonly string[] {
  const {
    model,
    environment,
    options: { drop },
  } = options
  const { shape, target, steps } = difference(connection, meta, options)
  const concerned = askRows(connection, shape, steps, target.custom)
  const needs = steps.flatMap((step, i) => {
    if (step.do.startsWith('drop') && drop.includes(placeOf(step))) return []
    return startNeedOf(step, concerned[i]!) ?? []
  })
  if (needs.length > 0)
    throw new Undecided(
      refusal(
        needs,
        steps.map((step, i) => inWords(step, concerned[i]!)),
      ),
    )
  const renames = steps.filter(step => step.do.startsWith('rename'))
  const renamed = runSteps(connection, shape, renames, { custom: target.custom, keeping: null })
  writeShape(meta, renamed)
  const tables = tablesOf(model)
  const known = JSON.parse(meta.get(KINDS) ?? '{}') as Kinds
  const plan = planMigration(tables, rowsOf(connection, known), {
    dialect: sqliteDialect,
    now: environment.clock(),
    drop,
    change: (table, _, sources) => rebuildTable(table, sources, sqliteDialect),
  })
  const faults = [...claimedFaults(model, known), ...plan.faults]
  if (faults.length > 0)
    throw new Undecided(`The database cannot follow the model:${faults.map(fault => `\n  ${fault}`).join('')}`)
  for (const statement of plan.statements) connection.exec(statement)
  const broken = connection.prepare('PRAGMA foreign_key_check').get()
  if (broken !== undefined)
    throw new Error(`a row of ${broken[0] as string} refers to a row of ${broken[2] as string} that is not there`)
  writeShape(meta, { ...renamed, ...target.shape })
  return [...renames.map(step => inWords(step, nobody)), ...plan.report]
}

/** Why the database does not follow by itself, what would happen, and the commands. */
function refusal(needs: readonly string[], plan: readonly string[]): string {
  const lines = (all: readonly string[]): string => all.map(line => `\n  ${line}`).join('')
  const main = basename(process.argv[1] ?? 'app.ts')
  return [
    `The database cannot follow the model until this is decided:${lines(needs)}`,
    `The whole plan:${lines(plan)}`,
    `Nothing was changed. Write the plan to a file with what you decide, look at it, and apply it:${lines([
      `restuary migrate plan ${main}`,
      `restuary migrate apply ${main}`,
    ])}`,
  ].join('\n')
}

/** Faults for foreign tables that an application of Restuary made. As foreign tables they would lose their log and versions. */
function claimedFaults(model: Model, known: Kinds): string[] {
  const made = new Set(Object.keys(known).map(path => path.slice(0, path.lastIndexOf('.'))))
  const foreign = [...model.resources.values()].filter(({ options }) => options.foreign !== null)
  return foreign
    .filter(({ table }) => made.has(table))
    .map(({ table }) => `${table}: an application of Restuary made this table; take \`foreign\` from its declaration`)
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
