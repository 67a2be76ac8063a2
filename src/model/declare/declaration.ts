import type { FieldDef, RowCheck } from '../../schema/field.ts'
import type { AroundDef, OnCommitDef } from './hook.ts'
import type { EphemeralSettings } from './ephemeral.ts'
import type { Deprecation } from './deprecation.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Extensions } from './extension.ts'
import type { Permission } from '../rules/permission.ts'
import type { RuleFunction } from '../rules/rule.ts'

/** A resource as declared, before linking: what `resource(…)` collects and `link` reads. */
export interface ResourceDef {
  readonly fields: Readonly<Record<string, FieldDef>>
  /** The path of its URIs. Several = the same rows are served at each of them. null = not served. Default: `/` and its name. */
  readonly path?: string | readonly string[] | null
  /** Its name in documents. Default: made from its name. */
  readonly title?: string
  /** The name of its table. Default: made from its name. */
  readonly table?: string
  /** Its former names, so that a database under one of them follows. */
  readonly was?: readonly string[]
  /** Text for documents. */
  readonly docs?: string
  /** Settings for dialects and other extensions, by their names. */
  readonly extensions?: Extensions
  /** Rows of a page by default and at most, and the largest `depth`, where they differ from those of the API. */
  readonly limits?: { readonly page?: number; readonly maxPage?: number; readonly depth?: number }
  /** With `required`, a write to a row must state the version that it changes (`If-Match`). Otherwise it is refused with 428. */
  readonly ifMatch?: 'required'
  /** With `required`, a POST must have an `Idempotency-Key`. Otherwise it is refused with 400. */
  readonly idempotency?: 'required'
  /** Whether lists may be patched and deleted as a whole. Default: false. */
  readonly bulk?: boolean
  /** How many requests a caller may make to this resource in a time. */
  readonly rateLimit?: RateLimit | readonly RateLimit[]
  /** Announces the end of the resource, in the header fields `Deprecation`, `Sunset` and `Link`. */
  readonly deprecation?: Deprecation
  /** The `Cache-Control` of its representations. */
  readonly cache?: string
  /** Whether it is open to everyone, on purpose. */
  readonly public?: boolean
  /** Whether clients can only read it. The application can still write. */
  readonly readOnly?: boolean
  readonly rules?: RuleFunction
  /** The fields with which users log in, if its rows are the users. */
  readonly login?: LoginDef
  /** Permissions, which are checked before anything is looked up. Absent = those of the API. */
  readonly permissions?: readonly Permission[]
  readonly checks: readonly RowCheck[]
  readonly unique: readonly (readonly string[])[]
  readonly index: readonly (readonly string[])[]
  readonly foreign?: ForeignTable
  readonly actions?: Readonly<Record<string, ActionDef>>
  /** Hooks around its operations. The first is the outermost. */
  readonly around?: readonly AroundDef[]
  /** Functions that are called after its commits. */
  readonly onCommit?: readonly OnCommitDef[]
  /** Whether the framework itself declares it. Such a resource may use reserved paths. */
  readonly system?: boolean
  /** How long rows live, if they disappear by themselves. Such rows are only in memory and not in the change log. */
  readonly ephemeral?: EphemeralSettings
  /** The name, as written, of a resource that has only actions. It has no table. */
  readonly standalone?: string
}

/** Whether nothing can be written: the declaration says so, or it is a view in a database of another program. */
export function isReadOnly({ readOnly, foreign }: ResourceDef): boolean {
  return readOnly === true || foreign?.view === true
}

/** The methods that an action may have. */
export type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'TRACE' | 'PATCH'

/** An action as declared. action.ts makes it and knows its types. */
export interface ActionDef {
  readonly on?: 'list' | 'row'
  readonly name?: string
  readonly method?: Verb
  readonly input?: unknown
  readonly output?: unknown
  readonly errors?: Readonly<Record<string, string>>
  readonly docs?: string
  readonly transaction?: boolean
  /**
   * Whether arguments are refused if no input schema is declared. Actions with schemas in their documentation text may ignore
   * arguments instead, as their notation does.
   */
  readonly strict?: boolean
  /** The settings of a job. Without them the action runs at once. */
  readonly job?: JobSettings
  readonly run: (call: never) => unknown
}

/** How a job runs. See job.ts. */
export interface JobSettings {
  readonly retries: number
  readonly concurrency: number | null
  /** How many milliseconds it may run. null = as long as it wants. */
  readonly timeout: number | null
  readonly always: boolean
}

/** The names of the fields with which a user logs in. */
export interface LoginDef {
  readonly id: string
  readonly secret: string
}

/** Anything that has the definition of a resource. Its public type is in resource.ts. */
export interface AnyResource {
  readonly '~resource': ResourceDef
}

/** How to read a table that Restuary did not create. */
export interface ForeignTable {
  readonly view: boolean
  /** The columns of its primary key. With more than one the id is `a~b`. */
  readonly key: readonly string[]
  /** The id is made like that, though the key has one column: its values are no ids by themselves. */
  readonly composed?: boolean
  /** Columns that the database computes, and those whose default it evaluates. */
  readonly generated?: readonly string[]
  readonly defaults?: readonly string[]
  /**
   * Its rows change with those of other tables, so that no log record tells it: it is a view, or a table that triggers or
   * SQLite itself write.
   */
  readonly derived?: boolean
  /** Columns that hold values of other types than their fields have, too. */
  readonly mixed?: readonly string[]
  /** Columns of a composed key that store each value as it is given, so that 1 and '1' are two keys. */
  readonly untyped?: readonly string[]
  /** Where PostgreSQL has it. */
  readonly postgres?: PostgresPlace
}

export interface PostgresPlace {
  readonly schema: string
  readonly name: string
}
