import { randomUUID } from 'node:crypto'
import type { Row } from '../../model/declare/types.ts'
import type { Database } from '../../model/rules/operations.ts'
import type { Id } from '../../schema/field.ts'
import type { Value } from '../../schema/value.ts'
import type { Maybe } from '../work.ts'

/**
 * Adds a row of another resource in the same transaction. Returns its id, which is the next one if the values name none.
 *
 * @example
 * export default dataStep<typeof user>('user', (row, add) => {
 *   if (row.role === 'admin') add('todo', { title: `Greet ${row.name}` })
 * })
 */
export type AddRow = (resource: string, values: Readonly<Record<string, Value>>) => Id

/** What becomes of a row, by the names of its fields. null = it is deleted; undefined = it stays as it is. */
export type RowChanges = Readonly<Record<string, Value>> | null | undefined | void

/**
 * A function over the rows of a resource, which a migration runs in batches: what `dataStep` returns.
 *
 * @example
 * const step: DataStep = dataStep<typeof user>('user', row => ({ name: row.name.trim() }))
 */
export type DataStep = TableStep | EngineStep

interface StepOf<Change> {
  readonly resource: string
  /** How many rows are in a transaction. */
  readonly batch: number
  /** What changes in a row. */
  readonly change: Change
  /** The same for the way back. null = rows stay as they are. */
  readonly back: Change | null
}

/** A step that writes to the tables. */
export interface TableStep extends StepOf<(row: never, add: AddRow) => RowChanges> {
  readonly through: 'tables'
}

/** A step whose changes the engine makes. */
export interface EngineStep extends StepOf<(row: never, db: Database) => RowChanges | Promise<RowChanges>> {
  readonly through: 'engine'
}

/** How the rows are gone through. */
export interface DataStepOptions<Before, After> {
  /** Default: `tables`. */
  readonly through?: 'tables'
  /** How many rows are in a transaction; writers wait while it is open. Default: 500. */
  readonly batch?: number
  /** What changes in a row if the step is taken back. Default: nothing. */
  readonly back?: ChangeRow<After, Before>
}

/** How the rows are gone through, if the engine makes the changes. */
export interface EngineStepOptions<Before, After> {
  readonly through: 'engine'
  /** How many rows are in a transaction; writers wait while it is open. Default: 100. */
  readonly batch?: number
  /** What changes in a row if the step is taken back. Default: nothing. */
  readonly back?: ChangeThroughEngine<After, Before>
}

type Changed<To> = Partial<Row<To>> | null | undefined | void
type ChangeRow<From, To> = (row: Row<From> & Partial<Row<To>>, add: AddRow) => Changed<To>
type ChangeThroughEngine<From, To> = (
  row: Row<From> & Partial<Row<To>>,
  db: Database,
) => Changed<To> | Promise<Changed<To>>

/**
 * Declares a step of a migration that is a function over rows: the default export of a module in the folder of the plans. The
 * function gets each row and returns what changes. Each batch is one transaction together with how far the step has come, so the
 * step goes on where it was stopped, and changes each row once. Each change is in the log, and whoever follows the rows is told.
 *
 * By default the step writes to the tables (`through: 'tables'`): it gets all columns that the database has, whatever is declared,
 * and neither rules nor hooks are asked. The function must not wait for anything.
 *
 * With `through: 'engine'` the API of the module makes the changes, as `app.patch` and `app.delete` do without a caller: values are
 * validated, hooks run, both sides of relations and whatever else the declaration says follow; no rules apply. The function gets
 * the fields as hooks do, and `db`, the operations within the transaction of the batch. It may wait for those, and for little else,
 * because writers wait for it. The declaration has to fit the database when the step comes.
 *
 * @example
 * // migrations/0002-names.ts, between the plan that adds `first` and `last` and the one that drops `name`
 * export default dataStep<typeof before.user, typeof user>('user', row => {
 *   const [first = '', last = ''] = row.name.split(' ')
 *   return { first, last }
 * })
 *
 * @example
 * // Each user gets an address, and the address knows its users.
 * export default dataStep<typeof user>(
 *   'user',
 *   async (row, db) => {
 *     const { id } = await db.post('address', { city: row.city })
 *     return { address: id }
 *   },
 *   { through: 'engine' },
 * )
 */
export function dataStep<Before, After = Before>(
  resource: string,
  change: ChangeRow<Before, After>,
  options?: DataStepOptions<Before, After>,
): TableStep
export function dataStep<Before, After = Before>(
  resource: string,
  change: ChangeThroughEngine<Before, After>,
  options: EngineStepOptions<Before, After>,
): EngineStep
export function dataStep(
  resource: string,
  change: unknown,
  { through = 'tables', batch = BATCH[through], back = null }: UntypedOptions = {},
): DataStep {
  return Object.freeze({ resource, through, batch, change, back }) as DataStep
}

interface UntypedOptions {
  readonly through?: DataStep['through']
  readonly batch?: number
  readonly back?: unknown
}

/** The engine does more for each row, so that a transaction has fewer of them. */
const BATCH: Readonly<Record<DataStep['through'], number>> = { tables: 500, engine: 100 }

/** Why a module's export is no data step. null = it is one. */
export function dataStepFault(value: unknown): string | null {
  const { resource, batch, change, back, through } = Object(value) as Partial<Record<keyof DataStep, unknown>>
  if (typeof resource !== 'string' || typeof change !== 'function')
    return "has no data step: export default dataStep('todo', row => …)"
  if (through !== 'tables' && through !== 'engine') return `goes through ${String(through)}: say 'tables' or 'engine'`
  if (!Number.isInteger(batch) || (batch as number) < 1)
    return `has ${String(batch)} rows in a batch: say how many, from 1`
  return back === null || typeof back === 'function' ? null : 'has a way back that is no function: back: row => …'
}

/** A data step with its name and the digest of its text, by which an edited one is noticed. */
export interface NamedDataStep {
  readonly name: string
  readonly digest: string
  readonly step: NamedStep
}

/** A step, and what carries it out. */
export type NamedStep = TableStep | (EngineStep & { readonly walk: EngineWalk })

/** Goes through the rows of a step by the engine, from where it has come. */
export type EngineWalk = (walk: {
  readonly mark: DataMark
  /** Notes how far it has come, for whoever looks. */
  readonly keep: (mark: DataMark) => Maybe<unknown>
  readonly told: (progress: DataProgress) => void
}) => Promise<void>

/** How far a data step has come. */
export interface DataProgress {
  /** Rows that it has gone through. */
  readonly done: number
  readonly total: number
}

/** The last row that a data step has gone through, and how many it has. */
export interface DataMark {
  readonly way: 'there' | 'back'
  /** Under which name a run through the engine keeps how far it has come, together with what it writes. Absent for tables. */
  readonly run?: string
  readonly last: Id | null
  readonly done: number
}

/** Where a step begins. */
export function newMark(way: DataMark['way'], { through }: DataStep): DataMark {
  return { way, ...(through === 'engine' && { run: randomUUID() }), last: null, done: 0 }
}
