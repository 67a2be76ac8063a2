import type { Resource } from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import { isFollowable } from '../incremental/routing/holds.ts'
import { isGuarded } from '../incremental/step/shown-rows.ts'
import { isSortable } from '../incremental/lists/sorting.ts'
import type { Interest } from './interest.ts'
import { hasRowOrder } from './order.ts'
import { readsOf } from './reads.ts'

/** How a view is kept up to date, decided once when a group is made. */
export interface Upkeep {
  /**
   * `rows`: the images of a changed row tell all. `maintained`: other rows decide too, and both states are known, so
   * that what changed is found from what commits changed. `requeried`: the query is asked again, and compared.
   */
  readonly kind: 'rows' | 'maintained' | 'requeried'
  /** Why it is asked again; null = it is not. */
  readonly reason: string | null
  /** It follows a stretch of a sorted list. */
  readonly isListed: boolean
  /** Bodies do not tell the order of rows. */
  readonly tellsOrder: boolean
  /** Rules decide what its rows show. */
  readonly isGuarded: boolean
  /** It tells of rows that pass, which are in no log. */
  readonly isFleeting: boolean
  /** It is told commit by commit. */
  readonly isExact: boolean
}

export function upkeepOf(interest: Interest): Upkeep {
  const { resource, where, sort, limit, offset, view, permissions } = interest
  const tellsOrder = !hasRowOrder(resource, sort) || !sort.every(({ path }) => shows(interest, path[0]!))
  const isWindow = limit !== null || offset > 0
  const isListed = isWindow || tellsOrder
  const guarded = isGuarded(view, permissions)
  const isPlain = !readsOthers(resource, where)
  const isFleeting = [...readsOf(interest)].some(({ options }) => options.ephemeral !== null)
  const base = { isListed, tellsOrder, isGuarded: guarded, isFleeting }
  if (isPlain && !isListed && view.loads.length === 0 && !guarded)
    return sharedOf({ ...base, kind: 'rows', reason: null, isExact: true })
  const reason = reasonToAskAgain(interest, isFleeting)
  if (reason !== null) return sharedOf({ ...base, kind: 'requeried', reason, isExact: false })
  const isExact = !isListed && view.loads.length === 0 && !guarded
  return sharedOf({ ...base, kind: 'maintained', reason: null, isExact })
}

/** There are a few of them, and very many groups. */
const shared = new Map<string, Upkeep>()

function sharedOf(upkeep: Upkeep): Upkeep {
  const key = Object.values(upkeep).join()
  const known = shared.get(key)
  if (!known) shared.set(key, upkeep)
  return known ?? upkeep
}

function reasonToAskAgain({ resource, where, sort }: Interest, isFleeting: boolean): string | null {
  if (isFleeting) return 'it reads rows of an ephemeral resource, which are in no log'
  if (!isSortable(resource, sort)) return 'it is sorted by a calculated field, a count or a list'
  return isFollowable(resource, where) ? null : 'its filter asks for a calculated field'
}

/** Whether a field stands in the bodies as it is stored. */
function shows({ resource, view, permissions }: Interest, name: string): boolean {
  return view.depth > 0 && view.names.includes(name) && permissions.field(resource, name, 'read').open
}

/** Whether a predicate asks for more than the stored fields of the row. */
function readsOthers(resource: Resource, where: Predicate): boolean {
  switch (where.kind) {
    case 'constant':
      return false
    case 'and':
    case 'or':
      return where.of.some(part => readsOthers(resource, part))
    case 'not':
      return readsOthers(resource, where.of)
    case 'one':
    case 'many':
      return true
    default: {
      const field = resource.field.get(where.field)
      return field?.is !== 'scalar' && field?.is !== 'one'
    }
  }
}
