import { ID, type Resource, type Value } from '../model/model.ts'
import type { Predicate } from '../query/predicate.ts'

/** An equality that every row in view fulfils: the place of a group in the index. */
export interface Term {
  readonly slot: number
  readonly values: readonly Value[]
}

/**
 * The most selective equality of a predicate, for the index: the id if it is fixed, otherwise the first
 * field that is compared with one value, otherwise one that is compared with few; null if there is none.
 */
export function termOf(resource: Resource, where: Predicate): Term | null {
  const parts = where.kind === 'and' ? where.of : [where]
  let best: Term | null = null
  for (const part of parts) {
    const term = equality(resource, part)
    if (!term) continue
    if (term.slot === ID) return term
    if (!best || term.values.length < best.values.length) best = term
  }
  return best
}

const few = 16

function equality(resource: Resource, part: Predicate): Term | null {
  if (part.kind === 'compare' && part.op === 'eq' && part.value !== null)
    return fixed(resource, part.field, [part.value])
  if (part.kind === 'in' && !part.negated && part.values.length <= few) return fixed(resource, part.field, part.values)
  return null
}

function fixed(resource: Resource, name: string, values: readonly Value[]): Term | null {
  const field = resource.field.get(name)
  if (field?.is !== 'scalar' && field?.is !== 'one') return null
  return values.every(v => v !== null && typeof v !== 'object') ? { slot: field.slot, values } : null
}

/** The resources that a predicate reads beyond stored fields of the row itself; none if those are enough to decide it. */
export function readsOf(resource: Resource, where: Predicate, into: Set<Resource> = new Set()): Set<Resource> {
  switch (where.kind) {
    case 'constant':
      break
    case 'and':
    case 'or':
      for (const part of where.of) readsOf(resource, part, into)
      break
    case 'not':
      readsOf(resource, where.of, into)
      break
    case 'one':
    case 'many': {
      const target = resource.field.get(where.field)!.target as Resource
      into.add(target)
      readsOf(target, where.of, into)
      break
    }
    default: {
      const field = resource.field.get(where.field)
      if (field?.is === 'back' || field?.is === 'many') into.add(field.target)
      else if (field?.is === 'count') into.add(field.of.target)
    }
  }
  return into
}
