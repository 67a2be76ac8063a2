import type { Maybe } from '../work.ts'
import type { Concerned } from './need.ts'
import type { Plan } from './plan-file.ts'
import type { DatabaseShape } from './shape.ts'
import type { MigrationStep } from './step.ts'
import type { CustomTypes } from './type-data.ts'

/** A plan that was applied to a database. */
export interface Applied {
  readonly name: string
  /** The digest of what was done, to notice a file that has been edited since. */
  readonly digest: string
  /** The steps that were taken. They are taken back by these, whatever has become of the file. */
  readonly plan: Plan
  /** The time, in milliseconds since the epoch. */
  readonly at: number
}

/** The migrations of a database. */
export interface Migrations {
  /** What the tables look like now. Empty = there are none yet. */
  shape(): Maybe<DatabaseShape>
  /** What the rows say of each step. */
  ask(steps: readonly MigrationStep[], custom: CustomTypes): Maybe<readonly Concerned[]>
  /** The plans that were applied, in their order. */
  applied(): Maybe<readonly Applied[]>
  /**
   * Applies a plan, all of it or nothing. Returns how: `now`, `before` by somebody else, or `already` if the tables look as if
   * it had been. @throws {MigrationRefused} if it does not fit the database, or somebody has to decide something first.
   */
  apply(plan: Plan, custom: CustomTypes): Maybe<'now' | 'before' | 'already'>
  /** Takes the plan back that was applied last. @throws {MigrationRefused} if it is another one, or rows stand against it. */
  down(name: string, custom: CustomTypes): Maybe<void>
  close(): Maybe<void>
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
