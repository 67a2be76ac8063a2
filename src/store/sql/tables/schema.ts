import type { Join, Model, Resource, StoredField } from '../../../model/model.ts'
import { ID } from '../../../model/model.ts'
import * as types from '../../../schema/field-types/built-in.ts'
import type { Bind, Codec } from '../codec.ts'
import type { SqlDialect } from '../dialect.ts'
import { sql, type Sql } from '../kysely.ts'

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
