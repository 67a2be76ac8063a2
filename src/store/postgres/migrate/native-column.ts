import type { ScalarType } from '../../../schema/scalar-type.ts'
import type { Value } from '../../../schema/value.ts'
import type { ColumnShape, IndexShape, TableShape } from '../../migrate/shape.ts'
import { columnTypeOf, type CustomTypes } from '../../migrate/type-data.ts'
import type { Bind, Codec } from '../../sql/codec.ts'
import { statementText } from '../../sql/kysely.ts'
import { sqlLiteral } from '../../sql/tables/schema.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import { identifier, quoted } from '../schema/identifier.ts'

/** How PostgreSQL stores the values of a column. */
export interface NativeColumn {
  readonly scalar: ScalarType
  readonly codec: Codec
  /** The type as `format_type` shows it. */
  readonly type: string
  /** The type as a column is declared with it. */
  readonly declared: string
}

export function nativeColumn(as: ColumnShape, custom: CustomTypes): NativeColumn {
  const scalar = columnTypeOf(as, custom)
  const codec = postgresDialect.codec(scalar.sql)
  const declared = statementText(postgresDialect.columnType(codec), postgresDialect.text)
  return { scalar, codec, type: postgresDialect.typeName(codec), declared }
}

export function decodedNative({ codec }: NativeColumn, stored: Bind): Value {
  return stored === null || codec.decode === null ? (stored as Value) : codec.decode(stored)
}

export function encodedNative({ codec }: NativeColumn, value: Value): Bind {
  return value === null ? null : codec.encode(value)
}

/** A value as it is written in a statement. */
export function nativeLiteral(value: Bind): string {
  return statementText(sqlLiteral(value, postgresDialect), postgresDialect.text)
}

/** `create table` without its indexes and foreign keys. */
export function nativeTableSql(name: string, { columns, key }: TableShape, custom: CustomTypes): string {
  const parts = Object.entries(columns).map(
    ([column, as]) =>
      `${quoted(column)} ${nativeColumn(as, custom).declared}${as.required ? ' not null' : ''}${as.default === undefined ? '' : ` default ${as.default}`}`,
  )
  return `create table ${quoted(name)} (${[...parts, `primary key (${key.map(quoted).join()})`].join()})`
}

/** `create index`; `concurrently` does not stop writers, and cannot be part of a transaction. */
export function nativeIndexSql(
  table: string,
  name: string,
  { columns, unique }: IndexShape,
  way: '' | 'concurrently' = '',
): string {
  const kind = unique ? 'unique index' : 'index'
  return `create ${kind} ${way} ${quoted(identifier(name))} on ${quoted(table)} (${columns.map(quoted).join()})`
}

/** Adds a foreign key that binds new rows only. What is there is checked afterwards, without a lock (`validate constraint`). */
export function addReferenceSql(table: string, column: string, to: NonNullable<ColumnShape['references']>): string {
  const cascade = to.cascade ? ' on delete cascade' : ''
  return `alter table ${quoted(table)} add foreign key (${quoted(column)}) references ${quoted(to.table)} (${quoted(to.column)})${cascade} deferrable initially deferred not valid`
}
