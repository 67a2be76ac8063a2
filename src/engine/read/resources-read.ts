import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Resource } from '../../model/model.ts'
import type { Predicate, Query } from '../../query/predicate.ts'
import type { View } from './view.ts'

/** The resources of each query, computed once. */
const known = new WeakMap<Query, { readonly view: View; readonly resources: ReadonlySet<Resource> }>()

/** The resources that a list reads: those that it shows, filters by and sorts by. */
export function resourcesRead(view: View, query: Query): ReadonlySet<Resource> {
  const found = known.get(query)
  if (found?.view === view) return found.resources
  const resources = new Set(view.resources)
  collectReads(view.resource, query.where, resources)
  for (const key of query.sort) {
    let at = view.resource
    for (const name of key.path) {
      const target = at.field.get(name)?.target as Resource | null | undefined
      if (target) resources.add((at = target))
    }
  }
  known.set(query, { view, resources })
  return resources
}

/** Collects the resources that a predicate reads through relations, also those whose rows it only counts. */
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
      const target = getOrThrow(resource.field, where.field).target as Resource
      into.add(target)
      return collectReads(target, where.of, into)
    }
    case 'constant':
      return
    default: {
      const field = resource.field.get(where.field)
      if (field?.is === 'back' || field?.is === 'many') into.add(field.target)
      else if (field?.is === 'count') into.add(field.of.target)
    }
  }
}
