import type { Model } from '../../../model/model.ts'
import {
  FORMER_SHAPES,
  formerShapes,
  laterMisfit,
  LATER,
  shapeDigest,
  tooOld,
  withShape,
} from '../../migrate/former-shapes.ts'
import { refuseFaults, refuseUndecided, strangeInWords, Undecided, withTypes } from '../../migrate/at-start.ts'
import { inWords, nobody } from '../../migrate/need.ts'
import { nothingAsked, planSteps } from '../../migrate/plan/plan-steps.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { targetOf, type Target } from '../../migrate/target.ts'
import { changesTable, type MigrationStep } from '../../migrate/step.ts'
import { askRows } from '../migrate/ask-rows.ts'
import { lastApplied } from '../migrate/ledger.ts'
import { readShape, writeShape } from '../migrate/read-shape.ts'
import { runSteps } from '../migrate/run-steps.ts'
import { tablesOf, type TableSpec } from '../../sql/tables/schema.ts'
import type { StoreEnvironment } from '../../store.ts'
import type { Connection } from '../connection.ts'
import type { MetaTable } from '../log/meta.ts'
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
  connection.exec('PRAGMA foreign_keys=OFF')
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
    connection.exec('PRAGMA foreign_keys=ON')
  }
  for (const line of report) options.environment.report(line)
}

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
  const isServed = formerShapes(meta.get(FORMER_SHAPES)).at(-1) === shapeDigest(target.shape)
  return isServed && steps.length === 0 && faultsOf(connection, meta, options.model, shape).length === 0
}

/** Does what is safe within the open transaction, and returns what was done. Throws if something is not. */
function adapt(connection: Connection, meta: MetaTable, options: AdaptOptions): readonly string[] {
  const { drop } = options.options
  const { shape, target, steps } = difference(connection, meta, options)
  refuseFaults(faultsOf(connection, meta, options.model, shape))
  const known = formerShapes(meta.get(FORMER_SHAPES))
  const digest = shapeDigest(target.shape)
  meta.set(FORMER_SHAPES, withShape(known, digest))
  if (known.slice(0, -1).includes(digest)) {
    const why = laterMisfit(options.model, target.shape, shape)
    if (why === null) return steps.some(changesTable) ? [LATER] : []
    const plan = lastApplied(connection)
    if (plan !== null) throw new Undecided(tooOld(why, plan))
  }
  const concerned = askRows(connection, shape, steps, target.custom)
  refuseUndecided(steps, concerned, drop)
  const after = runSteps(connection, shape, steps, { custom: target.custom, keeping: null })
  writeShape(meta, withTypes(after, target.shape))
  return steps.filter(changesTable).map(step => inWords(step, nobody))
}

/** Tables that cannot be what the model says, because somebody else made them, or because we did. */
function faultsOf(connection: Connection, meta: MetaTable, model: Model, shape: DatabaseShape): string[] {
  const foreign = [...model.resources.values()].filter(({ options }) => options.foreign !== null)
  const made = new Set(
    Object.keys(JSON.parse(meta.get(KINDS) ?? '{}') as Kinds).map(path => path.replace(/\.[^.]*$/, '')),
  )
  const claimed = foreign
    .filter(({ table }) => made.has(table))
    .map(({ table }) => `${table}: an application of Restuary made this table; take \`foreign\` from its declaration`)
  return [...claimed, ...tablesOf(model).flatMap(table => (shape[table.name] ? [] : strangeTable(connection, table)))]
}

/** A table of another program may be a join table of ours, if it has its columns, and nothing else. */
function strangeTable(connection: Connection, { name, resource, columns }: TableSpec): string[] {
  const found = connection.prepare('SELECT name FROM pragma_table_xinfo(?)').all(name)
  if (found.length === 0) return []
  const there = new Set(found.map(([column]) => column))
  const isJoin = resource === null && columns.every(column => there.has(column.name))
  return isJoin ? [] : [strangeInWords(name, resource !== null)]
}
