import { applyStep } from '../../migrate/apply-step.ts'
import type { DatabaseShape, TableShape } from '../../migrate/shape.ts'
import { changesTable, type AddColumn, type CopyLinks, type MigrationStep } from '../../migrate/step.ts'
import { columnTypeOf, type CustomTypes } from '../../migrate/type-data.ts'
import type { Connection } from '../connection.ts'
import { installTriggers, isCaptured, removeTriggers } from '../schema/triggers.ts'
import { FoldedTables, WAS, type Saved } from './folded-tables.ts'
import { copyPairs } from './copy-pairs.ts'
import { changeLoggedIds, changeLoggedValues, renameLoggedField, renameLoggedResource } from './rewrite-log.ts'
import { columnSql, createIndexSql, createTableSql, literal, quote } from './table-sql.ts'

/** Where the steps of a plan put values aside, and which values they take up again. */
export interface ValueKeeping {
  readonly saves: (step: number) => Saved
  readonly restores: (step: number) => Saved | null
}

/**
 * Carries out steps within an open transaction, with foreign keys off. Returns the shape of the file after them. A table whose
 * columns change is made anew in one pass over its rows, whatever the number of steps.
 */
export function runSteps(
  connection: Connection,
  shape: DatabaseShape,
  steps: readonly MigrationStep[],
  { custom, keeping }: { readonly custom: CustomTypes; readonly keeping: ValueKeeping | null },
): DatabaseShape {
  // Triggers name columns, and go with tables that are made anew. Everybody begins anew after these steps, so what they have
  // captured until now need not be told.
  const isWithTriggers = isCaptured(connection)
  if (isWithTriggers) removeTriggers(connection)
  const run = new Run(connection, shape, custom, keeping)
  steps.forEach((step, i) => run.take(step, i))
  const after = run.end()
  if (isWithTriggers) installTriggers(connection)
  return after
}

class Run {
  readonly #connection: Connection
  readonly #keeping: ValueKeeping | null
  readonly #tables: FoldedTables
  /** Tables that have to be made anew. */
  readonly #pending = new Set<string>()
  readonly #restored: Saved[] = []
  #shape: DatabaseShape

  constructor(connection: Connection, shape: DatabaseShape, custom: CustomTypes, keeping: ValueKeeping | null) {
    this.#connection = connection
    this.#shape = shape
    this.#keeping = keeping
    this.#tables = new FoldedTables(connection, shape, custom)
    if (keeping !== null) connection.exec(WAS)
  }

