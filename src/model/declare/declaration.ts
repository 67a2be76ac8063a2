import type { FieldDef, RowCheck } from '../../schema/field.ts'
import type { AroundDef, OnCommitDef } from './hook.ts'
import type { EphemeralSettings } from './ephemeral.ts'
import type { Foreign } from '../model.ts'
import type { Deprecation } from './deprecation.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Extensions } from './extension.ts'
import type { Permission } from '../rules/permission.ts'
import type { RuleFunction } from '../rules/rule.ts'

/** A resource as declared, before linking: what `resource(…)` collects and `link` reads. */
export interface ResourceDef {
  readonly fields: Readonly<Record<string, FieldDef>>
  /** Overrides the URI; several = several ways to the same rows; null = internal. */
  readonly path?: string | readonly string[] | null
  readonly title?: string
  readonly table?: string
  readonly docs?: string
  /** What dialects and others are told of it, by their names. */
  readonly extensions?: Extensions
  readonly limits?: { readonly page?: number; readonly maxPage?: number; readonly depth?: number }
  readonly ifMatch?: 'required'
  readonly idempotency?: 'required'
  readonly bulk?: boolean
  /** How much one caller may ask of it in a time. */
  readonly rateLimit?: RateLimit | readonly RateLimit[]
  /** It goes: told to callers in `Deprecation`, `Sunset` and `Link`. */
  readonly deprecation?: Deprecation
  /** Cache-Control of its representations. */
  readonly cache?: string
  readonly public?: boolean
  readonly readOnly?: boolean
  readonly rules?: RuleFunction
  /** Its rows are who calls: the field that names them, and their password. */
  readonly login?: LoginDef
  /** Asked before anything is looked up; absent = those of the API. */
  readonly permissions?: readonly Permission[]
  readonly checks: readonly RowCheck[]
  readonly unique: readonly (readonly string[])[]
  readonly index: readonly (readonly string[])[]
  readonly foreign?: Foreign
  readonly actions?: Readonly<Record<string, ActionDef>>
  /** What runs around its operations, the first outermost. */
  readonly around?: readonly AroundDef[]
  /** What hears of its commits. */
  readonly onCommit?: readonly OnCommitDef[]
  /** It is the framework's own, and may stand where others may not. */
  readonly system?: boolean
  /** Its rows vanish by themselves, and are neither stored nor in the log. */
  readonly ephemeral?: EphemeralSettings
  /** A resource that is only actions: its name as written. It has no table. */
  readonly standalone?: string
}

/** Nothing can be written to it: it says so, or it is a view of somebody else's database. */
export function isReadOnly({ readOnly, foreign }: ResourceDef): boolean {
  return readOnly === true || foreign?.view === true
}

/** The methods that an action may have. */
export type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'TRACE' | 'PATCH'

/** An action as declared; its typed makers are in action.ts. */
export interface ActionDef {
  readonly on?: 'list' | 'row'
  readonly name?: string
  readonly method?: Verb
  readonly input?: unknown
  readonly output?: unknown
  readonly errors?: Readonly<Record<string, string>>
  readonly docs?: string
  readonly transaction?: boolean
  /** Without an input of its own it refuses arguments; others of a resource that is only actions may ignore them, by their notation. */
  readonly strict?: boolean
  /** It runs in the background. */
  readonly job?: JobSettings
  readonly run: (call: never) => unknown
}

/** How an action runs that is a job (see job.ts). */
export interface JobSettings {
  readonly retries: number
  readonly concurrency: number | null
  /** Milliseconds. */
  readonly timeout: number | null
  readonly always: boolean
}

/** The fields with which a user logs in. */
export interface LoginDef {
  readonly id: string
  readonly secret: string
}

/** Anything that carries a resource's definition; its public type is in resource.ts. */
export interface AnyResource {
  readonly '~resource': ResourceDef
}
