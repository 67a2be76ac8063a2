import type { Resource } from '../../model/model.ts'
import type { Predicate, Query } from '../../query/predicate.ts'
import type { View } from './view.ts'

const known = new WeakMap<Query, { readonly view: View; readonly touches: ReadonlySet<Resource> }>()

/** The resources that a list reads: what it shows, filters and sorts by. */
export function touchesOf(view: View, query: Query): ReadonlySet<Resource> {
  const found = known.get(query)
  if (found?.view === view) return found.touches
  const touches = new Set(view.touches)
  collectReads(view.resource, query.where, touches)
  for (const key of query.sort) {
    let at = view.resource
    for (const name of key.path) {
      const target = at.field.get(name)?.target as Resource | null | undefined
      if (target) touches.add((at = target))
    }
  }
  known.set(query, { view, touches })
  return touches
}

/** The resources beside its own that a predicate reads. */
export function collectReads(resource: Resource, where: Predicate, into: Set<Resource>): void {
  switch (where.kind) {
    case 'and':
    case 'or':
      for (const part of where.of) collectReads(resource, part, into)
      return
    case 'not':
      return collectReads(resource, where.of, into)
    case 'one':
    case 'many': {
      const target = resource.field.get(where.field)!.target as Resource
      into.add(target)
      return collectReads(target, where.of, into)
    }
    default:
      return
  }
}
