import type { Field, Resource } from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import { isIndexed } from './selective.ts'
import type { Select, UnindexedQuery } from '../store.ts'

/** How many different ones are remembered. */
const MOST = 100

/** Remembers queries that no index serves. It is told of each shape of query once, when its statement is made. */
export class WantedIndexes {
  readonly #wanted = new Map<string, UnindexedQuery>()

  get list(): readonly UnindexedQuery[] {
    return [...this.#wanted.values()]
  }

  note(resource: Resource, { where, sort }: Pick<Select, 'where' | 'sort'>): void {
    const fields = wantedIndex(resource, where, sort)
    if (fields.length === 0 || this.#wanted.size >= MOST) return
    this.#wanted.set(`${resource.name} ${fields.join()}`, { resource: resource.name, fields })
  }
}

/**
 * The fields of which an index would serve a query: those that it compares with values, or the one that it sorts by. Empty if
 * an index serves it already, or if none would.
 */
function wantedIndex(resource: Resource, where: Predicate, sort: Select['sort']): readonly string[] {
  const parts = where.kind === 'and' ? where.of : [where]
  const compared = parts.flatMap(part => comparedField(resource, part))
  if (compared.some(name => isIndexed(resource, name))) return []
  if (compared.length > 0) return compared.slice(0, 1)
  // Rows that are all read anyway are sorted in no time compared with that.
  if (where.kind !== 'constant') return []
  const [first] = sort
  const name = first?.path.length === 1 ? first.path[0] : undefined
  return name !== undefined && isPlain(resource.field.get(name)) && !isIndexed(resource, name) ? [name] : []
}

/** The field of a condition that an index could answer. */
function comparedField(resource: Resource, part: Predicate): readonly string[] {
  const isSought =
    (part.kind === 'compare' && part.op !== 'ne') ||
    (part.kind === 'in' && !part.negated) ||
    (part.kind === 'text' && !part.fold && (part.op === 'eq' || part.op === 'startsWith'))
  return isSought && isPlain(resource.field.get(part.field)) ? [part.field] : []
}

const isPlain = (field: Field | undefined): boolean => field?.is === 'scalar' || field?.is === 'one'
