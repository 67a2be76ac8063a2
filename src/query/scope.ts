import type { ScalarType } from '../schema/scalar-type.ts'

/** What a query needs to know about a resource: its fields by name. The resources of the linked model are scopes. */
export interface Scope {
  readonly name: string
  readonly field: ReadonlyMap<string, ScopeField>
  /** The type of its ids. */
  readonly idType: ScalarType
}

/** What a query needs to know about a field. */
export interface ScopeField {
  readonly name: string
  readonly is: 'scalar' | 'one' | 'back' | 'many' | 'calc' | 'count' | 'self'
  /** The type of a scalar or calculated field. A to-one has the type of its target's id. */
  readonly type: ScalarType | null
  /** The related resource. null = the field is not a relation. */
  readonly target: Scope | null
  /** The relation that a count counts. */
  readonly of?: { readonly name: string }
  /** Whether several rows may be related. */
  readonly toMany: boolean
  readonly nullable: boolean
  readonly hidden: boolean
  readonly filterable: boolean
  readonly sortable: boolean
}

/** The name of the id field. */
export function idNameOf(scope: Scope): string {
  for (const field of scope.field.values())
    if (field.is === 'scalar' && field.type !== null && field.type.key !== null) return field.name
  throw new Error(`${scope.name} has no id`)
}
