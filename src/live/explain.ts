import type { Value } from '../model/model.ts'
import type { SubscriptionState } from './event.ts'
import { anchorsOf, type Anchor } from './incremental/routing/anchors.ts'
import { printQuery } from '../query/predicate.ts'
import { forEachMember } from './incremental/routing/group-index.ts'
import type { Group } from './views/group.ts'
import type { Interest } from './views/interest.ts'
import { readsOf } from './views/maintenance.ts'
import type { Terms } from '../store/terms.ts'
import { maintenancePlanOf, type MaintenancePlan } from './views/maintenance.ts'

/** What it costs to follow a query, and why. */
export interface ViewExplanation {
  /**
   * `rows`: a changed row alone shows what it means to the view. `maintained`: other rows matter too, and the events are
   * computed from what commits change. `requeried`: the query runs again after commits that may affect it.
   */
  readonly upkeep: MaintenancePlan['kind']
  /** Why the query has to run again; null if it does not. */
  readonly reason: string | null
  /** Each commit is sent separately. Otherwise, commits that became visible together are sent as one. */
  readonly isExact: boolean
  /**
   * The values by which a changed row is matched to the query, such as `list.owner = 7`. If it is empty, every changed row is
   * checked.
   */
  readonly foundBy: readonly string[]
  /** Names of the resources whose changes may affect the query. */
  readonly reads: readonly string[]
  /**
   * Average milliseconds that a commit takes which concerns the query: to run it again, or to find out what the commit means to
   * it and to tell that. Unless the query runs again, it is measured for 15 s after somebody asked. null if it was not measured.
   */
  readonly cost: number | null
}

/** A query that is followed, and what that costs. */
export interface FollowedQuery extends ViewExplanation {
  readonly resource: string
  readonly query: string
  readonly limit: number | null
  readonly subscriptions: number
  /** The state of its subscriptions, at most fifty. */
  readonly followers: readonly Follower[]
}

/** The state of a subscription. */
interface Follower extends Omit<SubscriptionState, 'told'> {
  /** Up to where it was told, `epoch.seq`; null = nothing yet. */
  readonly position: string | null
}

/** A query that is followed, with what it costs. */
export function followedQuery(group: Group, cost: number | null, terms: Terms): FollowedQuery {
  const { interest, members } = group
  let subscriptions = 0
  const followers: Follower[] = []
  forEachMember(members, ({ state }) => {
    subscriptions++
    if (!state || followers.length === LISTED) return
    const { told, ...rest } = state
    followers.push({ ...rest, position: told === null ? null : terms.position(told) })
  })
  return {
    resource: interest.resource.name,
    query: printQuery(interest),
    limit: interest.limit,
    subscriptions,
    followers,
    ...explainView(interest, cost),
  }
}

/** How many subscriptions of a query are described. */
const LISTED = 50

/** How many values of an anchor are printed. */
const SPELLED = 5

/** Explains how a view is kept up to date, and what that costs, as far as it was measured. */
export function explainView(interest: Interest, cost: number | null): ViewExplanation {
  const { kind, reason, isExact } = maintenancePlanOf(interest)
  const anchors = kind === 'requeried' ? null : anchorsOf(interest.resource, interest.where)
  return {
    upkeep: kind,
    reason,
    isExact,
    foundBy: (anchors ?? []).map(printAnchor),
    reads: [...readsOf(interest)].map(({ name }) => name),
    cost,
  }
}

function printAnchor(anchor: Anchor): string {
  const path = anchor.path.key.replace('#', '')
  if ('values' in anchor) {
    const values = anchor.values.slice(0, SPELLED).map(print)
    if (anchor.values.length > SPELLED) values.push(`and ${anchor.values.length - SPELLED} more`)
    return `${path} = ${values.join(', ')}`
  }
  const { low, high } = anchor
  return [low === null ? '' : `${print(low)} ≤ `, path, high === null ? '' : ` ≤ ${print(high)}`].join('')
}

const print = (value: Value): string => JSON.stringify(value)
