import { basename } from 'node:path'
import { inWords, placeOf, startNeedOf, type Concerned } from './need.ts'
import type { ColumnShape, DatabaseShape, TableShape } from './shape.ts'
import type { MigrationStep } from './step.ts'

/** Thrown at start if somebody has to decide what becomes of rows, or of tables. */
export class Undecided extends Error {
  override readonly name = 'Undecided'
}

/** @throws {Undecided} with all faults, if there are any. */
export function refuseFaults(faults: readonly string[]): void {
  if (faults.length > 0) throw new Undecided(`The database cannot follow the model:${lines(faults)}`)
}

/**
 * Whether a start may take these steps. `drop` has the places that may go with their data.
 * @throws {Undecided} with all that has to be decided, the whole plan, and the commands.
 */
export function refuseUndecided(
  steps: readonly MigrationStep[],
  concerned: readonly Concerned[],
  drop: readonly string[],
): void {
  const needs = steps.flatMap((step, i) => {
    if (step.do.startsWith('drop') && drop.includes(placeOf(step))) return []
    return startNeedOf(step, concerned[i]!) ?? []
  })
  if (needs.length === 0) return
  const main = basename(process.argv[1] ?? 'app.ts')
  throw new Undecided(
    [
      `The database cannot follow the model until this is decided:${lines(needs)}`,
      `The whole plan:${lines(steps.map((step, i) => inWords(step, concerned[i]!)))}`,
      `Nothing was changed. Write the plan to a file with what you decide, look at it, and apply it:${lines([
        `restuary migrate plan ${main}`,
        `restuary migrate apply ${main}`,
      ])}`,
    ].join('\n'),
  )
}

/** A shape with the types of the declaration. Databases of earlier releases have not recorded them. */
export function withTypes(shape: DatabaseShape, wanted: DatabaseShape): DatabaseShape {
  const typed = Object.entries(wanted).map(([table, as]): [string, TableShape] => {
    const is = shape[table] ?? as
    const columns = Object.entries(is.columns).map(([name, column]): [string, ColumnShape] => {
      const { type = column.type, field = column.field } = as.columns[name] ?? {}
      return [name, { ...column, type, field }]
    })
    return [table, { ...is, resource: as.resource, columns: Object.fromEntries(columns) }]
  })
  return { ...shape, ...Object.fromEntries(typed) }
}

const lines = (all: readonly string[]): string => all.map(line => `\n  ${line}`).join('')

/** Why a table that another program made cannot be one of the model: it has the name of a resource, or is not like a join table. */
export const strangeInWords = (table: string, isOfResource: boolean): string =>
  isOfResource
    ? `${table}: was not made by Restuary; give the resource another \`table\`, or serve the database as it is`
    : `${table}: is not a join table of the model; give the relation another table by \`through\``
