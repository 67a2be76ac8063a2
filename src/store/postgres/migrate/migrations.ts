import { isReached, StepMisfit } from '../../migrate/apply-step.ts'
import { newMark, type DataProgress, type NamedDataStep, type NamedStep } from '../../migrate/data-step.ts'
import {
  editedSince,
  goesOnAt,
  MigrationRefused,
  notLast,
  refuseOtherWay,
  type TableContent,
} from '../../migrate/migrations.ts'
import { needOf, type Concerned } from '../../migrate/need.ts'
import { refuseStrange } from '../../migrate/plan/other-tables.ts'
import { planDigest, type Plan } from '../../migrate/plan-file.ts'
import type { DatabaseShape, OtherTables } from '../../migrate/shape.ts'
import { reverseOf, type MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import type { Store, StoreMigrations } from '../../store.ts'
import { PostgresConnection, type PostgresAddress } from '../connection.ts'
import { storedMeta } from '../schema/meta.ts'
import { OWN_TABLES } from '../schema/tables.ts'
import { beginTermOfAll } from '../write/begin-term.ts'
import { askPostgresRows } from './ask-rows.ts'
import { tableContents } from './contents.ts'
import { copySchema, dropSchema, uncopied } from './copy-schema.ts'
import { keptName } from './folded-rows.ts'
import { foundTables, foundShape, otherTablesOf } from './found-tables.ts'
import { PostgresLedger, type Entry, type PlanMark } from './ledger.ts'
import { runDataStep, type PostgresDataRun } from './data/run-data-step.ts'
import { startLock } from './run-at-once.ts'
import { abandonPlan, runPlan } from './run-plan.ts'
import type { ColumnKeeping } from './table-changes.ts'

const SNAPSHOT = 'isolation level repeatable read'

export interface PostgresMigrationsOptions {
  /** Makes another store on a schema, or on a copy of it. */
  readonly open: (address: PostgresAddress, isCopy: boolean) => Store
  readonly clock?: () => number
  /** The schema is a copy, which is given up when they are closed. */
  readonly discard?: () => Promise<void>
}

/**
 * The migrations of a PostgreSQL schema. One process at a time carries them out; others wait, and find them applied. A plan is
 * carried out while nodes read and write (run-plan.ts). If the process ends in the middle, the next one goes on.
 */
export class PostgresMigrations implements StoreMigrations {
  readonly #address: PostgresAddress
  readonly #connection: PostgresConnection
  readonly #ledger: PostgresLedger
  readonly #clock: () => number
  readonly #options: PostgresMigrationsOptions

  private constructor(address: PostgresAddress, connection: PostgresConnection, options: PostgresMigrationsOptions) {
    this.#address = address
    this.#connection = connection
    this.#options = options
    this.#clock = options.clock ?? Date.now
    this.#ledger = new PostgresLedger(connection)
  }

  /** Throws ApiError `unavailable`. */
  static async open(address: PostgresAddress, options: PostgresMigrationsOptions): Promise<PostgresMigrations> {
    return new PostgresMigrations(address, await PostgresConnection.open(address), options)
  }

  async shape(): Promise<DatabaseShape> {
    return foundShape(await foundTables(this.#connection), await storedMeta(this.#connection))
  }

  async others(): Promise<OtherTables> {
    return otherTablesOf(await foundTables(this.#connection), await this.shape())
  }

  ask(steps: readonly MigrationStep[], custom: CustomTypes): Promise<Concerned[]> {
    return this.#transaction(() => this.#asked(steps, custom, () => null), SNAPSHOT)
  }

  async #asked(
    steps: readonly MigrationStep[],
    custom: CustomTypes,
    kept: (step: number) => string | null,
  ): Promise<Concerned[]> {
    const found = await foundTables(this.#connection)
    const shape = foundShape(found, await storedMeta(this.#connection))
    try {
      return await askPostgresRows(this.#connection, { shape, found, steps, custom, kept })
    } catch (error) {
      if (!(error instanceof StepMisfit)) throw error
      throw new MigrationRefused(`It was planned for another database: ${error.message}. Plan again`)
    }
  }

  applied(): Promise<Entry[]> {
    return this.#ledger.all()
  }

  apply(plan: Plan, custom: CustomTypes, told?: (rows: number) => void): Promise<'now' | 'before' | 'already'> {
    const { name, steps } = plan
    const digest = planDigest(plan)
    return this.#ledger.alone(async () => {
      let known = await this.#known(name, digest)
      if (known !== undefined && known.mark === null) return 'before'
      if (known?.mark?.way === 'back') throw new MigrationRefused(`${name} is being taken back: end that with down`)
      // Values return from the way back only if it is the same plan: another one has other steps.
      const keeping: ColumnKeeping = {
        saves: step => ({ plan: name, step, way: 'up' }),
        restores: step => ({ plan: digest, step, way: 'down' }),
      }
      if (known === undefined) {
        const isAlready = await this.#begin(steps, custom, keeping, async (isReached, mark) => {
          await this.#ledger.note(name, digest, { steps, mark: isReached ? null : mark }, this.#clock())
        })
        if (isAlready) return 'already'
        known = (await this.#ledger.find(name))!
      }
      await this.#carryOut(known, steps, { custom, keeping, told, failed: () => this.#ledger.remove(name) })
      await this.#ledger.mark(name, { steps, mark: null })
      return 'now'
    })
  }

  down(name: string, custom: CustomTypes, step: NamedStep | null = null): Promise<void> {
    return this.#ledger.alone(async () => {
      const last = (await this.applied()).at(-1)
      if (last?.name !== name) throw notLast(name, last)
      if (last.isData) await this.#takeBackData(last, custom, step)
      else await this.#takeBack(last, custom)
      await this.#ledger.remove(name)
    })
  }

  async #takeBackData({ name, begun }: Entry, custom: CustomTypes, step: NamedStep | null): Promise<void> {
    if (step === null || step.back === null) return
    if (begun?.way === 'back') refuseOtherWay(name, begun, step)
    else await this.#ledger.mark(name, { data: newMark('back', step) })
    await this.#goThrough(step, name, custom, () => {})
  }

  async #takeBack(entry: Entry, custom: CustomTypes): Promise<void> {
    const { name, digest, plan, mark } = entry
    const { steps } = plan
    if (mark?.way === 'there' && mark.phase === 'fill') return abandonPlan(this.#connection)
    const at = (step: number): number => steps.length - 1 - step
    const keeping: ColumnKeeping = {
      saves: step => ({ plan: digest, step: at(step), way: 'down' }),
      restores: step => ({ plan: name, step: at(step), way: 'up' }),
    }
    if (steps.length === 0) return
    if (mark?.way === 'there') await this.#carryOut(entry, steps, { custom, keeping, failed: async () => {} })
    const reverse = steps.toReversed().map(reverseOf)
    if (mark?.way !== 'back')
      await this.#begin(reverse, custom, keeping, async (_, begun) => {
        await this.#ledger.mark(name, { steps, mark: { ...begun, way: 'back' } })
      })
    const failed = (): Promise<unknown> => this.#ledger.mark(name, { steps, mark: null })
    await this.#carryOut((await this.#ledger.find(name))!, reverse, { custom, keeping, failed })
  }

  /** Asks the rows, and notes that the plan has begun. From then on no start changes tables. Returns whether there is nothing to do. */
  async #begin(
    steps: readonly MigrationStep[],
    custom: CustomTypes,
    { restores }: ColumnKeeping,
    note: (isReached: boolean, mark: PlanMark) => Promise<void>,
  ): Promise<boolean> {
    // Making a table that is there locks it all the same.
    if ((await storedMeta(this.#connection)).size === 0) await this.#connection.exec(OWN_TABLES)
    await this.#ledger.make()
    const shape = await this.shape()
    refuseStrange(steps, await this.others())
    const isDone = Object.keys(shape).length === 0 || (steps.length > 0 && isReached(shape, steps))
    if (!isDone) {
      const kept = (step: number): string => keptName(restores(step))
      const concerned = await this.#transaction(() => this.#asked(steps, custom, kept), SNAPSHOT)
      const needs = steps.flatMap((step, i) => (step.do.startsWith('drop') ? [] : (needOf(step, concerned[i]!) ?? [])))
      if (needs.length > 0) throw new MigrationRefused('Rows stand against it, nothing was changed:', needs)
    }
    await this.#transaction(async () => {
      await this.#connection.exec(startLock(this.#address.schema))
      if (JSON.stringify(await this.shape()) !== JSON.stringify(shape))
        throw new MigrationRefused('Somebody has changed the tables in the meantime. Plan again')
      const [row] = await this.#connection.all({ name: undefined, sql: 'select pos from _restuary_head', slots: null })
      const position = row![0] as number
      await note(isDone, { way: 'there', phase: 'fill', position, table: null, last: null, logged: 0, done: 0 })
    })
    return isDone
  }

  /** Carries out what was begun. If rows stand against it, nothing is left of it. */
  async #carryOut(
    { name, plan, mark }: Entry,
    steps: readonly MigrationStep[],
    {
      custom,
      keeping,
      told = () => {},
      failed,
    }: {
      readonly custom: CustomTypes
      readonly keeping: ColumnKeeping
      readonly told?: ((rows: number) => void) | undefined
      readonly failed: () => Promise<unknown>
    },
  ): Promise<void> {
    const keep = (now: PlanMark): Promise<unknown> => this.#ledger.mark(name, { steps: plan.steps, mark: now })
    try {
      await runPlan({ connection: this.#connection, steps, custom, keeping, mark: mark!, keep, told })
    } catch (error) {
      if (!(error instanceof MigrationRefused)) throw error
      await abandonPlan(this.#connection)
      await failed()
      throw error
    }
  }

  runData(data: NamedDataStep, custom: CustomTypes, told: (progress: DataProgress) => void): Promise<'now' | 'before'> {
    const { name, digest, step } = data
    return this.#ledger.alone(async () => {
      await this.#ledger.make()
      const at = goesOnAt(await this.#ledger.find(name), data)
      if (at === 'ended') return 'before'
      if (at === null) await this.#ledger.note(name, digest, { data: newMark('there', step) }, this.#clock())
      else await this.#ledger.goOn(name, digest)
      await this.#goThrough(step, name, custom, told)
      await this.#ledger.mark(name, { data: null })
      return 'now'
    })
  }

  /** Goes through the rows of a data step, there or back, from where it has come to. */
  async #goThrough(step: NamedStep, name: string, custom: CustomTypes, told: PostgresDataRun['told']): Promise<void> {
    const mark = (await this.#ledger.find(name))!.begun!
    if (step.through === 'engine') return step.walk({ mark, keep: now => this.#ledger.mark(name, { data: now }), told })
    await runDataStep(step, mark.way === 'back' ? step.back! : step.change, {
      connection: this.#connection,
      shape: await this.shape(),
      custom,
      clock: this.#clock,
      mark,
      transaction: work => this.#transaction(work),
      keep: now => this.#ledger.mark(name, { data: now }),
      restart: () => beginTermOfAll(this.#connection),
      told,
    })
  }

  async #known(name: string, digest: string): Promise<Entry | undefined> {
    const known = await this.#ledger.find(name)
    if (known === undefined || known.digest === digest) return known
    throw editedSince(name)
  }

  note(name: string, digest: string): Promise<void> {
    return this.#ledger.alone(async () => {
      await this.#ledger.make()
      await this.#ledger.note(name, digest, { data: null }, this.#clock())
    })
  }

  contents(): Promise<Record<string, TableContent>> {
    return this.#transaction(async () => tableContents(this.#connection, await this.shape()), SNAPSHOT)
  }

  async copy(): Promise<PostgresMigrations> {
    const schema = await copySchema(this.#connection, await this.shape())
    const discard = (): Promise<void> => dropSchema(this.#address, schema)
    return PostgresMigrations.open({ ...this.#address, schema }, { ...this.#options, discard })
  }

  async uncopied(): Promise<string[]> {
    return uncopied(this.#connection, await this.shape())
  }

  get isCopy(): boolean {
    return this.#options.discard !== undefined
  }

  store(): Store {
    return this.#options.open(this.#address, this.isCopy)
  }

  async close(): Promise<void> {
    await this.#connection.close()
    await this.#options.discard?.()
  }

  async #transaction<T>(work: () => Promise<T>, mode = ''): Promise<T> {
    await this.#connection.exec(`begin ${mode}`)
    try {
      const result = await work()
      await this.#connection.exec('commit')
      return result
    } catch (error) {
      if (!this.#connection.isLost) await this.#connection.exec('rollback')
      throw error
    }
  }
}
