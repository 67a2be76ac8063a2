import type { ForeignTable } from './declare/declaration.ts'
import type {
  CalcDef,
  FieldCheck,
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
 * A stored row: an array of values by slot. The first three slots are the same in all resources. The stored fields, which are
 * scalars and foreign keys, follow in the order of their declaration. An array needs less memory than an object, and its values
 * are found without a look-up by name.
 */
export type Row = Value[]
export const ID = 0
/** The seq of the last change to the row's representation. It is the version of the row. */
export const SEQ = 1
/** The time of that change, in milliseconds since the epoch. */
export const AT = 2
/** The slot of the first stored field after the id. */
export const FIRST = 3

/** All linked declarations, frozen and with all names resolved. */
export interface Model {
  readonly resources: ReadonlyMap<string, Resource>
  readonly joins: readonly Join[]
  /** Resources that have only actions, by their names in small letters. They have no rows and no table. */
  readonly standalone: ReadonlyMap<string, Resource>
  /** What the documentation text of the API says. */
  readonly docs: Docs
  /** Hints that are no faults, as lines to print at start. */
  readonly warnings: readonly string[]
}

/** A linked action on a resource or on one of its rows. */
export interface Action {
  /** The name in rules, on sockets and in documents: `get_list`, `close`. */
  readonly name: string
  readonly resource: Resource
  readonly on: 'list' | 'row'
  readonly method: Verb
  /** The last segment of its URI, below the resource or the row. Empty = it has the URI of the resource itself. */
  readonly path: string
  readonly input: Schema | null
  readonly output: Schema | null
  /** What its documentation text says. */
  readonly docs: Docs
  /** Meanings of its errors by code: `404.NotFound`. */
  readonly errors: Readonly<Record<string, unknown>>
  /** How it takes arguments and refuses them. The notation of its declaration decides. */
  readonly manner: ActionManner
  /** Whether it runs as one transaction. */
  readonly transaction: boolean
  /** The settings of a job. null = it runs at once. */
  readonly job: JobSettings | null
  readonly run: (call: ActionCall) => unknown
}

/** A linked resource. */
export interface Resource extends Scope {
  /** The key in `api({…})`. It is the name in URIs, the log and errors. */
  readonly name: string
  /** The singular in PascalCase, for schemas. */
  readonly title: string
  /** The paths of its URIs, the canonical one first. Empty = it is not served. */
  readonly paths: readonly string[]
  /** The canonical path below the host: that of the API, then its own. Its rows are below it. */
  readonly url: string
  readonly table: string
  /** Its former names. */
  readonly was: readonly string[]
  readonly fields: readonly Field[]
  readonly field: ReadonlyMap<string, Field>
  readonly id: ScalarField
  /** The stored fields. `columns[i].slot` is `i === 0 ? ID : FIRST + i - 1`. */
  readonly columns: readonly StoredField[]
  /** The fields that show related rows. */
  readonly relations: readonly RelationField[]
  /** Foreign keys of all resources that point here. */
  readonly inbound: readonly OneField[]
  /** Many-to-many relations of all resources that have this one on a side. */
  readonly joins: readonly ManyField[]
  /** Its rules. null = none were declared. */
  readonly rules: RuleSet | null
  /** The fields with which its rows log in as users. null = its rows are no users. */
  readonly login: LoginDef | null
  /** Permissions, which are checked before anything is looked up. null = those of the API. */
  readonly permissions: readonly Permission[] | null
  readonly checks: readonly RowCheck[]
  /** Unique and plain indexes over several fields, by their names. */
  readonly unique: readonly (readonly string[])[]
  readonly index: readonly (readonly string[])[]
  readonly options: ResourceOptions
  /** Settings for dialects and other extensions, by their names. */
  readonly extensions: Extensions
  /** Whether it has only actions, and neither rows nor a table. */
  readonly standalone: boolean
  /** Its actions by name. */
  readonly actions: ReadonlyMap<string, Action>
  /** Hooks around its operations and actions, by the operation's name, the outermost first. */
  readonly around: ReadonlyMap<string, readonly AroundHook[]>
  /** Functions that are called after its commits. */
  readonly onCommit: readonly OnCommitDef[]
  /** What its documentation text says. */
  readonly docs: Docs
}

/** The settings of a linked resource. declaration.ts explains those without a comment. */
export interface ResourceOptions {
  readonly public: boolean
  /** Whether it can only be read, because it says so or is a view. */
  readonly readOnly: boolean
  readonly ifMatch: 'required' | null
  readonly idempotency: 'required' | null
  readonly bulk: boolean
  readonly rateLimit: readonly RatePolicy[]
  readonly deprecation: DeprecationDates | null
  readonly cache: string | null
  readonly docs: string | null
  readonly limits: { readonly page?: number; readonly maxPage?: number; readonly depth?: number }
  /** How keys of a table of another program are found. null = the table is our own. */
  readonly foreign: ForeignTable | null
  /** How long its rows live, if they disappear by themselves. null = they are stored. */
  readonly ephemeral: Ephemeral | null
}

interface Common extends ScopeField {
  readonly owner: Resource
  /** Its former names. */
  readonly was: readonly string[]
  /** What follows in the JSON pointer to it behind that of its object: `/name`. */
  readonly pointer: string
  readonly readonly: boolean
  /** Whether its value follows from other values, so that not even the application can set it. */
  readonly derived: boolean
  /** Whether it is a password. It is hidden, but clients may set it. */
  readonly secret: boolean
  /** Whether clients know the field at all: it is shown, or it is a password. */
  readonly known: boolean
  readonly writable: boolean | ((row: ReadRow, ctx: Ctx) => boolean)
  readonly uses: readonly string[] | null
  readonly unique: boolean
  readonly index: boolean
  readonly default: { readonly value: unknown } | { readonly from: (ctx: Ctx) => unknown } | null
  readonly checks: readonly FieldCheck[]
  readonly title: string | null
  readonly description: string | null
  readonly examples: readonly unknown[]
}

/** How a database that somebody else made fills a column of a new row: it computes it, or has a default for it. */
export type Filled = 'computed' | 'default' | null

/** A field with a value of its own. */
export interface ScalarField extends Common {
  readonly filled: Filled
  readonly is: 'scalar'
  readonly type: ScalarType
  readonly def: ScalarDef
  readonly column: string
  readonly slot: number
}

/** A to-one relation. Its foreign key is stored in this row. */
export interface OneField extends Common {
  readonly filled: Filled
  readonly is: 'one'
  readonly type: ScalarType
  readonly target: Resource
  readonly def: OneDef
  readonly column: string
  readonly slot: number
  /** The field of the target that shows the other side. A symmetric relation is its own inverse. null = none is declared. */
  readonly inverse: BackField | OneField | null
  /** Whether at most one row may point to a target (one-to-one). */
  readonly single: boolean
  readonly symmetric: boolean
  readonly onDelete: 'cascade' | 'restrict' | 'null'
}

/** The other side of a to-one: the rows that point here. */
export interface BackField extends Common {
  readonly is: 'back'
  readonly target: Resource
  readonly via: OneField
  readonly ids: boolean
}

/** A many-to-many relation. Its pairs are stored in a join table. */
export interface ManyField extends Common {
  readonly is: 'many'
  readonly target: Resource
  readonly join: Join
  /** Which column of the join table has the ids of this side. */
  readonly side: 'a' | 'b'
  readonly inverse: ManyField | null
  readonly symmetric: boolean
  readonly ids: boolean
}

/** A field whose value is calculated from others. */
export interface CalcField extends Common {
  readonly is: 'calc'
  readonly type: ScalarType
  readonly def: CalcDef
}

/** The number of related rows. */
export interface CountField extends Common {
  readonly is: 'count'
  readonly def: CountDef
  readonly of: BackField | ManyField
}

/** The URI of the row itself. */
export interface SelfField extends Common {
  readonly is: 'self'
  readonly def: SelfDef
}

export type StoredField = ScalarField | OneField
export type RelationField = OneField | BackField | ManyField
export type Field = ScalarField | OneField | BackField | ManyField | CalcField | CountField | SelfField

/** A join table: pairs of ids, each once. A symmetric relation stores each pair in both directions. */
export interface Join {
  readonly table: string
  /** Its schema in PostgreSQL; null where the search path leads there. */
  readonly schema: string | null
  readonly a: { readonly column: string; readonly resource: Resource }
  readonly b: { readonly column: string; readonly resource: Resource }
  readonly symmetric: boolean
}

export type { Id, Value }

/** Whether a field leads to other rows. */
export function isRelation(field: Field): field is RelationField {
  return field.is === 'one' || field.is === 'back' || field.is === 'many'
}
