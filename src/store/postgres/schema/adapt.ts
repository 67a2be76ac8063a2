import type { Model } from '../../../model/model.ts'
import { formerShapes, laterMisfit, LATER, shapeDigest, withShape } from '../../migrate/former-shapes.ts'
import { targetOf } from '../../migrate/target.ts'
import { planMigration, type MigrationPlan, type TableQuestions } from '../../sql/tables/migrate.ts'
import { tablesOf, type TableSpec } from '../../sql/tables/schema.ts'
import type { PostgresConnection } from '../connection.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import { alterTable } from './alter-table.ts'
import { identifier, quoted } from './identifier.ts'
import { neededShape, statesOf, type TableStates } from './table-states.ts'

/** What the tables are adapted to. */
export interface AdaptTo {
  readonly model: Model
  readonly now: number
  /** Columns whose data may be dropped, as `table.column`. */
  readonly drop: readonly string[]
  /** The meaning of the values of each column, as recorded when it was made, by `table.column`. */
  readonly kinds: Readonly<Record<string, string>>
  /** The declarations that have used the database, as `_restuary_meta` has them. */
  readonly former: string | undefined
}

/** What was done to the tables. */
export interface Adapted {
  readonly report: readonly string[]
  readonly kinds: Readonly<Record<string, string>>
  readonly former: string
}

/** Makes the tables of the model or adapts them, within the open transaction. Throws one Error with all faults. */
export async function adaptToModel(connection: PostgresConnection, to: AdaptTo): Promise<Adapted> {
  const tables = tablesOf(to.model).map(native)
  const faults = tables.flatMap(longNames)
  const states = await statesOf(connection, to.kinds)
  const needed = targetOf(to.model, to.now).shape
  const [known, digest] = [formerShapes(to.former), shapeDigest(needed)]
  const former = withShape(known, digest)
  const isFormer = known.slice(0, -1).includes(digest)
  if (isFormer && laterMisfit(to.model, needed, neededShape(states, needed)) === null)
    return { report: [LATER], kinds: to.kinds, former }
  const plan = faults.length > 0 ? null : await planned(connection, tables, states, to)
  faults.push(...(plan?.faults ?? []))
  if (faults.length > 0)
    throw new Error(`The database cannot follow the model:${faults.map(fault => `\n  ${fault}`).join('')}`)
  if (plan!.statements.length > 0) await connection.exec(plan!.statements.join(';\n'))
  const kinds = { ...to.kinds }
  for (const { name, columns } of tables)
    for (const column of columns) kinds[`${name}.${column.name}`] = column.codec.kind
  return { report: plan!.report, kinds, former }
}

/** A table as PostgreSQL has it: with its own column types, and indexes whose names it does not cut. */
const native = (table: TableSpec): TableSpec => ({
  ...table,
  columns: table.columns.map(column => ({ ...column, codec: postgresDialect.codec(column.codec) })),
  indexes: table.indexes.map(index => ({ ...index, name: identifier(index.name) })),
})

function longNames({ name, columns }: TableSpec): string[] {
  return [name, ...columns.map(column => column.name)]
    .filter(one => identifier(one) !== one)
    .map(
      one => `${one}: a name of PostgreSQL has at most 63 bytes; give it a shorter one by \`table\` or \`.column()\``,
    )
}

/** A question about rows whose answer is not known yet. */
class Unanswered extends Error {
  readonly sql: string

  constructor(sql: string) {
    super(sql)
    this.sql = sql
  }
}

/**
 * Plans the changes. The planner asks about rows as if the answers were there at once. So it is started again after each question,
 * with the answers so far; there are few.
 */
async function planned(
  connection: PostgresConnection,
  tables: readonly TableSpec[],
  states: TableStates,
  to: AdaptTo,
): Promise<MigrationPlan> {
  const answers = new Map<string, unknown>()
  const ask = (sql: string): unknown => {
    if (!answers.has(sql)) throw new Unanswered(sql)
    return answers.get(sql)
  }
  const exists = (sql: string): boolean => ask(`select exists (${sql})`) === 1
  const questions: TableQuestions = {
    table: name => states.get(name) ?? null,
    isEmpty: table => !exists(`select 1 from ${quoted(table)}`),
    hasValue: (table, column) => exists(`select 1 from ${quoted(table)} where ${quoted(column)} is not null`),
    hasNull: (table, column) => exists(`select 1 from ${quoted(table)} where ${quoted(column)} is null`),
    duplicate: (table, columns) => {
      const list = columns.map(quoted)
      const all = list.map(column => `${column} is not null`).join(' and ')
      const shown = list.map(column => `${column}::text`).join(` || ', ' || `)
      const sql = `select (select ${shown} from ${quoted(table)} where ${all} group by ${list.join()} having count(*) > 1 limit 1)`
      return ask(sql) as string | null
    },
  }
  const { now, drop } = to
  for (;;) {
    try {
      return planMigration(tables, questions, { dialect: postgresDialect, now, drop, change: alterTable })
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      const [row] = await connection.all({ name: undefined, sql: error.sql, slots: null })
      answers.set(error.sql, row![0])
    }
  }
}
