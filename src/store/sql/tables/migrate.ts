import type { Bind } from '../codec.ts'
import type { SqlDialect } from '../dialect.ts'
import { sql, type Sql } from '../kysely.ts'
import {
  addColumn,
  addReference,
  createIndex,
  createTable,
  INDEX_PREFIX,
  sqlLiteral,
  presetOf,
  type ColumnSpec,
  type IndexSpec,
  type TableSpec,
} from './schema.ts'

/** A table in the database as it is now. */
export interface TableState {
  readonly columns: ReadonlyMap<string, ColumnState>
  readonly indexes: ReadonlyMap<string, { readonly columns: readonly string[]; readonly unique: boolean }>
}

export interface ColumnState {
  readonly type: string
  readonly required: boolean
  /** The meaning of its values, as recorded when the column was made; null if it was not recorded. */
  readonly kind: string | null
  /** The column that it refers to, as `table.column`. */
  readonly references: string | null
}

/** Questions about existing rows, which decide what can be migrated. */
export interface TableQuestions {
  table(name: string): TableState | null
  isEmpty(table: string): boolean
  /** Whether a column holds anything but null. */
  hasValue(table: string, column: string): boolean
  hasNull(table: string, column: string): boolean
  /** A combination of values that occurs twice; null if there is none. */
  duplicate(table: string, columns: readonly string[]): string | null
}

/** What has to be done to the tables at start, or why it cannot be done. */
export interface MigrationPlan {
  readonly statements: readonly string[]
  readonly report: readonly string[]
  /** What cannot be done, each with a fix. If there are any, nothing is changed. */
  readonly faults: readonly string[]
}

export interface MigrateOptions {
  readonly dialect: SqlDialect
  readonly now: number
  /** Columns whose data may be dropped, as `table.column`. */
  readonly drop: readonly string[]
  /** Changes a table in other ways than by adding columns. `sources` has the expression for the value of each column. */
  readonly change: (table: TableSpec, is: TableState, sources: ReadonlyMap<string, Sql>) => string[]
}

/** Compares the tables with the model. Plans changes that lose nothing (add, relax, rebuild) and refuses all others at once. */
export function planMigration(
  tables: readonly TableSpec[],
  rows: TableQuestions,
  options: MigrateOptions,
): MigrationPlan {
  const plan: Draft = { statements: [], last: [], report: [], faults: [] }
  for (const table of tables) new TablePlan(table, rows, options, plan).make()
  plan.statements.push(...plan.last)
  return plan
}

interface Draft {
  readonly statements: string[]
  /** Statements for when all tables are there. */
  readonly last: string[]
  readonly report: string[]
  readonly faults: string[]
}

class TablePlan {
  readonly #table: TableSpec
  readonly #rows: TableQuestions
  readonly #options: MigrateOptions
  readonly #plan: Draft
  /** The expression for each column, if the table has to be rebuilt. */
  readonly #sources = new Map<string, Sql>()
  readonly #added: string[] = []
  #anew = false

  constructor(table: TableSpec, rows: TableQuestions, options: MigrateOptions, plan: Draft) {
    this.#table = table
    this.#rows = rows
    this.#options = options
    this.#plan = plan
  }