  take(step: MigrationStep, number: number): void {
    const saved = this.#keeping?.restores(number) ?? null
    const isNative = this.#isNative(step, saved)
    // The values of others may come from the rows of a table that goes.
    if (step.do === 'drop table') for (const table of this.#pending) this.#makeAnew(table)
    if (step.do === 'copy pairs') this.#makeAnew(step.join)
    if (isNative) this.#makeAnew(step.table)
    else {
      if (step.do === 'drop column' || step.do === 'change column') this.#save(step, number, saved)
      if (changesTable(step) || this.#hasSaved(saved)) this.#pending.add(step.table)
      if (step.do === 'change column') this.#rewriteLog(step)
      if (step.do === 'copy links' && step.way === 'there') this.#copyLinks(step)
    }
    this.#tables.fold(step, saved)
    this.#shape = applyStep(this.#shape, step.do === 'add column' ? this.#withDefault(step) : step)
    if (isNative) this.#execute(step, number)
    if (saved !== null) this.#restored.push(saved)
  }

  /** Whether SQLite carries a step out by itself. It adds a column that is nullable or has a default, unless values return to it. */
  #isNative(step: MigrationStep, saved: Saved | null): boolean {
    if (step.do === 'drop column' || step.do === 'change column' || step.do === 'copy links') return false
    if (step.do !== 'add column') return true
    const { required, references } = step.as
    const isEmpty = step.value === undefined || step.value === null
    if (this.#pending.has(step.table) || this.#hasSaved(saved)) return false
    return isEmpty ? !required : required && references === null
  }

  /** Processes of a version that does not know a required column write rows as well, so the database gives them its value. */
  #withDefault(step: AddColumn): AddColumn {
    const { value = null } = step
    if (value === null || !step.as.required) return step
    const preset = literal(columnTypeOf(step.as, this.#tables.custom).sql.encode(value))
    return { ...step, as: { ...step.as, default: preset } }
  }

  end(): DatabaseShape {
    for (const table of this.#pending) this.#makeAnew(table)
    for (const { plan, step, way } of this.#restored) {
      this.#connection.prepare('DELETE FROM _restuary_was WHERE plan = ? AND step = ? AND way = ?').run(plan, step, way)
    }
    // Tables of other programs may have such rows.
    for (const table of Object.keys(this.#shape)) {
      const broken = this.#connection.prepare(`PRAGMA foreign_key_check(${quote(table)})`).get()
      if (broken !== undefined)
        throw new Error(`a row of ${broken[0] as string} refers to a row of ${broken[2] as string} that is not there`)
    }
    return this.#shape
  }

  /** Steps that SQLite carries out by itself. */
  #execute(step: MigrationStep, number: number): void {
    const exec = (sql: string): void => this.#connection.exec(sql)
    switch (step.do) {
      case 'create table':
        exec(createTableSql(step.table, step.as))
        for (const [name, index] of Object.entries(step.as.indexes)) exec(createIndexSql(step.table, name, index))
        this.#tables.settle(step.table, Object.keys(step.as.columns))
        return this.#restore(step.table, step.as, number)
      case 'drop table':
        if (this.#keeping !== null) {
          const kept = keptName(this.#keeping.saves(number), step.table)
          exec(`CREATE TABLE ${quote(kept)} AS SELECT * FROM ${quote(step.table)}`)
        }
        return exec(`DROP TABLE ${quote(step.table)}`)
      case 'rename table':
        exec(`ALTER TABLE ${quote(step.table)} RENAME TO ${quote(step.to)}`)
        this.#tables.settle(step.to, Object.keys(this.#shape[step.to]!.columns))
        if (step.resource !== null) renameLoggedResource(this.#connection, ...step.resource)
        return
      case 'rename column':
        exec(`ALTER TABLE ${quote(step.table)} RENAME COLUMN ${quote(step.column)} TO ${quote(step.to)}`)
        this.#tables.settle(step.table, Object.keys(this.#shape[step.table]!.columns))
        if (step.field !== null) renameLoggedField(this.#connection, this.#shape[step.table]!.resource, ...step.field)
        return
      case 'add column': {
        const as = this.#shape[step.table]!.columns[step.column]!
        exec(`ALTER TABLE ${quote(step.table)} ADD COLUMN ${columnSql(step.column, as, [])}`)
        return this.#tables.settle(step.table, Object.keys(this.#shape[step.table]!.columns))
      }
      case 'copy pairs':
        return copyPairs(this.#connection, step, this.#shape, this.#tables.custom)
      case 'add index':
        return exec(createIndexSql(step.table, step.index, step))
      case 'drop index':
        return exec(`DROP INDEX ${quote(step.index)}`)
      default:
    }
  }

  /** Takes up the rows again that were put aside when the table was dropped, except links to rows that are gone. */
  #restore(table: string, { columns }: TableShape, number: number): void {
    const saved = this.#keeping?.restores(number) ?? null
    if (saved === null) return
    const kept = keptName(saved, table)
    if (!this.#connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ?`).get(kept)) return
    const list = Object.keys(columns).map(quote).join(', ')
    const values = Object.entries(columns).map(([name, { references, required }]) => {
      if (references === null || required) return quote(name)
      return `CASE WHEN ${there(name, references)} THEN ${quote(name)} END`
    })
    const whole = Object.entries(columns)
      .filter(([, { references, required }]) => references !== null && required)
      .map(([name, { references }]) => there(name, references!))
    this.#connection.exec(
      `INSERT INTO ${quote(table)} (${list}) SELECT ${values.join(', ')} FROM ${quote(kept)} WHERE ${['TRUE', ...whole].join(' AND ')}`,
    )
    this.#connection.exec(`DROP TABLE ${quote(kept)}`)
  }

  /** Puts values aside that the reverse of a step could not bring back. */
  #save(
    step: Extract<MigrationStep, { readonly do: 'drop column' | 'change column' }>,
    number: number,
    restored: Saved | null,
  ): void {
    const table = this.#tables.at(step.table)!
    const here = table.columns.get(step.column)!
    if (this.#keeping === null || table.actual === null) return
    const { plan, step: at, way } = this.#keeping.saves(number)
    let [becomes, lost] = ['NULL', `${here} IS NOT NULL`]
    if (step.do === 'change column') {
      becomes = this.#tables.becoming(step, here, restored)
      if (becomes === here) return
      // A row that had no value must not keep the one that it gets.
      const filled = `(${here} IS NULL AND ${becomes} IS NOT NULL)`
      lost = `(${this.#tables.changedBack(step, becomes)} IS NOT ${here} OR ${filled})`
    }
    // A row is found again by the id that it has afterwards.
    const isKey = this.#shape[step.table]!.key[0] === step.column
    const id = isKey || (table.isJoin && step.do === 'change column') ? becomes : table.columns.values().next().value!
    this.#connection.exec(
      `INSERT ${table.isJoin ? 'OR IGNORE ' : ''}INTO _restuary_was(plan, step, way, id, old, new)
       SELECT ${literal(plan)}, ${at}, '${way}', ${id}, ${here}, ${becomes} FROM ${quote(table.actual)} t WHERE ${lost}`,
    )
  }

  #copyLinks({ table, column, join, owner, other }: CopyLinks): void {
    const { actual, columns } = this.#tables.at(table)!
    if (actual === null) return
    const [id, value] = [columns.values().next().value!, columns.get(column)!]
    const [mine, theirs] = [quote(owner), quote(other)]
    // Links that returned are those of a row that still leads to one of them.
    this.#connection.exec(
      `DELETE FROM ${quote(join)} AS l WHERE NOT EXISTS (SELECT 1 FROM ${quote(actual)} t JOIN ${quote(join)} m
         ON m.${mine} = ${id} AND m.${theirs} = ${value} WHERE ${id} = l.${mine})`,
    )
    this.#connection.exec(
      `INSERT OR IGNORE INTO ${quote(join)}(${mine}, ${theirs}) SELECT ${id}, ${value} FROM ${quote(actual)} t WHERE ${value} IS NOT NULL`,
    )
  }

  #hasSaved(saved: Saved | null): boolean {
    if (saved === null) return false
    const { plan, step, way } = saved
    const rows = this.#connection.prepare('SELECT 1 FROM _restuary_was WHERE plan = ? AND step = ? AND way = ? LIMIT 1')
    return rows.get(plan, step, way) !== undefined
  }

  #rewriteLog(step: Extract<MigrationStep, { readonly do: 'change column' }>): void {
    const { resource, key } = this.#shape[step.table]!
    if (resource === null) return
    changeLoggedValues(this.#connection, resource, step, this.#tables.custom)
    if (key[0] === step.column) changeLoggedIds(this.#connection, resource, step, this.#tables.custom)
  }

  /** Makes a table anew: SQLite cannot change columns in place (https://sqlite.org/lang_altertable.html §7). */
  #makeAnew(table: string): void {
    if (!this.#pending.delete(table)) return
    const shape = this.#shape[table]!
    const { actual, columns } = this.#tables.at(table)!
    const fresh = `_restuary_new_${table}`
    const names = Object.keys(shape.columns)
    const values = names.map(name => columns.get(name)!)
    for (const sql of [
      createTableSql(fresh, shape),
      `INSERT INTO ${quote(fresh)} (${names.map(quote).join(', ')}) SELECT ${values.join(', ')} FROM ${quote(actual!)} t`,
      `DROP TABLE ${quote(actual!)}`,
      `ALTER TABLE ${quote(fresh)} RENAME TO ${quote(table)}`,
      ...Object.entries(shape.indexes).map(([name, index]) => createIndexSql(table, name, index)),
    ])
      this.#connection.exec(sql)
    this.#tables.settle(table, names)
  }
}

const keptName = ({ plan, step, way }: Saved, table: string): string => `_restuary_was_${plan}_${step}_${way}_${table}`

const there = (name: string, { table, column }: { readonly table: string; readonly column: string }): string =>
  `EXISTS (SELECT 1 FROM ${quote(table)} r WHERE r.${quote(column)} = ${quote(name)})`
