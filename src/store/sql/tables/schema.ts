import type { Join, Model, Resource, StoredField, Value } from '../../../model/model.ts'
import { ID } from '../../../model/model.ts'
import * as types from '../../../schema/field-types/built-in.ts'
import type { Bind, Codec } from '../codec.ts'
import type { SqlDialect } from '../dialect.ts'
import { sql, statementText, type Sql } from '../kysely.ts'

/** A table as the model needs it. */
export interface TableSpec {
  readonly name: string
  /** The resource of its rows; null for a join table. */
  readonly resource: Resource | null
  readonly columns: readonly ColumnSpec[]
  readonly key: readonly string[]
  readonly indexes: readonly IndexSpec[]
}

export interface ColumnSpec {
  readonly name: string
  readonly codec: Codec
  readonly required: boolean
  readonly references: { readonly table: string; readonly column: string; readonly cascade: boolean } | null
  /** null for columns that do not belong to a field. */
  readonly field: StoredField | null
}

export interface IndexSpec {
  readonly name: string
  readonly columns: readonly string[]
  readonly unique: boolean
}

/** The names of all our indexes begin with this. Others are never dropped. */
export const INDEX_PREFIX = 'restuary_'

const integer = types.integer().sql
const hidden = (name: string): ColumnSpec => ({ name, codec: integer, required: true, references: null, field: null })

/** The tables of a model, without those that belong to another program. */
export function tablesOf(model: Model): TableSpec[] {
  const own = [...model.resources.values()].filter(resource => resource.options.foreign === null)
  const joins = model.joins.filter(({ a, b }) => !a.resource.options.foreign && !b.resource.options.foreign)
  return [...own.map(tableOf), ...joins.map(joinOf)]
}

function tableOf(resource: Resource): TableSpec {
  const columns = resource.columns.map(field => columnOf(field))
  return {
    name: resource.table,
    resource,
    columns: [columns[0]!, hidden('_seq'), hidden('_at'), ...columns.slice(1)],
    key: [resource.id.column],
    indexes: indexesOf(resource),
  }
}

function columnOf(field: StoredField): ColumnSpec {
  const references =
    field.is === 'one' && field.target.options.foreign === null
      ? { table: field.target.table, column: field.target.id.column, cascade: false }
      : null
  return {
    name: field.column,
    codec: field.type.sql,
    required: !field.nullable || field.slot === ID,
    references,
    field,
  }
}

/**
 * The indexes of a table: one for each foreign key, because it is looked up from the other side, one for each unique field, and
 * those that are declared.
 */
function indexesOf(resource: Resource): IndexSpec[] {
  const found = new Map<string, IndexSpec>()
  const add = (columns: readonly string[], unique: boolean): void => {
    const name = `${INDEX_PREFIX}${resource.table}_${columns.join('_')}${unique ? '_unique' : ''}`
    found.set(name, { name, columns, unique })
  }
  const columnOf = (name: string): string => resource.columns.find(field => field.name === name)!.column
  for (const field of resource.columns) {
    if (field.slot === ID) continue
    if (field.unique || (field.is === 'one' && field.single)) add([field.column], true)
    else if (field.index || field.is === 'one') add([field.column], false)
  }
  for (const names of resource.unique) add(names.map(columnOf), true)
  for (const names of resource.index) add(names.map(columnOf), false)
  return [...found.values()]
}

/** A join table. It is looked up from both sides, and deleting a row deletes its links. */
function joinOf({ table, a, b }: Join): TableSpec {
  const side = ({ column, resource }: Join['a']): ColumnSpec => ({
    name: column,
    codec: resource.id.type.sql,
    required: true,
    references: { table: resource.table, column: resource.id.column, cascade: true },
    field: null,
  })
  return {
    name: table,
    resource: null,
    columns: [side(a), side(b)],
    key: [a.column, b.column],
    indexes: [{ name: `${INDEX_PREFIX}${table}_${b.column}`, columns: [b.column, a.column], unique: false }],
  }
}

/** `create table`, under another name if it will replace an existing table. */
export function createTable(table: TableSpec, dialect: SqlDialect, name: string = table.name): string {
  const parts: Sql[] = table.columns.map(column => definitionOf(column, table, dialect))
  if (table.key.length > 1) parts.push(sql`primary key (${sql.join(table.key.map(column => sql.id(column)))})`)
  const end = table.key.length > 1 ? dialect.tableEnd.ofSeveral : dialect.tableEnd.ofOne
  return statementText(sql`create table ${sql.id(name)} (${sql.join(parts)})${end}`, dialect.text)
}

function definitionOf(column: ColumnSpec, table: TableSpec, { columnType, refersLater }: SqlDialect): Sql {
  const key = table.key.length === 1 && table.key[0] === column.name ? sql` primary key` : sql``
  const required = column.required ? sql` not null` : sql``
  return sql`${sql.id(column.name)} ${columnType(column.codec)}${key}${required}${refersLater ? sql`` : referencesOf(column)}`
}

/** Foreign keys are checked at the commit, so that a unit may write its rows in any order. */
function referencesOf({ references }: ColumnSpec): Sql {
  if (references === null) return sql``
  const cascade = references.cascade ? sql` on delete cascade` : sql``
  return sql` references ${sql.id(references.table)} (${sql.id(references.column)})${cascade} deferrable initially deferred`
}

/** `alter table … add column`. `preset` fills existing rows; a required column needs it. */
export function addColumn(table: TableSpec, column: ColumnSpec, preset: Bind, dialect: SqlDialect): string {
  const fill = preset === null ? sql`` : sql` default ${sqlLiteral(preset, dialect)}`
  const definition = definitionOf(column, table, dialect)
  return statementText(sql`alter table ${sql.id(table.name)} add column ${definition}${fill}`, dialect.text)
}

/** `alter table … add foreign key`, for a column that refers to another table. */
export function addReference({ name: table }: TableSpec, column: ColumnSpec, { text }: SqlDialect): string {
  return statementText(
    sql`alter table ${sql.id(table)} add foreign key (${sql.id(column.name)})${referencesOf(column)}`,
    text,
  )
}

/** The statement that creates an index. */
export function createIndex(table: TableSpec, { name, columns, unique }: IndexSpec, { text }: SqlDialect): string {
  const kind = unique ? sql`unique index` : sql`index`
  return statementText(
    sql`create ${kind} ${sql.id(name)} on ${sql.id(table.name)} (${sql.join(columns.map(column => sql.id(column)))})`,
    text,
  )
}

/** A value as it is written in the text of a schema, where nothing can be bound. */
export function sqlLiteral(value: Bind, { bytes, number }: SqlDialect): Sql {
  switch (typeof value) {
    case 'string':
      return sql.lit(value)
    case 'number':
    case 'bigint':
      return number(value)
    default:
      return value === null ? sql`null` : bytes(value)
  }
}

/** The value that existing rows get for a new field; undefined if there is none. */
export function presetOf({ field, codec }: ColumnSpec, now: number): Bind | undefined {
  if (field === null) return undefined
  if (field.is === 'scalar' && field.def.now) return codec.encode(field.type.fromDate!(new Date(now)))
  if (field.default === null) return undefined
  try {
    const value = 'value' in field.default ? field.default.value : field.default.from({ me: null, auth: {}, now })
    return value === null || value === undefined ? undefined : codec.encode(value as Value)
  } catch {
    return undefined // the default needs a caller, and at start there is none
  }
}
