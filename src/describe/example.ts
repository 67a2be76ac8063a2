import type { Field, OneField, Resource } from '../model/model.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import { isWritten } from './json-schema.ts'

/**
 * Makes the body of a request that would create a row, from declared examples and else from made-up values. Related rows are
 * assumed to have the id 1. `chosen` = with the id, if clients choose it. null = a required field has a pattern and no example,
 * so that no valid value is known.
 */
export function exampleOf(
  resource: Resource,
  implied: OneField | null = null,
  chosen = true,
): Readonly<Record<string, unknown>> | null {
  const body: Record<string, unknown> = {}
  const { id } = resource
  if (chosen && id.def.client === true && id.type.key === 'text') body[id.name] = exampleScalar(id.type)
  for (const field of resource.fields) {
    if (field === implied || !isWritten(field) || !isTold(field)) continue
    const value = exampleValue(field)
    if (value === undefined) {
      if (field.nullable || field.default) continue
      return null
    }
    body[field.name] = value
  }
  return body
}

/**
 * Whether a field is part of the example. Lists and calculated fields may be left out. A row of the same resource cannot exist
 * before the first one.
 */
function isTold(field: Field): boolean {
  if (field.is === 'one') return !((field.nullable || field.default) && field.target === field.owner)
  return field.is === 'scalar' && field.def.file === undefined
}

function exampleValue(field: Field): unknown {
  if (field.examples.length > 0) return field.examples[0]
  if (field.default && 'value' in field.default && field.default.value !== null) return field.default.value
  if (field.is === 'one') return field.default || field.nullable ? undefined : exampleScalar(field.target.idType)
  return field.type === null ? undefined : exampleScalar(field.type)
}

/** A valid value of a type, as JSON shows it. undefined = none is known. */
function exampleScalar({ example, show }: ScalarType): unknown {
  return example !== undefined && show ? show(example) : example
}
