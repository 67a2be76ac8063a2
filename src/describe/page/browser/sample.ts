// Runs in browsers: the documentation page has it as text, and the studio imports it.

export interface JsonObject {
  readonly [name: string]: any // oxlint-disable-line typescript/no-explicit-any -- a document as it comes
}

/** What a reference leads to in a document; the thing itself where it is none. */
export function referred(document: JsonObject, node: JsonObject | undefined): JsonObject {
  const ref: unknown = node?.['$ref']
  if (typeof ref !== 'string' || !ref.startsWith('#/')) return node ?? {}
  return ref
    .slice(2)
    .split('/')
    .reduce<JsonObject>(
      (at, key) => at?.[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')] as JsonObject,
      document,
    )
}

/** A body to begin with: an example of the schema, or what it needs. */
export function sampleOf(document: JsonObject, given: JsonObject | undefined, depth = 0): unknown {
  const schema = referred(document, given)
  if (schema['examples']?.length) return schema['examples'][0]
  if (schema['default'] !== undefined) return schema['default']
  if (schema['enum']) return schema['enum'][0]
  if ('const' in schema) return schema['const']
  const [first] = (schema['anyOf'] ?? schema['oneOf'] ?? []) as JsonObject[]
  if (first) return sampleOf(document, first, depth)
  switch ([schema['type']].flat()[0]) {
    case 'object': {
      if (depth > 3) return {}
      const properties = (schema['properties'] ?? {}) as JsonObject
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
