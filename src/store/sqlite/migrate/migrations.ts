import { randomBytes } from 'node:crypto'
import { applyStep, isDone, StepMisfit } from '../../migrate/apply-step.ts'
import { MigrationRefused, type Applied, type Migrations } from '../../migrate/migrations.ts'
import { needOf, type Concerned } from '../../migrate/need.ts'
import { planDigest, type Plan } from '../../migrate/plan-file.ts'
import type { DatabaseShape } from '../../migrate/shape.ts'
import { reverseOf, type MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { newTerm } from '../../terms.ts'
import { Connection } from '../connection.ts'
import { LOG_TABLES } from '../log/log.ts'
import { MetaTable } from '../log/meta.ts'
import { withDefaults } from '../options.ts'
import { askRows } from './ask-rows.ts'
import type { Saved } from './folded-tables.ts'
import { readShape, writeShape } from './read-shape.ts'
import { runSteps, type ValueKeeping } from './run-steps.ts'

const LEDGER = `
  CREATE TABLE IF NOT EXISTS _restuary_migration(
    number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, plan TEXT NOT NULL, at INTEGER NOT NULL) STRICT`

/**
 * The migrations of a SQLite file. A plan is applied in one transaction: a process that ends in the middle leaves the file as it
 * was, and of several at once one applies it while the others wait.
 */
export class SqliteMigrations implements Migrations {
  readonly #connection: Connection
  readonly #meta: MetaTable
  readonly #clock: () => number

  constructor(file: string, clock: () => number = Date.now) {
    this.#connection = new Connection({ ...withDefaults({}), file, readOnly: false })
    this.#clock = clock
    this.#connection.exec(`PRAGMA busy_timeout=60000; PRAGMA foreign_keys=OFF; ${LOG_TABLES}; ${LEDGER}`)
    this.#meta = new MetaTable(this.#connection)
  }

  shape(): DatabaseShape {
    return readShape(this.#connection, this.#meta)
  }

  ask(steps: readonly MigrationStep[], custom: CustomTypes): Concerned[] {
    return askRows(this.#connection, this.shape(), steps, custom)
  }

  applied(): Applied[] {
    return this.#connection
      .prepare('SELECT name, digest, plan, at FROM _restuary_migration ORDER BY number')
      .all()
      .map(([name, digest, plan, at]) => ({
        name: name as string,
        digest: digest as string,
        plan: { name: name as string, steps: JSON.parse(plan as string) as MigrationStep[] },
        at: at as number,
      }))
  }

  apply(plan: Plan, custom: CustomTypes): 'now' | 'before' | 'already' {
    return this.#transaction(() => {
      const known = this.applied().find(({ name }) => name === plan.name)
      if (known !== undefined) {
        if (known.digest === planDigest(plan)) return 'before'
        throw new MigrationRefused(
          `${plan.name} was edited after it was applied: take it back with down first, or write what is missing as a plan of its own`,
        )
      }
      const shape = this.shape()
      const isAlready = Object.keys(shape).length === 0 || (plan.steps.length > 0 && isReached(shape, plan.steps))
      if (!isAlready) {
        const restores = (step: number): Saved | null => this.#saved({ plan: plan.name, step, way: 'down' })
        this.#run(shape, plan.steps, custom, { saves: step => ({ plan: plan.name, step, way: 'up' }), restores })
      }
      this.#connection
        .prepare('INSERT INTO _restuary_migration(name, digest, plan, at) VALUES (?, ?, ?, ?)')
        .run(plan.name, planDigest(plan), JSON.stringify(plan.steps), this.#clock())
      return isAlready ? 'already' : 'now'
    })
  }

  down(name: string, custom: CustomTypes): void {
    this.#transaction(() => {
      const last = this.applied().at(-1)
      if (last?.name !== name)
        throw new MigrationRefused(
          `${name} is not the plan that was applied last${last ? `, which is ${last.name}` : ''}`,
        )
      const { steps } = last.plan
      const at = (step: number): number => steps.length - 1 - step
      const reverse = steps.toReversed().map(reverseOf)
      this.#run(this.shape(), reverse, custom, {
        saves: step => ({ plan: name, step: at(step), way: 'down' }),
        restores: step => this.#saved({ plan: name, step: at(step), way: 'up' }),
      })
      this.#connection.prepare('DELETE FROM _restuary_migration WHERE name = ?').run(name)
    })
  }

  close(): void {
    this.#connection.close()
  }

  /** What a step has put aside, or may have. */
  #saved(saved: Saved): Saved | null {
    const exists = this.#connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_restuary_was'`).get()
    return exists === undefined ? null : saved
  }

  #run(shape: DatabaseShape, steps: readonly MigrationStep[], custom: CustomTypes, keeping: ValueKeeping): void {
    const concerned = misfit(() => askRows(this.#connection, shape, steps, custom, keeping.restores))
    const needs = steps.flatMap((step, i) => (step.do.startsWith('drop') ? [] : (needOf(step, concerned[i]!) ?? [])))
    if (needs.length > 0) throw new MigrationRefused('Rows stand against it, nothing was changed:', needs)
    writeShape(this.#meta, runSteps(this.#connection, shape, steps, { custom, keeping }))
    // No position and no tag of the former tables is valid: whoever follows them is told to begin anew.
    this.#meta.terms = [newTerm(this.#meta.terms, 0, randomBytes)]
  }

  #transaction<T>(work: () => T): T {
    this.#connection.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#connection.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#connection.db.isTransaction) this.#connection.exec('ROLLBACK')
      throw error
    }
  }
}

/** Whether the tables look as they do after a plan: they were made by a later declaration. */
function isReached(shape: DatabaseShape, steps: readonly MigrationStep[]): boolean {
  try {
    let after = shape
    for (const step of steps) after = applyStep(after, step)
    return false
  } catch {
    return steps.every(step => isDone(shape, step))
  }
}

function misfit<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof StepMisfit)) throw error
    throw new MigrationRefused(`It was planned for another database: ${error.message}. Plan again`)
  }
}
