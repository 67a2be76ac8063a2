import { setTimeout as sleep } from 'node:timers/promises'
import { applyStep } from '../../migrate/apply-step.ts'
import { MigrationRefused } from '../../migrate/migrations.ts'
import { reverseOf, type MigrationStep } from '../../migrate/step.ts'
import type { CustomTypes } from '../../migrate/type-data.ts'
import { ADOPT } from '../../log/log-format.ts'
import type { Row } from '../../../model/model.ts'
import type { BoundValue, PostgresConnection } from '../connection.ts'
import { codeOf, isConflict, isViolation } from '../failures.ts'
import { quoted } from '../schema/identifier.ts'
import { storedMeta, storeMeta } from '../schema/meta.ts'
import { beginTermOfAll } from '../write/begin-term.ts'
import { addShadows, checkName, linkedSql, linksSql, presentName, swapSql } from './alter-tables.ts'
import { RowConverter } from './convert-rows.ts'
import { foundTables, foundShape, shapeTexts, type FoundTables } from './found-tables.ts'
import type { PlanMark } from './ledger.ts'
import { pairsSql } from './pairs-sql.ts'
import { LogRewriting } from './rewrite-log.ts'
import { executeAll, fillAll, missingIndexes, validateReferences } from './run-at-once.ts'
import { isPassing, tableChanges, type TableChanges, type ColumnKeeping } from './table-changes.ts'

/** Rows that are converted in one transaction. Whoever writes one of them waits for it. */
const BATCH = 500
/** Changes of others that are taken over while they wait. */
const FEW = 200
/** Milliseconds for which a lock is waited for. Whoever comes later waits behind. */
const LOCK_TIMEOUT = 40
/** Milliseconds after which it is tried again, and how often. */
const [PAUSE, ATTEMPTS] = [150, 1_000]

/** What a plan is carried out with. */
export interface PlanRun {
  readonly connection: PostgresConnection
  readonly steps: readonly MigrationStep[]
  readonly custom: CustomTypes
  readonly keeping: ColumnKeeping
  /** Where it goes on. */
  readonly mark: PlanMark
  /** Keeps how far it has come, in the open transaction. */
  readonly keep: (mark: PlanMark) => Promise<unknown>
  /** Tells how many rows were gone through. */
  readonly told: (done: number) => void
}

/**
 * Carries out a plan while others read and write. New columns are made beside the present ones, filled in batches, and get indexes
 * and checks without a lock. What others change meanwhile is found in the log. Then everything takes its place in one short
 * transaction, and the log follows. How far it has come is kept, so that it goes on where it was stopped.
 */
export async function runPlan(run: PlanRun): Promise<void> {
  const plan = new OnlinePlan(run)
  if (run.mark.phase === 'fill') await plan.takePlace()
  await plan.rewriteLog()
  await validateReferences(run.connection)
}

class OnlinePlan {
  readonly #run: PlanRun
  readonly #connection: PostgresConnection
  #mark: PlanMark

  constructor(run: PlanRun) {
    this.#run = run
    this.#connection = run.connection
    this.#mark = run.mark
  }

