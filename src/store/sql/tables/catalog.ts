import type { PostgresPlace } from '../../../model/declare/declaration.ts'
import type { ScalarType } from '../../../schema/scalar-type.ts'

/** What a database or file of another program contains. The drivers read it, and `adopt` makes resources from it. */
export interface Catalog {
  /** Ordered by name, by code points. */
  readonly tables: readonly TableInfo[]
  /** What cannot be served at all, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[]
}

export interface TableInfo {
  readonly name: string
  readonly kind: 'table' | 'view' | 'virtual'
  readonly columns: readonly ColumnInfo[]
  /** The columns that identify a row: the primary key, or what is used in its place for tables and views without one. */
  readonly key: readonly string[]
  /** The key has one column, whose values are no ids by themselves. */
  readonly composed?: boolean
  /** An application of Restuary made it: it has versions, and belongs to a declaration that is not here. */
  readonly own?: boolean
  /** Its rows change with those of other tables. */
  readonly derived?: boolean
  /** Why rows cannot be written; null if they can. */
  readonly readOnly: string | null
  /** Set for a table of PostgreSQL that is served as it is. */
  readonly postgres?: PostgresPlace
  /** Unique constraints, without the primary key. */
  readonly unique: readonly (readonly string[])[]
  readonly references: readonly Reference[]
}

export interface ColumnInfo {
  readonly name: string
  readonly type: ScalarType
  /** Some of its values are of another type. */
  readonly mixed: boolean
  /** It stores each value as it is given: neither text becomes a number, nor a number text. */
  readonly untyped: boolean
  /** It holds passwords or hashes of them. */
  readonly secret: boolean
  readonly nullable: boolean
  /** The database computes the value. */
  readonly generated: boolean
  readonly default: ColumnDefault | null
}

/** A constant, or an expression that the database evaluates for each new row. */
export type ColumnDefault =
  | { readonly value: unknown }
  | {
      readonly sql: string
      readonly evaluate: (now: number) => unknown
      /** Nobody else can evaluate it. */
      readonly isFilled?: true
    }

/** A foreign key. */
export interface Reference {
  readonly columns: readonly string[]
  readonly table: string
  /** The columns in the other table that it refers to. */
  readonly to: readonly string[]
  readonly onDelete: 'cascade' | 'restrict' | 'null'
}
