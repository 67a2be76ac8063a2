import type { Maybe } from '../work.ts'
import type { DataMark, DataProgress, NamedDataStep, NamedStep } from './data-step.ts'
import type { Concerned } from './need.ts'
import type { Plan } from './plan-file.ts'
import type { DatabaseShape, OtherTables } from './shape.ts'
import type { MigrationStep } from './step.ts'
import type { CustomTypes } from './type-data.ts'

/** A plan that was applied to a database. */
export interface Applied {
  readonly name: string
  /** The digest of what was done, to notice a file that has been edited since. */
  readonly digest: string
  /** The steps that were taken. They are taken back by these, whatever has become of the file. Empty for a data step. */
  readonly plan: Plan
  /** How far a data step has come that has not ended. null = it has, or it is a plan. */
  readonly begun: DataMark | null
  readonly isData: boolean
  /** The time, in milliseconds since the epoch. */
  readonly at: number
}

/** The migrations of a database. */
export interface Migrations {
  /** What the tables look like now. Empty = there are none yet. */
  shape(): Maybe<DatabaseShape>
  /** The tables of other programs that are there. No plan changes them. */
  others(): Maybe<OtherTables>
  /** What the rows say of each step. */
  ask(steps: readonly MigrationStep[], custom: CustomTypes): Maybe<readonly Concerned[]>
  /** The plans that were applied, in their order. */
  applied(): Maybe<readonly Applied[]>
  /**
   * Applies a plan, all of it or nothing. Returns how: `now`, `before` by somebody else, or `already` if the tables look as if
   * it had been. `told` hears how many rows were gone through, where that takes long. @throws {MigrationRefused} if it does not fit the database, or somebody has to decide something first.
   */
  apply(plan: Plan, custom: CustomTypes, told?: (rows: number) => void): Maybe<'now' | 'before' | 'already'>
  /**
   * Runs a data step, or goes on with it, also if it was edited after it had stopped.
   * @throws {MigrationRefused} if it was edited after it had ended, or gives what a field does not take.
   */
  runData(data: NamedDataStep, custom: CustomTypes, told: (progress: DataProgress) => void): Maybe<'now' | 'before'>
  /**
   * Takes the plan or the data step back that came last; `step` is that step, if its function is known.
   * @throws {MigrationRefused} if another one came last, or rows stand against it.
   */
  down(name: string, custom: CustomTypes, step?: NamedStep | null): Maybe<void>
  /** Notes a data step as applied without running it: the tables were made by a later declaration. */
  note(name: string, digest: string): Maybe<void>
  /** What all tables hold. */
  contents(): Maybe<Readonly<Record<string, TableContent>>>
  /** The migrations of a copy of the database, which is deleted when they are closed. */
  copy(): Maybe<Migrations>
  close(): Maybe<void>
}

/** What a table holds, as far as it matters whether it is the same. */
export interface TableContent {
  readonly rows: number
  /** Of its columns and all values. */
  readonly digest: string
}

/** Thrown if a plan cannot be applied or taken back. Nothing was changed. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused'
  readonly needs: readonly string[]

  constructor(problem: string, needs: readonly string[] = []) {
    super(`${problem}${needs.map(need => `\n  ${need}`).join('')}`)
    this.needs = needs
  }
}

export const editedSince = (name: string): MigrationRefused =>
  new MigrationRefused(
    `${name} was edited after it was applied: take it back with down first, or write what is missing as a plan of its own`,
  )

/**
 * Where a data step goes on. null = it has not begun; `ended` = it was applied before.
 * @throws {MigrationRefused} if it cannot go on.
 */
export function goesOnAt(known: Applied | undefined, { name, digest, step }: NamedDataStep): DataMark | 'ended' | null {
  if (known === undefined) return null
  const { begun } = known
  if (begun === null && known.digest !== digest) throw editedSince(name)
  if (begun === null) return 'ended'
  if (begun.way === 'back') throw new MigrationRefused(`${name} is being taken back: end that with down`)
  refuseOtherWay(name, begun, step)
  return begun
}

/** What the tables know of how far a step has come is not what the engine knows. */
export function refuseOtherWay(name: string, { run }: DataMark, { through }: NamedStep): void {
  const begun = run === undefined ? 'tables' : 'engine'
  if (begun !== through) throw new MigrationRefused(`${name} was begun through: '${begun}': let it end in that way`)
}

/** Only what came last can be taken back. */
export const notLast = (name: string, last: Applied | undefined): MigrationRefused =>
  new MigrationRefused(
    last === undefined
      ? `${name} was not applied, so there is nothing to take back`
      : `${name} is not the plan that was applied last, which is ${last.name}: take that back first`,
  )

export const noSuchResource = (resource: string): MigrationRefused =>
  new MigrationRefused(`There is no resource ${resource} in the database: make it by a plan before this step`)
