import type { Resource } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { negate, type Predicate, type Query } from '../../query/predicate.ts'
import { Permissions, type Guard } from './permissions.ts'

/** A condition on one field. */
type Leaf = Exclude<Predicate, { kind: 'constant' | 'and' | 'or' | 'not' | 'one' | 'many' }>

/**
 * The caller's filter, with every relation in it restricted to rows that the caller may see: a filter must not reveal what
 * reading would not. Throws ApiError if it uses a field that the caller may not read.
 */
export function narrowed(resource: Resource, where: Predicate, permissions: Permissions): Predicate {
  if (permissions === Permissions.all) return where
  switch (where.kind) {
    case 'and':
    case 'or': {
      const of = where.of.map(part => narrowed(resource, part, permissions))
      return of.every((part, i) => part === where.of[i])
        ? where
        : Object.freeze({ kind: where.kind, of: Object.freeze(of) })
    }
    case 'not': {
      const of = narrowed(resource, where.of, permissions)
      return of === where.of ? where : negate(of)
    }
    case 'one':
    case 'many': {
      checkField(resource, where.field, permissions, `filter`)
      const target = resource.field.get(where.field)!.target as Resource
      const of = narrowed(target, where.of, permissions)
      const seen = permissions.read(target)
      refuseOpaque(target, seen)
      if (seen.open && of === where.of) return where
      if (where.kind === 'one') return Object.freeze({ ...where, of: both(seen.predicate, of) })
      // "every visible row satisfies it" is the same as "no visible row fails it"
      if (where.quantifier === 'every')
        return Object.freeze({ ...where, quantifier: 'none', of: both(seen.predicate, negate(of)) })
      return Object.freeze({ ...where, of: both(seen.predicate, of) })
    }
    case 'constant':
      return where
    default:
      checkField(resource, where.field, permissions, 'filter')
      return counted(resource, where, permissions)
  }
}

/** How many related rows there are, without those that the caller may not see. */
function counted(resource: Resource, where: Leaf, permissions: Permissions): Predicate {
  const field = resource.field.get(where.field)!
  if (where.kind !== 'size' || (field.is !== 'back' && field.is !== 'many')) return where
  const { name, target } = field
  const seen = permissions.read(target)
  if (seen.open) return where
  refuseOpaque(target, seen)
  return Object.freeze({
    kind: 'many',
    field: name,
    quantifier: 'count',
    of: seen.predicate,
    op: 'eq',
    value: where.value,
  })
}

/** A rule by a function cannot be part of a query, so that rows it hides would be found. */
function refuseOpaque({ name }: Resource, seen: Guard): void {
  if (!seen.opaque) return
  const detail = `a function decides which ${name} you see, so lists cannot be filtered by it`
  throw new ApiError('forbidden_field', { issues: [{ code: 'forbidden_field', parameter: 'filter', detail }] })
}

function both(a: Predicate, b: Predicate): Predicate {
  return Object.freeze({ kind: 'and', of: Object.freeze([a, b]) })
}

/** Refuses to sort by what the caller may not see: the order would reveal its values. */
export function checkSort(resource: Resource, query: Query, permissions: Permissions): void {
  for (const { path } of query.sort) {
    let here = resource
    for (const [i, name] of path.entries()) {
      checkField(here, name, permissions, 'sort')
      if (i === path.length - 1) break
      here = here.field.get(name)!.target as Resource
      if (!permissions.read(here).open)
        throw new ApiError('forbidden_field', {
          issues: [
            {
              code: 'forbidden_field',
              parameter: 'sort',
              detail: `not every ${here.name} is visible to you, so lists cannot be sorted through it`,
            },
          ],
        })
    }
  }
}

function checkField(resource: Resource, name: string, permissions: Permissions, parameter: string): void {
  if (permissions.field(resource, name, 'read').open) return
  throw new ApiError('forbidden_field', {
    issues: [{ code: 'forbidden_field', parameter, detail: `${name} may not be used in a ${parameter} here` }],
  })
}
