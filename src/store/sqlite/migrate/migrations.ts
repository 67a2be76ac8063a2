import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isReached, StepMisfit } from '../../migrate/apply-step.ts'
import {
  newMark,
  type DataMark,
  type DataProgress,
  type NamedDataStep,
  type NamedStep,
} from '../../migrate/data-step.ts'
import {
  editedSince,
  goesOnAt,
  MigrationRefused,
  notLast,
  refuseOtherWay,
  type Applied,
  type TableContent,
} from '../../migrate/migrations.ts'
import { needOf, type Concerned } from '../../migrate/need.ts'
import { refuseStrange } from '../../migrate/plan/other-tables.ts'
import { planDigest, type Plan } from '../../migrate/plan-file.ts'
import { isVersion, type DatabaseShape, type OtherTables, type TableShape } from '../../migrate/shape.ts'
import { reverseOf, type MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import type { Store, StoreMigrations } from '../../store.ts'
import { newTerm } from '../../terms.ts'
import { backUp } from '../backup.ts'
import { Connection } from '../connection.ts'
import { LOG_TABLES } from '../log/log.ts'
import { MetaTable } from '../log/meta.ts'
import { withDefaults } from '../options.ts'
import { isCaptured, MARK, UNMARK } from '../schema/triggers.ts'
import { askRows } from './ask-rows.ts'
import { Ledger } from './ledger.ts'
import type { Saved } from './folded-tables.ts'
import { otherTables, readShape, writeShape } from './read-shape.ts'
import { runData, type DataRun } from './run-data.ts'
import { runSteps, type ValueKeeping } from './run-steps.ts'
import { quote } from './table-sql.ts'

export interface SqliteMigrationsOptions {
  /** Makes another store on a file. */
  readonly open: (file: string) => Store
  readonly clock?: () => number
  /** The file is a copy, which is given up when they are closed. */
  readonly discard?: () => void
}

/**
 * The migrations of a SQLite file. A plan is applied in one transaction: a process that ends in the middle leaves the file as it
 * was, and of several at once one applies it while the others wait.
 */
export class SqliteMigrations implements StoreMigrations {
  readonly #file: string
  readonly #options: SqliteMigrationsOptions
  readonly #connection: Connection
  readonly #meta: MetaTable
  readonly #ledger: Ledger
  readonly #clock: () => number

  constructor(file: string, options: SqliteMigrationsOptions) {
    this.#file = file
    this.#options = options
    this.#connection = new Connection({ ...withDefaults({}), file, readOnly: false })
    this.#clock = options.clock ?? Date.now
    this.#connection.exec(`PRAGMA busy_timeout=60000; PRAGMA foreign_keys=OFF; ${LOG_TABLES}`)
    this.#meta = new MetaTable(this.#connection)
    this.#ledger = new Ledger(this.#connection)
    if (!this.#ledger.isMade) this.#transaction(() => this.#ledger.make())
  }

  shape(): DatabaseShape {
    return readShape(this.#connection, this.#meta)
  }

  others(): OtherTables {
    return otherTables(this.#connection, this.shape())
  }

  ask(steps: readonly MigrationStep[], custom: CustomTypes): Concerned[] {
    return askRows(this.#connection, this.shape(), steps, custom)
  }

  applied(): Applied[] {
    return this.#ledger.all()
  }

  apply(plan: Plan, custom: CustomTypes): 'now' | 'before' | 'already' {
    return this.#transaction(() => {
      if (this.#isKnown(plan.name, planDigest(plan))) return 'before'
      const shape = this.shape()
      const isAlready = Object.keys(shape).length === 0 || (plan.steps.length > 0 && isReached(shape, plan.steps))
      if (!isAlready) {
        // Values return from the way back only if it is the same plan: another one has other steps.
        const restores = (step: number): Saved | null => this.#saved({ plan: planDigest(plan), step, way: 'down' })
        this.#run(shape, plan.steps, custom, { saves: step => ({ plan: plan.name, step, way: 'up' }), restores })
      }
      this.#ledger.note(plan.name, planDigest(plan), plan.steps, this.#clock())
      return isAlready ? 'already' : 'now'
    })
  }

  async runData(
    data: NamedDataStep,
    custom: CustomTypes,
    told: (progress: DataProgress) => void,
  ): Promise<'now' | 'before'> {
    const { name, digest, step } = data
    const at = this.#transaction(() => {
      const known = goesOnAt(this.#ledger.find(name), data)
      const mark = known ?? newMark('there', step)
      if (known === null) this.#ledger.note(name, digest, { data: mark as DataMark }, this.#clock())
      else if (known !== 'ended') this.#ledger.goOn(name, digest)
      return mark
    })
    if (at === 'ended') return 'before'
    await this.#goThrough(step, { name, custom, told, end: () => this.#ledger.mark(name, null) })
    return 'now'
  }

  down(name: string, custom: CustomTypes, step: NamedStep | null = null): void | Promise<void> {
    const isBegun = step !== null && step.back !== null && this.#transaction(() => this.#beginBack(name, step))
    if (!isBegun) return this.#takeBack(name, custom)
    return this.#goThrough(step, { name, custom, told: () => {}, end: () => this.#ledger.remove(name) })
  }

  /** Whether the rows of a data step, which came last, have to be gone through on the way back. */
  #beginBack(name: string, step: NamedStep): boolean {
    const last = this.applied().at(-1)
    if (last?.name !== name || !last.isData) return false
    if (last.begun?.way === 'back') refuseOtherWay(name, last.begun, step)
    else this.#ledger.mark(name, newMark('back', step))
    return true
  }

  #takeBack(name: string, custom: CustomTypes): void {
    this.#transaction(() => {
      const last = this.applied().at(-1)
      if (last?.name !== name) throw notLast(name, last)
      const { steps } = last.plan
      const at = (step: number): number => steps.length - 1 - step
      const reverse = steps.toReversed().map(reverseOf)
      if (steps.length > 0)
        this.#run(this.shape(), reverse, custom, {
          saves: step => ({ plan: last.digest, step: at(step), way: 'down' }),
          restores: step => this.#saved({ plan: name, step: at(step), way: 'up' }),
        })
      this.#ledger.remove(name)
    })
  }

  /** Goes through the rows of a data step, there or back, from where it has come to. */
  async #goThrough(
    step: NamedStep,
    { name, custom, told, end }: { name: string; custom: CustomTypes; told: DataRun['told']; end: () => void },
  ): Promise<void> {
    const mark = (): DataMark | null => this.#ledger.find(name)?.begun ?? null
    const begun = mark()
    if (begun === null) return
    if (step.through === 'engine') {
      const keep = (now: DataMark): void => this.#transaction(() => this.#ledger.mark(name, now))
      await step.walk({ mark: begun, keep, told })
      return this.#transaction(end)
    }
    const connection = this.#connection
    connection.exec('PRAGMA foreign_keys=ON')
    try {
      await runData(step, begun.way === 'back' ? step.back! : step.change, {
        connection,
        meta: this.#meta,
        shape: this.shape(),
        custom,
        clock: this.#clock,
        transaction: work => this.#transaction(work),
        mark,
        keep: now => (now === null ? end() : this.#ledger.mark(name, now)),
        restart: () => this.#restart(),
        told,
      })
    } finally {
      connection.exec('PRAGMA foreign_keys=OFF')
    }
  }

  #isKnown(name: string, digest: string): boolean {
    const known = this.#ledger.find(name)
    if (known === undefined) return false
    if (known.digest === digest) return true
    throw editedSince(name)
  }

  /** No position and no tag is valid any more: whoever follows the rows is told to begin anew. */
  #restart(): void {
    this.#meta.terms = [newTerm(this.#meta.terms, 0, randomBytes)]
  }

  note(name: string, digest: string): void {
    this.#transaction(() => this.#ledger.note(name, digest, { data: null }, this.#clock()))
  }

  contents(): Record<string, TableContent> {
    return Object.fromEntries(
      Object.entries(this.shape()).map(([name, table]) => [name, contentOf(this.#connection, name, table)]),
    )
  }

  async copy(): Promise<SqliteMigrations> {
    const folder = mkdtempSync(join(tmpdir(), 'restuary-copy-'))
    const file = join(folder, 'copy.db')
    await backUp(this.#file, file)
    const discard = (): void => rmSync(folder, { recursive: true, maxRetries: 3 })
    return new SqliteMigrations(file, { ...this.#options, discard })
  }

  uncopied(): string[] {
    return []
  }

  get isCopy(): boolean {
    return this.#options.discard !== undefined
  }

  store(): Store {
    return this.#options.open(this.#file)
  }

  close(): void {
    this.#connection.close()
    this.#options.discard?.()
  }

  /** What a step has put aside, or may have. */
  #saved(saved: Saved): Saved | null {
    const exists = this.#connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_restuary_was'`).get()
    return exists === undefined ? null : saved
  }

  #run(shape: DatabaseShape, steps: readonly MigrationStep[], custom: CustomTypes, keeping: ValueKeeping): void {
    refuseStrange(steps, this.others())
    const concerned = misfit(() => askRows(this.#connection, shape, steps, custom, keeping.restores))
    const needs = steps.flatMap((step, i) => (step.do.startsWith('drop') ? [] : (needOf(step, concerned[i]!) ?? [])))
    if (needs.length > 0) throw new MigrationRefused('Rows stand against it, nothing was changed:', needs)
    writeShape(this.#meta, runSteps(this.#connection, shape, steps, { custom, keeping }))
    this.#restart()
  }

  #transaction<T>(work: () => T): T {
    this.#connection.exec('BEGIN IMMEDIATE')
    try {
      if (isCaptured(this.#connection)) this.#connection.exec(MARK)
      const result = work()
      this.#meta.touch()
      if (isCaptured(this.#connection)) this.#connection.exec(UNMARK)
      this.#connection.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#connection.db.isTransaction) this.#connection.exec('ROLLBACK')
      throw error
    }
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

function contentOf(connection: Connection, name: string, { columns, key }: TableShape): TableContent {
  const sorted = Object.keys(columns)
    .filter(column => !isVersion(column))
    .toSorted()
  const hash = createHash('sha256').update(JSON.stringify(sorted))
  const values = sorted.map(column => `quote(${quote(column)})`).join(` || ',' || `)
  const all = connection.db.prepare(`SELECT ${values} FROM ${quote(name)} ORDER BY ${key.map(quote).join()}`)
  all.setReturnArrays(true)
  let rows = 0
  for (const [text] of all.iterate() as unknown as Iterable<[string]>) {
    hash.update(`${text}\n`)
    rows++
  }
  return { rows, digest: hash.digest('hex') }
}