  #all(sql: string, ...values: readonly BoundValue[]): Promise<Row[]> {
    return this.#connection.all({ name: undefined, sql, slots: null }, ...values)
  }

  async takePlace(): Promise<void> {
    const { custom, steps, keeping } = this.#run
    const compared = async (): Promise<{ found: FoundTables; changes: TableChanges }> => {
      const found = await foundTables(this.#connection)
      const shape = foundShape(found, await storedMeta(this.#connection))
      return { found, changes: tableChanges(shape, found, steps, { custom, keeping }) }
    }
    const first = await compared()
    for (const table of first.changes.changed) await this.#briefly(addShadows(table, custom))
    const { found, changes } = await compared()
    const converters = changes.changed
      .filter(({ isJoin }) => !isJoin)
      .map(table => new RowConverter(this.#connection, table, found.get(table.actual)!, custom))
      .filter(({ hasWork }) => hasWork)
    await this.#fill(converters)
    while (!(await this.#catchUp(converters, 0))) {}
    await this.#build(changes)
    for (let attempt = 1; ; attempt++) {
      while (!(await this.#catchUp(converters, FEW))) {}
      const built = await compared()
      if (await this.#swap(built.changes, built.found, converters)) return
      if (attempt === ATTEMPTS)
        throw new Error('the tables were in use all the time: end what reads or writes them for long, and apply again')
      await sleep(PAUSE * (0.5 + Math.random()))
    }
  }

  /** Goes through the rows of all tables, from where it has come to. */
  async #fill(converters: readonly RowConverter[]): Promise<void> {
    if (await this.#isOverdue()) await this.#keep({ table: null, last: null, position: await this.#head() })
    const begun = converters.findIndex(({ table }) => table.actual === this.#mark.table)
    for (const converter of converters.slice(Math.max(begun, 0))) {
      const { actual } = converter.table
      for (let isMore = true; isMore;) {
        isMore = await this.#transaction(async () => {
          const from = this.#mark.table === actual ? this.#mark.last : null
          const last = await converter.next(from, BATCH)
          await this.#keep({ table: actual, last: last ?? from, done: this.#mark.done + (last === null ? 0 : BATCH) })
          return last !== null
        })
        this.#run.told(this.#mark.done)
      }
    }
  }

  /** Whether the log no longer has all changes since the last ones that were taken over. */
  async #isOverdue(): Promise<boolean> {
    const [row] = await this.#all(
      `select coalesce((select min(seq) from _restuary_log) > $1 + 1, false) or exists (select 1 from _restuary_log where seq > $1 and op = '${ADOPT}')`,
      this.#mark.position,
    )
    return row![0] === 1
  }

  async #head(): Promise<number> {
    const [row] = await this.#all('select pos from _restuary_head where k = 1')
    return row![0] as number
  }

  /** Takes over what others have changed, unless it is little. Returns whether no more than `few` changes were left. */
  async #catchUp(converters: readonly RowConverter[], few: number): Promise<boolean> {
    const head = await this.#head()
    if (head - this.#mark.position <= few || converters.length === 0) return true
    if (await this.#isOverdue()) {
      await this.#fill(converters)
      return false
    }
    const upTo = Math.min(head, this.#mark.position + BATCH)
    await this.#transaction(() => this.#takeOver(converters, upTo))
    return false
  }

  async #takeOver(converters: readonly RowConverter[], upTo: number): Promise<void> {
    for (const converter of converters) {
      const rows = await this.#all(
        'select distinct id from _restuary_log where seq > $1 and seq <= $2 and resource = $3 and id is not null',
        this.#mark.position,
        upTo,
        converter.table.resource,
      )
      if (rows.length > 0) await converter.again(rows.map(([id]) => id as string))
    }
    await this.#keep({ position: upTo })
  }

  /** Builds indexes and checks beside the rows. */
  async #build({ changed, after }: TableChanges): Promise<void> {
    for (const table of changed) {
      const { actual, isJoin, required, shadows } = table
      // The rows of links are converted when everything takes its place, and so are their indexes.
      if (isJoin) continue
      const broken = `select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid
        where x.indrelid = to_regclass($1) and not x.indisvalid`
      for (const [name] of await this.#all(broken, quoted(actual)))
        if (isPassing(name as string)) await this.#connection.exec(`drop index concurrently ${quoted(name as string)}`)
      for (const sql of missingIndexes(table, after[table.name]!.key, 'concurrently')) await this.#connection.exec(sql)
      const isLinked = (column: string): boolean =>
        shadows.some(one => one.column === column && one.source?.links != null)
      for (const column of required.filter(column => !isLinked(column))) {
        const check = quoted(checkName(table, column))
        await this.#briefly([
          `alter table ${quoted(actual)} drop constraint if exists ${check}`,
          `alter table ${quoted(actual)} add constraint ${check} check (${quoted(presentName(table, column))} is not null) not valid`,
        ])
        await this.#connection.exec(`alter table ${quoted(actual)} validate constraint ${check}`)
      }
    }
  }

  /** Everything takes its place. Returns false if somebody holds one of the tables. */
  async #swap(changes: TableChanges, found: FoundTables, converters: readonly RowConverter[]): Promise<boolean> {
    const { custom, steps } = this.#run
    const tables = [...changes.changed.map(({ actual }) => actual), ...changes.dropped.map(({ name }) => name)]
    const locks = tables.length === 0 ? '' : `; lock table ${tables.map(quoted).join()} in access exclusive mode`
    try {
      await this.#transaction(async () => {
        await this.#connection.exec(`set local lock_timeout = ${LOCK_TIMEOUT}${locks}`)
        const [row] = await this.#all('select pos from _restuary_head where k = 1 for update')
        const head = row![0] as number
        if (converters.length > 0 && (head - this.#mark.position > FEW || (await this.#isOverdue()))) throw new Busy()
        await this.#takeOver(converters, head)
        for (const table of changes.changed.filter(({ isJoin }) => isJoin)) {
          await fillAll(this.#connection, table, found, custom)
          await executeAll(this.#connection, missingIndexes(table, changes.after[table.name]!.key))
        }
        await executeAll(this.#connection, [
          ...linkedSql(changes, custom),
          ...swapSql(changes, found, custom),
          ...linksSql(changes, found),
          ...pairsSql(changes, custom),
        ])
        await new LogRewriting(changes.shape, steps, custom).renameChanged(this.#connection)
        const meta = await storedMeta(this.#connection)
        await storeMeta(this.#connection, meta, shapeTexts(changes.after, meta))
        await beginTermOfAll(this.#connection)
        await this.#keep({ phase: 'log', position: head, logged: 0 })
      }, 1)
      return true
    } catch (error) {
      if (error instanceof Busy || isConflict(error)) return false
      throw error
    }
  }

  async rewriteLog(): Promise<void> {
    const { steps, custom } = this.#run
    const after = foundShape(await foundTables(this.#connection), await storedMeta(this.#connection))
    const before = steps.toReversed().reduce((shape, step) => applyStep(shape, reverseOf(step)), after)
    const rewriting = new LogRewriting(before, steps, custom)
    for (let isMore = true; isMore;)
      isMore = await this.#transaction(async () => {
        const last = await rewriting.next(this.#connection, this.#mark.logged, this.#mark.position)
        if (last !== null) await this.#keep({ logged: last })
        return last !== null
      })
  }

  async #keep(changes: Partial<PlanMark>): Promise<void> {
    this.#mark = { ...this.#mark, ...changes }
    await this.#run.keep(this.#mark)
  }

  /** Statements that need a lock for a moment, again until nobody is in the way. */
  async #briefly(statements: readonly string[]): Promise<void> {
    if (statements.length === 0) return
    await this.#transaction(async () => {
      await executeAll(this.#connection, [`set local lock_timeout = ${LOCK_TIMEOUT}`, ...statements])
    }, ATTEMPTS)
  }

  /** Work in a transaction, again if others were in the way. */
  async #transaction<T>(work: () => Promise<T>, attempts: number = ATTEMPTS): Promise<T> {
    const mark = this.#mark
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#connection.exec('begin')
        const result = await work()
        await this.#connection.exec('commit')
        return result
      } catch (error) {
        this.#mark = mark
        if (!this.#connection.isLost) await this.#connection.exec('rollback')
        if (isViolation(error))
          throw new MigrationRefused('Rows that came in the meantime stand against it:', [String(error)])
        if (attempt >= attempts || !isConflict(error)) throw error
        await sleep(codeOf(error) === '55P03' ? PAUSE * (0.5 + Math.random()) : 5)
      }
    }
  }
}

/** Thrown if too much was changed while the lock was waited for. */
class Busy extends Error {}

/** Removes what a plan has made beside the tables, if it shall not be carried out. */
export async function abandonPlan(connection: PostgresConnection): Promise<void> {
  const found = await foundTables(connection)
  const checks = await connection.all({
    name: undefined,
    sql: `select conrelid::regclass::text, conname from pg_constraint
      where contype = 'c' and connamespace = current_schema()::regnamespace and conname like '\\_restuary\\_new\\_%'`,
    slots: null,
  })
  await executeAll(connection, [
    ...checks.map(([table, name]) => `alter table ${table as string} drop constraint ${quoted(name as string)}`),
    ...[...found].flatMap(([table, { columns, indexes }]) => [
      ...[...indexes.keys()].filter(isPassing).map(index => `drop index if exists ${quoted(index)}`),
      ...[...columns.keys()]
        .filter(isPassing)
        .map(column => `alter table ${quoted(table)} drop column if exists ${quoted(column)}`),
    ]),
  ])
}
