import type { ScalarType } from '../schema/scalar-type.ts'

/** What a query needs to know of a resource: its fields by name. The linked model's resources are scopes. */
export interface Scope {
  readonly name: string
  readonly field: ReadonlyMap<string, ScopeField>
  /** The type of its id. */
  readonly idType: ScalarType
}

export interface ScopeField {
  readonly name: string
  readonly is: 'scalar' | 'one' | 'back' | 'many' | 'calc' | 'count' | 'self'
  /** Of a scalar or calculated field; a to-one has the type of its target's id. */
  readonly type: ScalarType | null
  /** Of a relation. */
  readonly target: Scope | null
  /** More than one row at the other end. */
  readonly toMany: boolean
  readonly nullable: boolean
  readonly hidden: boolean
  readonly filterable: boolean
  readonly sortable: boolean
}

/** The name of the field that holds the id. */
export function idNameOf(scope: Scope): string {
  for (const field of scope.field.values())
    if (field.is === 'scalar' && field.type !== null && field.type.key !== null) return field.name
  throw new Error(`${scope.name} has no id`)
}
