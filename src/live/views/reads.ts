import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Resource } from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import type { View } from '../../engine/read/view.ts'
import type { Interest } from './interest.ts'
import { sortReads } from './order.ts'

/** All resources whose rows may affect a view: its own, those that filter, rules and sort read, and those that it shows. */
export function readsOf(interest: Interest): Set<Resource> {
  return new Set([interest.resource, ...relatedReadsOf(interest)])
}

/** Whether rows of a resource change without a record of their own, with any commit. */
export const isDerived = ({ options }: Resource): boolean => options.foreign?.derived === true

/** The resources that are read through relations. The view's own resource is one of them only if a relation leads back to it. */
export function relatedReadsOf({ resource, where, sort, view, permissions }: Interest): Set<Resource> {
  const counted = sortReads(resource, sort)
  const reads = new Set(counted)
  // Only rows that the caller may read are counted and listed, so what their rules read affects the order as well.
  for (const read of counted) readByPredicate(read, permissions.read(read).predicate, reads)
  readByPredicate(resource, where, reads)
  const readByView = (shown: View): void => {
    for (const name of Object.keys(shown.resource.rules?.fields ?? {}))
      readByPredicate(shown.resource, permissions.field(shown.resource, name, 'read').predicate, reads)
    for (const load of shown.loads) {
      const { target } = load.field
      reads.add(target)
      readByPredicate(target, permissions.read(target).predicate, reads)
      if ('view' in load) readByView(load.view)
    }
  }
  readByView(view)
  return reads
}

function readByPredicate(resource: Resource, where: Predicate, into: Set<Resource>): void {
  switch (where.kind) {
    case 'constant':
      return
    case 'and':
    case 'or':
      for (const part of where.of) readByPredicate(resource, part, into)
      return
    case 'not':
      return readByPredicate(resource, where.of, into)
    case 'one':
    case 'many': {
      const target = getOrThrow(resource.field, where.field).target as Resource
      into.add(target)
      return readByPredicate(target, where.of, into)
    }
    default: {
      const field = resource.field.get(where.field)
      if (field?.is === 'back' || field?.is === 'many') into.add(field.target)
      else if (field?.is === 'count') into.add(field.of.target)
    }
  }
}
