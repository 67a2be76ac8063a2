import type { Resource } from '../../model/model.ts'
import type { Predicate } from '../../query/predicate.ts'
import { isFollowable } from '../incremental/routing/holds.ts'
import { isGuarded } from '../incremental/step/shown-rows.ts'
import { isSortable } from '../incremental/lists/sorting.ts'
import type { Interest } from './interest.ts'
import { hasRowOrder } from './order.ts'
import { isDerived, readsOf } from './reads.ts'

/** How a view is kept up to date. Decided once, when a group is made. */
export interface MaintenancePlan {
  /**
   * `rows`: the changed row alone tells everything. `maintained`: other rows matter too; since the states before and after are
   * known, the difference is computed from the changes. `requeried`: the query runs again and its results are compared.
   */
  readonly kind: 'rows' | 'maintained' | 'requeried'
  /** Why the query runs again; null if it does not. */
  readonly reason: string | null
  /** It follows a part of a sorted list. */
  readonly isListed: boolean
  /** The order cannot be told from the bodies, so it is sent as well. */
  readonly tellsOrder: boolean
  /** Rules decide what its rows show. */
  readonly isGuarded: boolean
  /** It shows ephemeral rows, which are not in the log. */
  readonly isFleeting: boolean
  /** Each commit is told separately. */
  readonly isExact: boolean
}

/** Decides how a view is kept up to date. */
export function maintenancePlanOf(interest: Interest): MaintenancePlan {
  const { resource, where, sort, limit, offset, view, permissions } = interest
  const tellsOrder = !hasRowOrder(resource, sort) || !sort.every(({ path }) => shows(interest, path[0]!))
  const isWindow = limit !== null || offset > 0
  const isListed = isWindow || tellsOrder
  const guarded = isGuarded(view, permissions)
  const isPlain = !readsOthers(resource, where) && !isDerived(resource)
  const isFleeting = [...readsOf(interest)].some(({ options }) => options.ephemeral !== null)
  const base = { isListed, tellsOrder, isGuarded: guarded, isFleeting }
  if (isPlain && !isListed && view.loads.length === 0 && !guarded)
    return sharedOf({ ...base, kind: 'rows', reason: null, isExact: true })
  const reason = reasonToAskAgain(interest, isFleeting)
  if (reason !== null) return sharedOf({ ...base, kind: 'requeried', reason, isExact: false })
  const isExact = !isListed && view.loads.length === 0 && !guarded
  return sharedOf({ ...base, kind: 'maintained', reason: null, isExact })
}

/** Equal objects are shared: there are only a few different ones, but very many groups. */
const shared = new Map<string, MaintenancePlan>()

function sharedOf(upkeep: MaintenancePlan): MaintenancePlan {
  const key = Object.values(upkeep).join()
  const known = shared.get(key)
  if (!known) shared.set(key, upkeep)
  return known ?? upkeep
}

/** Why a query has to run again after commits; null if it does not. */
function reasonToAskAgain(interest: Interest, isFleeting: boolean): string | null {
  const { resource, where, sort } = interest
  if (isFleeting) return 'it reads rows of an ephemeral resource, which are in no log'
  if (!isSortable(resource, sort)) return 'it is sorted by a calculated field, a count or a list'
  if ([...readsOf(interest)].some(isDerived)) return 'it reads a view of the database, or a table that triggers write'
  return isFollowable(resource, where) ? null : 'its filter asks for a calculated field'
}

/** Whether the bodies show a field as it is stored; of a related row, its id. */
function shows({ resource, view, permissions }: Interest, name: string): boolean {
  const part = view.parts[view.names.indexOf(name)]
  if (!part || view.depth === 0 || !permissions.field(resource, name, 'read').open) return false
  const load = part.kind === 'row' ? view.loads[part.load]! : null
  return !load || !('view' in load) || load.view.names.includes(load.view.resource.id.name)
}

/** Whether a predicate reads more than the stored fields of the row itself. */
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
