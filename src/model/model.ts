import type {
  CalcDef,
  Check,
  CountDef,
  Ctx,
  Id,
  OneDef,
  ReadRow,
  RowCheck,
  ScalarDef,
  SelfDef,
  Value,
} from '../schema/field.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import type { Scope, ScopeField } from '../query/scope.ts'
import type { ActionManner, Docs } from '../schema/notation.ts'
import type { Schema } from '../schema/schema.ts'
import type { ActionCall } from './declare/action.ts'
import type { JobSettings, Verb } from './declare/declaration.ts'
import type { LoginDef } from './declare/declaration.ts'
import type { DeprecationDates } from './declare/deprecation.ts'
import type { AroundHook, OnCommitDef } from './declare/hook.ts'
import type { RatePolicy } from './declare/rate-limit.ts'
import type { Permission } from './rules/permission.ts'
import type { Extensions } from './declare/extension.ts'
import type { Ephemeral } from './declare/ephemeral.ts'
import type { RuleSet } from './rules/rule.ts'

/**
 * A stored row: values by slot. The first three slots are the same everywhere,
 * the stored fields (scalars and foreign keys) follow in the order of the declaration.
 */
export type Row = Value[]
export const ID = 0
/** seq of the last change to the row's representation: its version. */
export const SEQ = 1
/** When that was, in milliseconds since the epoch. */
export const AT = 2
/** Slot of the first stored field other than the id. */
export const FIRST = 3

/** The linked whole: frozen, every name resolved. */
export interface Model {
  readonly resources: ReadonlyMap<string, Resource>
  readonly joins: readonly Join[]
  /** Resources that are only actions, by their names in small letters; they have no rows and no table. */
  readonly standalone: ReadonlyMap<string, Resource>
  /** What the documentation text of the API says. */
  readonly docs: Docs
  /** What is no fault but deserves a look, as lines to print at start. */
  readonly warnings: readonly string[]
}

/** An operation of its own on a resource or on one of its rows. */
export interface Action {
  /** As rules, sockets and documents call it: `get_list`, `close`. */
  readonly name: string
  readonly resource: Resource
  readonly on: 'list' | 'row'
  readonly method: Verb
  /** The end of its URI below the resource or the row; empty = the resource itself. */
  readonly path: string
  readonly input: Schema | null
  readonly output: Schema | null
  /** What its documentation text says. */
  readonly docs: Docs
  /** By code: `404.NotFound` → what it means. */
  readonly errors: Readonly<Record<string, unknown>>
  /** How it is called and refuses, by the notation in which it was declared. */
  readonly manner: ActionManner
  /** It runs as one unit. */
  readonly transaction: boolean
  /** It runs in the background; null = it does not. */
  readonly job: JobSettings | null
  readonly run: (call: ActionCall) => unknown
}

export interface Resource extends Scope {
  /** Key in `api({…})`: the word of URIs, logs and errors. */
  readonly name: string
  /** PascalCase of the singular, for schemas. */
  readonly title: string
  /** URI paths, first the canonical one; empty = internal. */
  readonly paths: readonly string[]
  readonly table: string
  readonly fields: readonly Field[]
  readonly field: ReadonlyMap<string, Field>
  readonly id: ScalarField
  /** Stored fields; `columns[i].slot` is `i === 0 ? ID : FIRST + i - 1`. */
  readonly columns: readonly StoredField[]
  /** Foreign keys of any resource that point here. */
  readonly inbound: readonly OneField[]
  /** Join relations of any resource that touch this one. */
  readonly joins: readonly ManyField[]
  /** What is allowed; null where nothing was said. */
  readonly rules: RuleSet | null
  /** Its rows are who calls, and log in with these fields; null = they do not. */
  readonly login: LoginDef | null
  /** Asked before anything is looked up; null = those of the API. */
  readonly permissions: readonly Permission[] | null
  readonly checks: readonly RowCheck[]
  /** Composite unique and plain indexes, by field names. */
  readonly unique: readonly (readonly string[])[]
  readonly index: readonly (readonly string[])[]
  readonly options: ResourceOptions
  /** What dialects and others are told of it, by their names. */
  readonly extensions: Extensions
  /** It is only actions: it has no rows and no table. */
  readonly standalone: boolean
  /** Its own operations by name. */
  readonly actions: ReadonlyMap<string, Action>
  /** What runs around its operations and actions, by their names, the first outermost. */
  readonly around: ReadonlyMap<string, readonly AroundHook[]>
  /** What hears of its commits. */
  readonly onCommit: readonly OnCommitDef[]
  /** What its documentation text says. */
  readonly docs: Docs
}

