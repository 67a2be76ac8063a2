import { id } from '../schema/field-types/id.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import type { Scope, ScopeField } from '../query/scope.ts'

type Made = Partial<Omit<ScopeField, 'name'>>

/** A scope of plain data, for tests of the query language that need no model. Relations are added by `relate`. */
export function scopeOf(name: string, fields: Readonly<Record<string, ScalarType | Made>>): Scope {
  const idType: ScalarType = id()
  const all = Object.entries({ id: idType, ...fields }).map(([key, made]): [string, ScopeField] => [
    key,
    field(key, isType(made) ? { type: made } : made),
  ])
  return { name, field: new Map(all), idType }
}

/** Adds relations to scopes that know each other. */
export function relate(scope: Scope, fields: Readonly<Record<string, Made & { readonly target: Scope }>>): void {
  for (const [name, made] of Object.entries(fields)) {
    const type = made.toMany === true ? null : made.target.idType
    ;(scope.field as Map<string, ScopeField>).set(name, field(name, { is: 'one', type, ...made }))
  }
}

function field(name: string, made: Made): ScopeField {
  return {
    name,
    is: 'scalar',
    type: null,
    target: null,
    toMany: false,
    nullable: true,
    hidden: false,
    filterable: true,
    sortable: true,
    ...made,
  }
}

function isType(made: ScalarType | Made): made is ScalarType {
  return 'check' in made
}
