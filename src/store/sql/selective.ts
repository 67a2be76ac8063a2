import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ID, type Field, type Resource } from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import type { ScalarType } from '../../schema/scalar-type.ts'

/** Whether at most one row can match, by its id or by a unique field. */
export function isSingle(resource: Resource, where: Predicate): boolean {
  if (where.kind === 'and') return where.of.some(part => isSingle(resource, part))
  if (where.kind !== 'compare' || where.op !== 'eq') return false
  const field = resource.field.get(where.field)
  return field?.is === 'scalar' && (field.slot === ID || field.unique)
}

/**
 * Whether an index finds the matching rows, and there are probably few: the predicate compares an id, a foreign key or an
 * indexed field with values. Flags and enums do not count, because many rows share each of their values.
 */
export function isSelective(resource: Resource, where: Predicate): boolean {
  switch (where.kind) {
    case 'constant':
      return !where.value
    case 'and':
      return where.of.some(part => isSelective(resource, part))
    case 'or':
      return where.of.every(part => isSelective(resource, part))
    case 'one':
      return isSelective(targetOf(resource, where.field), where.of)
    case 'many':
      return where.quantifier === 'some' && isSelective(targetOf(resource, where.field), where.of)
    case 'compare':
      return where.op === 'eq' && isIndexed(resource, where.field)
    case 'in':
      return !where.negated && isIndexed(resource, where.field)
    case 'text':
      return where.op === 'eq' && !where.fold && isIndexed(resource, where.field)
    default:
      return false
  }
}

/** Whether a predicate reads more than the row and its to-one relations. For one row, that can be many. */
export function readsMany(resource: Resource, where: Predicate): boolean {
  switch (where.kind) {
    case 'constant':
      return false
    case 'and':
    case 'or':
      return where.of.some(part => readsMany(resource, part))
    case 'not':
      return readsMany(resource, where.of)
    case 'one': {
      const field = getOrThrow(resource.field, where.field)
      return readsMany(field.target as Resource, where.of)
    }
    case 'many':
      return true
    default: {
      const field = resource.field.get(where.field)
      return field?.is === 'back' || field?.is === 'many' || field?.is === 'count'
    }
  }
}

/** Whether an index leads to the few rows with a value of a field. */
export function isIndexed(resource: Resource, name: string): boolean {
  const field = resource.field.get(name)
  if (field?.is === 'one') return true
  if (field?.is !== 'scalar') return false
  if (field.slot === ID) return true
  if (hasFewValues(field.type)) return false
  return field.unique || field.index || leads(resource, field)
}

/** Whether many rows share each value of this type. */
function hasFewValues({ schema }: ScalarType): boolean {
  return schema['type'] === 'boolean' || 'enum' in schema
}

/** Whether an index over several fields begins with this field. */
function leads({ index, unique }: Resource, { name }: Field): boolean {
  return index.some(names => names[0] === name) || unique.some(names => names[0] === name)
}

function targetOf(resource: Resource, name: string): Resource {
  return getOrThrow(resource.field, name).target as Resource
}
