import type { ScalarType } from './field.ts'
import { Refused } from './refused.ts'

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/
const NUMBER = /^(?:0|-?[1-9][0-9]*|-?(?:0|[1-9][0-9]*)\.[0-9]+)$/

/**
 * Reads text by the declared type: segments of paths, flat queries, forms, CSV. One spelling for each value: `01`, ` 1`,
 * `1e0` and `+7` are no integers, and as ids they name nothing. What is not text is left for the check to judge.
 */
export function textValue(type: ScalarType, value: unknown): unknown {
  if (typeof value !== 'string') return value
  switch (type.type) {
    case 'id':
      if (type.of === 'integer') return INTEGER.test(value) ? Number(value) : value
      // In JSON a UUID may be written large; in a path that would be a second URI of the same row.
      if (type.of === 'uuid' && value !== value.toLowerCase())
        return new Refused('format', 'must be a UUID in small letters')
      return value
    case 'integer':
      return INTEGER.test(value) ? Number(value) : value
    case 'number':
      return NUMBER.test(value) ? Number(value) : value
    case 'bool':
      return value === 'true' ? true : value === 'false' ? false : value
    case 'json':
    case 'list':
      return parsed(value)
    case 'text':
    case 'email':
    case 'url':
    case 'password':
    case 'decimal':
    case 'date':
    case 'datetime':
    case 'enum':
    case 'bytes':
      return value
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return new Refused('format', 'must be JSON')
  }
}