  make(): void {
    const { name, resource, columns, indexes } = this.#table
    const is = this.#rows.table(name)
    if (is === null) {
      const { dialect } = this.#options
      const made = indexes.map(index => createIndex(this.#table, index, dialect))
      this.#plan.statements.push(createTable(this.#table, dialect), ...made)
      for (const column of columns) this.#refer(column)
      this.#plan.report.push(`table ${name}: made`)
      return
    }
    if (resource === null) {
      // A join table may belong to another program and have more columns than ours.
      if (columns.every(column => is.columns.has(column.name))) return
      return this.#refuse('', 'is not a join table of the model', `give the relation another table by \`through\``)
    }
    if (!is.columns.has('_seq') || !is.columns.has('_at')) {
      return this.#refuse(
        '',
        'was not made by Restuary',
        'give the resource another `table`, or serve the file as it is',
      )
    }
    for (const column of columns) this.#column(column, is.columns.get(column.name))
    for (const [column] of is.columns) if (!columns.some(({ name }) => name === column)) this.#surplus(column, is)
    this.#indexes(is)
  }

  #column(column: ColumnSpec, is: ColumnState | undefined): void {
    if (is === undefined) return this.#missing(column)
    const { name: table } = this.#table
    const here = sql.id(column.name)
    const filled = this.#rows.hasValue(table, column.name)
    const { dialect } = this.#options
    const isOfType = is.type === dialect.typeName(column.codec)
    const kind = is.kind ?? (isOfType ? column.codec.kind : is.type)
    if (kind !== column.codec.kind && filled && !column.codec.from.includes(kind)) {
      this.#refuse(column.name, `changes from ${kind} to ${column.codec.kind}`, 'keep its type, or use another column')
      return
    }
    const preset = presetOf(column, this.#options.now) ?? null
    let source: Sql = isOfType ? here : dialect.cast(here, is.type, column.codec)
    if (column.required && !is.required) {
      if (preset !== null) source = dialect.orElse(source, sqlLiteral(preset, dialect))
      else if (this.#rows.hasNull(table, column.name)) {
        this.#refuse(column.name, 'is required now, but some rows have none', 'give it a default or leave it nullable')
      }
    }
    this.#sources.set(column.name, source)
    const points = column.references === null ? null : `${column.references.table}.${column.references.column}`
    const changes = [
      ...(isOfType && kind === column.codec.kind ? [] : [`now ${column.codec.kind}`]),
      ...(column.required === is.required ? [] : [column.required ? 'now required' : 'now nullable']),
      ...(points === is.references ? [] : [points === null ? 'refers to nothing now' : `refers to ${points} now`]),
    ]
    if (changes.length === 0) return
    if (points !== is.references) this.#refer(column)
    this.#anew ||= !isOfType || column.required !== is.required || points !== is.references
    this.#report(column.name, changes.join(', '))
  }

  #missing(column: ColumnSpec): void {
    const { name: table } = this.#table
    const preset = presetOf(column, this.#options.now) ?? null
    this.#refer(column)
    if (column.required && preset === null && !this.#rows.isEmpty(table)) {
      const fix = 'give it a default or make it nullable'
      return this.#refuse(column.name, 'is new and required, but there are rows without it', fix)
    }
    const fill: Bind = column.required ? preset : null
    this.#sources.set(column.name, fill === null ? sql`null` : sqlLiteral(fill, this.#options.dialect))
    // SQLite cannot add a required column without a default, nor one with a default that refers to another table.
    if (column.required && (fill === null || column.references !== null)) this.#anew = true
    else this.#added.push(addColumn(this.#table, column, fill, this.#options.dialect))
    this.#report(column.name, fill === null ? 'added' : `added, rows have ${String(fill)}`)
  }

  #refer(column: ColumnSpec): void {
    const { dialect } = this.#options
    if (dialect.refersLater && column.references !== null)
      this.#plan.last.push(addReference(this.#table, column, dialect))
  }

  #surplus(column: string, is: TableState): void {
    const { name: table, columns } = this.#table
    const path = `${table}.${column}`
    if (!this.#options.drop.includes(path) && this.#rows.hasValue(table, column)) {
      const added = columns.filter(({ name }) => !is.columns.has(name)).map(({ name }) => name)
      const keep =
        added.length > 0
          ? `if it is called ${added.join(' or ')} now, keep its data by .column('${column}') on that field`
          : `keep the field, under another name by .column('${column}')`
      const fix = `${keep}; let its data go by the option drop: ['${path}']`
      return this.#refuse(column, 'is not in the model any more, but holds data', fix)
    }
    this.#anew = true
    this.#report(column, 'dropped')
  }

  #indexes(is: TableState): void {
    const { indexes } = this.#table
    const statements: string[] = []
    for (const [name, { columns, unique }] of is.indexes) {
      const wanted = indexes.find(index => index.name === name)
      const same = wanted && wanted.unique === unique && wanted.columns.join() === columns.join()
      if (!name.startsWith(INDEX_PREFIX) || same) continue
      statements.push(`drop index "${name.replaceAll('"', '""')}"`)
      if (!wanted) this.#report('', `index ${name} dropped`)
    }
    for (const index of indexes) {
      const there = is.indexes.get(index.name)
      if (there && there.columns.join() === index.columns.join() && there.unique === index.unique) continue
      this.#checkUnique(index, is)
      statements.push(createIndex(this.#table, index, this.#options.dialect))
      this.#report('', `index ${index.name} made`)
    }
    const { statements: all } = this.#plan
    if (this.#anew) {
      // Rebuilding the table also drops its indexes. If it has no rows, new columns may stay empty.
      for (const column of this.#table.columns)
        if (!this.#sources.has(column.name)) this.#sources.set(column.name, sql`null`)
      all.push(...this.#options.change(this.#table, is, this.#sources))
    } else all.push(...this.#added, ...statements)
  }

  #checkUnique({ unique, columns }: IndexSpec, is: TableState): void {
    if (!unique || !columns.every(column => is.columns.has(column))) return
    const twice = this.#rows.duplicate(this.#table.name, columns)
    if (twice === null) return
    this.#refuse(columns.join('+'), `must be unique now, but ${twice} occurs twice`, 'change the rows first')
  }

  #refuse(column: string, problem: string, fix: string): void {
    this.#plan.faults.push(`${this.#place(column)}: ${problem}; ${fix}`)
  }

  #report(column: string, what: string): void {
    this.#plan.report.push(`${column === '' ? `table ${this.#table.name}` : this.#place(column)}: ${what}`)
  }

  #place(column: string): string {
    return column === '' ? this.#table.name : `${this.#table.name}.${column}`
  }
}
