import type { Column } from '../../schema/scalar-type.ts'
import type { TypeData } from './type-data.ts'

/** What the tables of a database look like, as data: JSON holds it. */
export type DatabaseShape = Readonly<Record<string, TableShape>>

export interface TableShape {
  /** The resource of its rows, as the log names it. null = it is a join table. */
  readonly resource: string | null
  readonly key: readonly string[]
  readonly columns: Readonly<Record<string, ColumnShape>>
  /** The indexes that Restuary has made. */
  readonly indexes: Readonly<Record<string, IndexShape>>
}

/** Tables and views of other programs in the same database, with their columns. */
export type OtherTables = ReadonlyMap<string, ReadonlySet<string>>

export interface ColumnShape {
  /** The field, as the log names it. null = it belongs to none. */
  readonly field: string | null
  readonly storage: Column['column']
  /** The meaning of the stored values. */
  readonly kind: string
  /** null = it was not recorded. */
  readonly type: TypeData | null
  readonly required: boolean
  readonly references: ReferenceShape | null
  /** What the database gives new rows of those who do not know the column, in its own SQL. Absent = nothing. */
  readonly default?: string
}

export interface ReferenceShape {
  readonly table: string
  readonly column: string
  readonly cascade: boolean
}

export interface IndexShape {
  readonly columns: readonly string[]
  readonly unique: boolean
}

/** The columns that every row has beside its fields: its version, and when it came about. */
export const isVersion = (column: string): boolean => column === '_seq' || column === '_at'
