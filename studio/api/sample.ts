import { resolve, type Json } from '../server/schema.ts'

/** A body to begin with: an example of the schema, or what it needs. */
export function sampleOf(document: Json, given: Json | undefined, depth = 0): unknown {
  const schema = resolve(document, given)
  if (schema['examples']?.length) return schema['examples'][0]
  if (schema['default'] !== undefined) return schema['default']
  if (schema['enum']) return schema['enum'][0]
  if ('const' in schema) return schema['const']
  const [first] = (schema['anyOf'] ?? schema['oneOf'] ?? []) as Json[]
  if (first) return sampleOf(document, first, depth)
  switch ([schema['type']].flat()[0]) {
    case 'object': {
      if (depth > 3) return {}
      const properties = (schema['properties'] ?? {}) as Json
      const names: string[] = schema['required'] ?? Object.keys(properties).slice(0, 1)
      return Object.fromEntries(names.map(name => [name, sampleOf(document, properties[name], depth + 1)]))
    }
    case 'array':
      return []
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1
    case 'boolean':
      return false
    case 'string':
      return schema['format'] === 'date'
        ? '2026-01-31'
        : schema['format'] === 'date-time'
          ? '2026-01-31T12:00:00Z'
          : 'text'
    default:
      return null
  }
}
