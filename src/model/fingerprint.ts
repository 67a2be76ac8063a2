import { createHash } from 'node:crypto'
import type { Field, Model, Resource } from './model.ts'

/**
 * A digest of everything in a model that decides how stored rows are shown and who may see them: fields, relations,
 * calculated fields, rules. Functions count by their source text, so what they use from around them does not count.
 */
export function fingerprintOf(model: Model): string {
  const resources = [...model.resources.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return createHash('sha256')
    .update(textOf(resources.map(declared)))
    .digest('base64url')
}

function declared({ name, fields, rules }: Resource): unknown {
  return { name, fields: fields.map(shown), rules }
}

function shown(field: Field): unknown {
  const { name, is, hidden, nullable } = field
  const base = { name, is, hidden, nullable }
  switch (field.is) {
    case 'scalar':
      return { ...base, type: field.type.name, schema: field.type.schema }
    case 'one':
      return { ...base, to: field.target.name }
    case 'back':
      return { ...base, to: field.target.name, via: field.via.name, ids: field.ids }
    case 'many': {
      const { target, inverse, symmetric, ids } = field
      return { ...base, to: target.name, inverse: inverse?.name, symmetric, ids }
    }
    case 'calc':
      return { ...base, schema: field.type.schema, get: field.def.get, uses: field.uses }
    case 'count':
      return { ...base, of: field.of.name }
    case 'self':
      return { ...base, absolute: field.def.absolute }
  }
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'function' || typeof part === 'bigint' ? String(part) : part,
  )
