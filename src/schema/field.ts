/** What a field is once declared: frozen data. The builders of `builder.ts` make it, everything above reads it. */
import type { FileLimits } from './file.ts'
import type { ScalarType } from './scalar-type.ts'
import type { Id, Value } from './value.ts'

export type { Id, Value }

/** What functions of a declaration receive beside the row. */
export interface Ctx {
  /** Who calls, or null. */
  readonly me: Readonly<Record<string, unknown>> | null
  /** Whatever the caller handed over as credentials. */
  readonly auth: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch, from the injected clock. */
  readonly now: number
}

/** A row as functions of a declaration see it: field name → value, relations as ids. */
export type ReadRow = Readonly<Record<string, unknown>>
export type Check = (value: never, ctx: Ctx) => true | string
export type RowCheck = (row: ReadRow, ctx: Ctx) => true | string | Readonly<Record<string, string>>

/** Options that every field has. */
export interface FieldOptions {
  /** Stored name; the key in the declaration is the external one. */
  readonly column?: string
  readonly readonly?: boolean
  readonly hidden?: boolean
  readonly nullable?: boolean
  readonly unique?: boolean
  readonly index?: boolean
  /** A value, or a function of the context; absent = none. */
  readonly default?: { readonly value: unknown } | { readonly from: (ctx: Ctx) => unknown }
  readonly writable?: boolean | ((row: ReadRow, ctx: Ctx) => boolean)
  /** Fields that `writable` reads. */
  readonly uses?: readonly string[]
  readonly checks?: readonly Check[]
  readonly sortable?: boolean
  readonly filterable?: boolean
  readonly title?: string
  readonly description?: string
  readonly examples?: readonly unknown[]
}

export interface ScalarDef extends FieldOptions {
  readonly is: 'scalar'
  readonly type: ScalarType
  /** Set by the server: the moment of creation, or of every write. */
  readonly now?: 'create' | 'write'
  /** Only for `t.file`: what may be uploaded. */
  readonly file?: FileLimits
  /** Only for `t.id`: may the client choose it, by PUT alone or in POST too. */
  readonly client?: boolean | 'put'
}

/** To-one: the foreign key lives here. */
export interface OneDef extends FieldOptions {
  readonly is: 'one'
  readonly to: string
  /** The field of the target that shows the other side; absent = one-way. */
  readonly inverse?: string
  /** Both sides are this very field, as with spouses. */
  readonly symmetric?: boolean
  readonly onDelete?: 'cascade' | 'restrict' | 'null'
}

/** The other side of a to-one: a list of ids, or one id of a one-to-one. Nothing is stored. */
export interface BackDef extends FieldOptions {
  readonly is: 'back'
  readonly to: string
  readonly via: string
  readonly one?: boolean
  /** false: link-only, absent from the body at depth 1 (and a child's write does not touch the parent's version). */
  readonly ids?: boolean
}

/** Many-to-many, or a one-way list: pairs in a join table. */
export interface ManyDef extends FieldOptions {
  readonly is: 'many'
  readonly to: string
  readonly inverse?: string
  readonly symmetric?: boolean
  readonly ids?: boolean
  /** An existing join table and its two columns. */
  readonly through?: { readonly table: string; readonly from: string; readonly to: string }
}

/** Computed from the row when it is shown; may be set if it has a setter. Nothing is stored. */
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
