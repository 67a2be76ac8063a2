import type { Field, OneField, Resource } from '../model/model.ts'
import type { ScalarType } from '../schema/field.ts'
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
  if (chosen && id.def.client === true && id.type.type === 'id' && id.type.of === 'text')
    body[id.name] = exampleScalar(id.type)
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

/** A value that a type takes; undefined if none is known. */
function exampleScalar(type: ScalarType): unknown {
  switch (type.type) {
    case 'id':
      if (type.of === 'integer') return 1
      return type.of === 'uuid' ? '0193a3c0-0000-7000-8000-000000000000' : 'a'
    case 'text':
      return type.pattern ? undefined : fitted(type.case === 'upper' ? 'TEXT' : 'text', type.min ?? 0, type.max)
    case 'email':
      return type.pattern ? undefined : 'ann@example.com'
    case 'url':
      return type.pattern ? undefined : 'https://example.com/'
    case 'password':
      return type.pattern ? undefined : fitted('correct horse battery staple', type.min ?? 0, type.max)
    case 'number':
    case 'integer':
      return clamped(1, type.min, type.max)
    case 'decimal':
      return type.min === undefined ? (0).toFixed(type.places) : type.min
    case 'bool':
      return false
    case 'date':
    case 'datetime':
      return exampleMoment(type)
    case 'enum':
      return type.values[0]
    case 'json':
      return {}
    case 'bytes':
      return type.max === 0 ? '' : 'AA=='
    case 'list': {
      if ((type.min ?? 0) === 0) return []
      const item = type.item === null ? 'a' : exampleScalar(type.item)
      return type.unique && type.min! > 1 ? undefined : Array.from({ length: type.min! }, () => item)
    }
  }
}

function fitted(text: string, min: number, max: number | undefined): string {
  const long = text.length >= min ? text : text.repeat(Math.ceil(min / text.length)).slice(0, min)
  return max === undefined ? long : long.slice(0, max)
}

function clamped(value: number, min: number | undefined, max: number | undefined): number {
  if (min !== undefined && value < min) return min
  return max !== undefined && value > max ? max : value
}

function exampleMoment(type: ScalarType & { readonly type: 'date' | 'datetime' }): string {
  const day = 86_400_000
  let at = Date.UTC(2026, 0, 31)
  if (type.after !== undefined && at <= Date.parse(type.after)) at = Date.parse(type.after) + day
  if (type.before !== undefined && at >= Date.parse(type.before)) at = Date.parse(type.before) - day
  const text = new Date(at).toISOString()
  return type.type === 'date' ? text.slice(0, 10) : text.replace('.000Z', 'Z')
}
