import type { ScalarType } from '../schema/field.ts'
import type { JsonSchema } from '../schema/text/validator.ts'

/** The JSON Schema (draft 2020-12) of the values of a type, as JSON shows them. */
export function scalarSchema(type: ScalarType): JsonSchema {
  switch (type.type) {
    case 'id':
      if (type.of === 'integer') return { type: 'integer' }
      return type.of === 'uuid' ? { type: 'string', format: 'uuid' } : { type: 'string', minLength: 1, maxLength: 255 }
    case 'text':
      return { type: 'string', ...lengths(type), ...patternOf(type.pattern) }
    case 'email':
      return { type: 'string', format: 'email', ...lengths(type), ...patternOf(type.pattern) }
    case 'url':
      return { type: 'string', format: 'uri', ...lengths(type), ...patternOf(type.pattern) }
    case 'password':
      return { type: 'string', format: 'password', ...lengths(type), ...patternOf(type.pattern), writeOnly: true }
    case 'number':
    case 'integer':
      return { type: type.type, ...given('minimum', type.min), ...given('maximum', type.max) }
    case 'decimal':
      return { type: 'string', pattern: decimalPattern(type.digits, type.places) }
    case 'bool':
      return { type: 'boolean' }
    case 'date':
      return { type: 'string', format: 'date' }
    case 'datetime':
      return { type: 'string', format: 'date-time' }
    case 'enum':
      return { type: 'string', enum: [...type.values] }
    case 'json':
      return type.shape === 'object' ? { type: 'object' } : {}
    case 'bytes':
      return {
        type: 'string',
        contentEncoding: 'base64',
        ...given('maxLength', type.max === undefined ? undefined : Math.ceil(type.max / 3) * 4),
      }
    case 'list':
      return {
        type: 'array',
        items: type.item === null ? {} : scalarSchema(type.item),
        ...given('minItems', type.min),
        ...given('maxItems', type.max),
        ...(type.unique ? { uniqueItems: true } : {}),
      }
  }
}

/** What of a type no keyword of JSON Schema says, in words; empty if nothing. */
export function boundsText(type: ScalarType): string {
  switch (type.type) {
    case 'date':
    case 'datetime':
      return [
        ...(type.after === undefined ? [] : [`after ${type.after}`]),
        ...(type.before === undefined ? [] : [`before ${type.before}`]),
      ].join(', ')
    case 'decimal':
      return [
        `${type.digits} digits, ${type.places} of them behind the point`,
        ...(type.min === undefined ? [] : [`at least ${type.min}`]),
        ...(type.max === undefined ? [] : [`at most ${type.max}`]),
      ].join(', ')
    default:
      return ''
  }
}

/** The same schema with null among its values. */
export function orNull(schema: JsonSchema): JsonSchema {
  if (Object.keys(schema).length === 0) return schema
  const { type, enum: values } = schema
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] }
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
  }
}

function lengths({ min, max }: { readonly min?: number; readonly max?: number }): JsonSchema {
  return { ...given('minLength', min), ...given('maxLength', max) }
}

/** JSON Schema reads a pattern with the flag `u` and no other; one that needs more is left to the server. */
function patternOf(pattern: RegExp | undefined): JsonSchema {
  if (!pattern || /[ims]/.test(pattern.flags)) return {}
  try {
    return { pattern: new RegExp(pattern.source, 'u').source }
  } catch {
    return {}
  }
}

function decimalPattern(digits: number, places: number): string {
  const whole = `(0|[1-9][0-9]{0,${Math.max(0, digits - places - 1)}})`
  return `^-?${whole}${places === 0 ? '' : `(\\.[0-9]{1,${places}})?`}$`
}

function given(keyword: string, value: number | undefined): JsonSchema {
  return value === undefined ? {} : { [keyword]: value }
}
