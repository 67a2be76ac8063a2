import type { FieldDef, RowCheck } from '../schema/field.ts'
import type { Foreign } from './model.ts'
import type { RuleFunction } from './rule.ts'

/** A resource as declared, before linking: what `resource(…)` collects and `link` reads. */
export interface ResourceDef {
  readonly fields: Readonly<Record<string, FieldDef>>
  /** Overrides the URI; several = several ways to the same rows; null = internal. */
  readonly path?: string | readonly string[] | null
  readonly title?: string
  readonly table?: string
  readonly label?: string
  readonly docs?: string
  readonly limits?: { readonly page?: number; readonly maxPage?: number; readonly depth?: number }
  readonly ifMatch?: 'required'
  readonly idempotency?: 'required'
  readonly bulk?: boolean
  /** Cache-Control of its representations. */
  readonly cache?: string
  readonly public?: boolean
  readonly readOnly?: boolean
  readonly rules?: RuleFunction
  readonly checks: readonly RowCheck[]
  readonly unique: readonly (readonly string[])[]
  readonly index: readonly (readonly string[])[]
  readonly foreign?: Foreign
}

/** Anything that carries a resource's definition; its public type is in resource.ts. */
export interface AnyResource {
  readonly '~resource': ResourceDef
}

/** Anything that carries a field's definition; the builders of schema/builder.ts. */
export interface AnyField {
  readonly '~def': FieldDef
}
