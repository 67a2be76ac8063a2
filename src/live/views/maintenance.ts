import { ID, type Field, type Resource, type Row, type StoredField } from '../../model/model.ts'
import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { orderOf, sorted, type Order } from '../../query/order.ts'
import type { Predicate, SortKey } from '../../query/predicate.ts'
import { collectReads } from '../../engine/read/resources-read.ts'
import type { View } from '../../engine/read/view.ts'
import { isFollowable } from '../incremental/routing/holds.ts'
import { isGuarded } from '../incremental/step/shown-rows.ts'
import { isSortable } from '../incremental/lists/sorting.ts'
import type { Interest } from './interest.ts'

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
  const tellsOrder = !hasRowOrder(resource, sort) || !sort.every(({ path: [name = ''] }) => shows(interest, name))
  const isWindow = limit !== null || offset > 0
  const isListed = isWindow || tellsOrder
  const guarded = !view.isAlone && isGuarded(view, permissions)
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
  const load = part.kind === 'row' ? view.loads[part.load] : null
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
  for (const read of counted) collectReads(read, permissions.read(read).predicate, reads)
  if (readsOthers(resource, where)) collectReads(resource, where, reads)
  const readByView = (shown: View): void => {
    for (const name of Object.keys(shown.resource.rules?.fields ?? {}))
      collectReads(shown.resource, permissions.field(shown.resource, name, 'read').predicate, reads)
    for (const load of shown.loads) {
      const { target } = load.field
      reads.add(target)
      collectReads(target, permissions.read(target).predicate, reads)
      if ('view' in load) readByView(load.view)
    }
  }
  readByView(view)
  return reads
}

/** Compares rows in the order of a query, with the id last. null if a sort key is not a stored field of the row itself. */
export function rowOrder(resource: Resource, sort: readonly SortKey[]): ((a: Row, b: Row) => number) | null {
  const keys: { readonly slot: number; readonly order: Order }[] = []
  for (const key of sort) {
    const field = ownFieldOf(resource, key)
    if (!field) return null
    keys.push({ slot: field.slot, order: sorted(orderOf(field.type), key.descending) })
  }
  keys.push({ slot: ID, order: sorted(orderOf(resource.idType), false) })
  return (a, b) => {
    for (const { slot, order } of keys) {
      const difference = order(a[slot] ?? null, b[slot] ?? null)
      if (difference !== 0) return difference
    }
    return 0
  }
}

/** Whether all sort keys are stored fields of the row itself. */
function hasRowOrder(resource: Resource, sort: readonly SortKey[]): boolean {
  return sort.every(key => ownFieldOf(resource, key) !== null)
}

/** The stored field of the row itself that a sort key names; null if it names anything else. */
function ownFieldOf(resource: Resource, { path: [name = '', ...rest] }: SortKey): StoredField | null {
  const field = rest.length === 0 ? resource.field.get(name) : undefined
  return isStored(field) ? field : null
}

/** The other resources whose changes may affect the order. */
function sortReads(resource: Resource, sort: readonly SortKey[]): Set<Resource> {
  const reads = new Set<Resource>()
  for (const { path } of sort) {
    let at = resource
    for (const name of path) {
      const field = getOrThrow(at.field, name)
      for (const read of readBy(field)) reads.add(read)
      if (field.is !== 'one') break
      at = field.target
    }
  }
  return reads
}

function readBy(field: Field): Resource[] {
  switch (field.is) {
    case 'one':
    case 'back':
    case 'many':
      return [field.target]
    case 'count':
      return [field.of.target]
    case 'calc':
      return (field.uses ?? []).flatMap(name => {
        const used = field.owner.field.get(name)
        return used && used.is !== 'calc' ? readBy(used) : []
      })
    case 'scalar':
    case 'self':
      return []
  }
}

const isStored = (field: Field | undefined): field is StoredField => field?.is === 'scalar' || field?.is === 'one'