export interface ResourceOptions {
  readonly public: boolean
  /** Nothing can be written to it, be it declared so or a view. */
  readonly readOnly: boolean
  readonly ifMatch: 'required' | null
  readonly idempotency: 'required' | null
  readonly bulk: boolean
  readonly rateLimit: readonly RatePolicy[]
  readonly deprecation: DeprecationDates | null
  readonly cache: string | null
  readonly docs: string | null
  readonly limits: { readonly page?: number; readonly maxPage?: number; readonly depth?: number }
  /** A table of someone else: how its key and versions are found. */
  readonly foreign: Foreign | null
  /** Its rows vanish by themselves, and are neither stored nor in the log; null = they last. */
  readonly ephemeral: Ephemeral | null
}

/** How a table that Restuary did not make is read. */
export interface Foreign {
  readonly view: boolean
  /** The columns of its primary key; more than one make the id `a~b`. */
  readonly key: readonly string[]
}

interface Common extends ScopeField {
  readonly owner: Resource
  readonly readonly: boolean
  readonly writable: boolean | ((row: ReadRow, ctx: Ctx) => boolean)
  readonly uses: readonly string[] | null
  readonly unique: boolean
  readonly index: boolean
  readonly default: { readonly value: unknown } | { readonly from: (ctx: Ctx) => unknown } | null
  readonly checks: readonly Check[]
  readonly title: string | null
  readonly description: string | null
  readonly examples: readonly unknown[]
}

export interface ScalarField extends Common {
  readonly is: 'scalar'
  readonly type: ScalarType
  readonly def: ScalarDef
  readonly column: string
  readonly slot: number
}

export interface OneField extends Common {
  readonly is: 'one'
  readonly type: ScalarType
  readonly target: Resource
  readonly def: OneDef
  readonly column: string
  readonly slot: number
  /** The other side, if it is shown; itself when symmetric. */
  readonly inverse: BackField | OneField | null
  /** One-to-one: at most one row may point to a target. */
  readonly single: boolean
  readonly symmetric: boolean
  readonly onDelete: 'cascade' | 'restrict' | 'null'
}

export interface BackField extends Common {
  readonly is: 'back'
  readonly target: Resource
  readonly via: OneField
  readonly ids: boolean
}

export interface ManyField extends Common {
  readonly is: 'many'
  readonly target: Resource
  readonly join: Join
  /** Which column of the join holds this side. */
  readonly side: 'a' | 'b'
  readonly inverse: ManyField | null
  readonly symmetric: boolean
  readonly ids: boolean
}

export interface CalcField extends Common {
  readonly is: 'calc'
  readonly type: ScalarType
  readonly def: CalcDef
}

export interface CountField extends Common {
  readonly is: 'count'
  readonly def: CountDef
  readonly of: BackField | ManyField
}

export interface SelfField extends Common {
  readonly is: 'self'
  readonly def: SelfDef
}

export type StoredField = ScalarField | OneField
export type Field = ScalarField | OneField | BackField | ManyField | CalcField | CountField | SelfField

/** A join table: pairs of ids, each pair once. A symmetric relation stores each pair both ways round. */
export interface Join {
  readonly table: string
  readonly a: { readonly column: string; readonly resource: Resource }
  readonly b: { readonly column: string; readonly resource: Resource }
  readonly symmetric: boolean
}

export type { Id, Value }
