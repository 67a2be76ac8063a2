/** A declared field as frozen data. The builders of `builder.ts` make it, and all layers above read it. */
import type { FileLimits } from './file.ts'
import type { ScalarType } from './scalar-type.ts'
import type { Id, Value } from './value.ts'

export type { Id, Value }

/** What functions of a declaration get beside the row. */
export interface Ctx {
  /** The caller. null = anonymous. */
  readonly me: Readonly<Record<string, unknown>> | null
  /** The credentials as the caller sent them. */
  readonly auth: Readonly<Record<string, unknown>>
  /** The time of the call, in milliseconds since the epoch, from the injected clock. */
  readonly now: number
}

/** A row as functions of a declaration see it: values by field name, relations as ids. */
export type ReadRow = Readonly<Record<string, unknown>>
export type FieldCheck = (value: never, ctx: Ctx) => true | string
export type RowCheck = (row: ReadRow, ctx: Ctx) => true | string | Readonly<Record<string, string>>

/** Options that every field has. */
export interface FieldOptions {
  /** The name of its column. Clients see the key in the declaration. */
  readonly column?: string
  /** Its former names, so that a database under one of them follows. */
  readonly was?: readonly string[]
  readonly readonly?: boolean
  readonly hidden?: boolean
  readonly nullable?: boolean
  readonly unique?: boolean
  readonly index?: boolean
  /** A value, or a function of the context. Absent = no default. */
  readonly default?: { readonly value: unknown } | { readonly from: (ctx: Ctx) => unknown }
  readonly writable?: boolean | ((row: ReadRow, ctx: Ctx) => boolean)
  /** The fields that `writable` reads. */
  readonly uses?: readonly string[]
  readonly checks?: readonly FieldCheck[]
  readonly sortable?: boolean
  readonly filterable?: boolean
  readonly title?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
}

export interface ScalarDef extends FieldOptions {
  readonly is: 'scalar'
  readonly type: ScalarType
  /** Whether the server sets it to the time of creation, or of each write. */
  readonly now?: 'create' | 'write'
  /** Only for `t.file`: which files are allowed. */
  readonly file?: FileLimits
  /** Only for `t.id`: whether clients may choose it, `put` = only by PUT. */
  readonly client?: boolean | 'put'
}

/** A to-one relation. The foreign key is in this row. */
export interface OneDef extends FieldOptions {
  readonly is: 'one'
  readonly to: string
  /** The field of the target that shows the other side. Absent = the relation is one-way. */
  readonly inverse?: string
  /** Whether this field is its own other side, as with spouses. */
  readonly symmetric?: boolean
  readonly onDelete?: 'cascade' | 'restrict' | 'null'
}

/** The other side of a to-one: a list of ids, or one id if it is one-to-one. Nothing is stored for it. */
export interface BackDef extends FieldOptions {
  readonly is: 'back'
  readonly to: string
  readonly via: string
  readonly one?: boolean
  /** Whether bodies at depth 1 contain the ids. With false, writing a child does not change the version of the parent. */
  readonly ids?: boolean
}

/** A many-to-many relation or a one-way list. Its pairs are in a join table. */
export interface ManyDef extends FieldOptions {
  readonly is: 'many'
  readonly to: string
  readonly inverse?: string
  readonly symmetric?: boolean
  readonly ids?: boolean
  /** A join table that already exists, and its two columns. */
  readonly through?: {
    readonly table: string
    readonly from: string
    readonly to: string
    /** Its schema in PostgreSQL; absent where the search path leads there. */
    readonly schema?: string
  }
}

/** A field that is calculated when the row is shown. It can be written if it has a setter. Nothing is stored for it. */
export interface CalcDef extends FieldOptions {
  readonly is: 'calc'
  readonly type: ScalarType
  readonly get: (row: ReadRow, ctx: Ctx) => unknown
  readonly set?: (row: ReadRow, value: never, ctx: Ctx) => Readonly<Record<string, unknown>>
}

/** The number of rows in a to-many relation of the same resource. */
export interface CountDef extends FieldOptions {
  readonly is: 'count'
  readonly of: string
}

/** A link to the row itself. */
export interface SelfDef extends FieldOptions {
  readonly is: 'self'
  readonly absolute?: boolean
}

export type FieldDef = ScalarDef | OneDef | BackDef | ManyDef | CalcDef | CountDef | SelfDef
