import type { Field, OneField, Resource } from '../model/model.ts'
import type { ScalarType } from '../schema/scalar-type.ts'
import { isWritten } from './json-schema.ts'

/**
 * A body that would make a row: the declared examples, and made-up values that fit where there are none. Null if a
 * required field has a pattern and no example, so that nobody knows what fits. Related rows are taken to have the id 1. `chosen`: with
 * the id, where clients choose it.
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

/** Lists and calculated fields may be left out, and what refers to its own resource cannot be there before the first row. */
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

/** A value that a type takes, as JSON shows it; undefined if none is known. */
function exampleScalar({ example, show }: ScalarType): unknown {
  return example !== undefined && show ? show(example) : example
}
