import type { ScalarType } from '../../schema/scalar-type.ts'

/** What a database or file that Restuary did not make holds, in plain words; the drivers read it, `adopt` names it. */
export interface Catalog {
  /** By name, in code point order. */
  readonly tables: readonly TableInfo[]
  /** What cannot be read at all, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[]
}

export interface TableInfo {
  readonly name: string
  readonly kind: 'table' | 'view' | 'virtual'
  readonly columns: readonly ColumnInfo[]
  /** Columns that tell rows apart: the primary key, or what a table or view without one is read by. */
  readonly key: readonly string[]
  /** Why rows can be read but not written; null if they can be written. */
  readonly readOnly: string | null
  /** Unique constraints other than the primary key. */
  readonly unique: readonly (readonly string[])[]
  readonly references: readonly Reference[]
}

export interface ColumnInfo {
  readonly name: string
  readonly type: ScalarType
  readonly nullable: boolean
  /** Computed by the database. */
  readonly generated: boolean
  readonly default: ColumnDefault | null
}

/** A value, or an expression that the database evaluates for each new row. */
export type ColumnDefault =
  | { readonly value: unknown }
  | { readonly sql: string; readonly evaluate: (now: number) => unknown }

/** A foreign key. */
export interface Reference {
  readonly columns: readonly string[]
  readonly table: string
  /** Columns of the other table. */
  readonly to: readonly string[]
  readonly onDelete: 'cascade' | 'restrict' | 'null'
}
