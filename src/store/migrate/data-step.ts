import type { Row } from '../../model/declare/types.ts'
import type { Id } from '../../schema/field.ts'
import type { Value } from '../../schema/value.ts'

/** Adds a row of another resource in the same transaction. Returns its id, which is the next one if the values name none. */
export type AddRow = (resource: string, values: Readonly<Record<string, Value>>) => Id

/** A function over the rows of a resource, which a migration runs in batches. */
export interface DataStep {
  readonly resource: string
  /** How many rows are in a transaction. */
  readonly batch: number
  /** What changes in a row, by the names of its fields. null = the row is deleted; undefined = it stays as it is. */
  readonly change: (row: never, add: AddRow) => RowChanges
  /** The same for the way back. null = rows stay as they are. */
  readonly back: DataStep['change'] | null
}

export type RowChanges = Readonly<Record<string, Value>> | null | undefined | void

/** How the rows are gone through. */
export interface DataStepOptions<Before, After> {
  /** How many rows are in a transaction; writers wait while it is open. Default: 500. */
  readonly batch?: number
  /** What changes in a row if the step is taken back. Default: nothing. */
  readonly back?: ChangeRow<After, Before>
}

type ChangeRow<From, To> = (
  row: Row<From> & Partial<Row<To>>,
  add: AddRow,
) => Partial<Row<To>> | null | undefined | void

/**
 * Declares a step of a migration that is a function over rows: the default export of a module in the folder of the plans. The
 * function gets each row with all columns that the database has, and returns what changes. Rules and hooks are not asked, but each
 * change is in the log, and whoever follows the rows is told. Each batch is one transaction together with how far the step has
 * come, so the step goes on where it was stopped. The function must not wait for anything, because writers wait for it.
 *
 * @example
 * // migrations/0002-names.ts, between the plan that adds `first` and `last` and the one that drops `name`
 * export default dataStep<typeof before.user, typeof user>('user', row => {
 *   const [first = '', last = ''] = row.name.split(' ')
 *   return { first, last }
 * })
 */
export function dataStep<Before, After = Before>(
  resource: string,
  change: ChangeRow<Before, After>,
  { batch = 500, back }: DataStepOptions<Before, After> = {},
): DataStep {
  return Object.freeze({
    resource,
    batch,
    change: change as unknown as DataStep['change'],
    back: (back as unknown as DataStep['change'] | undefined) ?? null,
  })
}

/** Whether a module's export is such a step. */
export function isDataStep(value: unknown): value is DataStep {
  const { resource, batch, change } = Object(value) as Partial<Record<keyof DataStep, unknown>>
  return typeof resource === 'string' && typeof batch === 'number' && typeof change === 'function'
}

/** A data step with its name and the digest of its text, by which an edited one is noticed. */
export interface NamedDataStep {
  readonly name: string
  readonly digest: string
  readonly step: DataStep
}

/** How far a data step has come. */
export interface DataProgress {
  /** Rows that it has gone through. */
  readonly done: number
  readonly total: number
}

/** The last row that a data step has gone through, and how many it has. */
export interface DataMark {
  readonly way: 'there' | 'back'
  readonly last: Id | null
  readonly done: number
}
