import type { Value } from '../model/model.ts'
import type { SubscriptionState } from './event.ts'
import { anchorsOf, type Anchor } from './incremental/routing/anchors.ts'
import { printQuery } from '../query/predicate.ts'
import { forEachMember } from './incremental/routing/group-index.ts'
import type { Group } from './views/group.ts'
import type { Interest } from './views/interest.ts'
import { readsOf } from './views/maintenance.ts'
import type { Requery } from './views/requery.ts'
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
  /** Average time to run the query, in milliseconds. null if it does not run again or nobody follows it. */
  readonly cost: number | null
}

/** A query that is followed, and what that costs. */
export interface FollowedQuery extends ViewExplanation {
  readonly resource: string
  readonly query: string
  readonly limit: number | null
  readonly subscriptions: number
  /** The state of its subscriptions, at most fifty. */
  readonly followers: readonly SubscriptionState[]
}

/** A query that is followed, with what it costs. */
export function followedQuery(group: Group, requery: Requery | undefined): FollowedQuery {
  const { interest, members } = group
  let subscriptions = 0
  const followers: SubscriptionState[] = []
  forEachMember(members, ({ state }) => {
    subscriptions++
    if (state && followers.length < LISTED) followers.push(state)
  })
  return {
    resource: interest.resource.name,
    query: printQuery(interest),
    limit: interest.limit,
    subscriptions,
    followers,
    ...explainView(interest, requery),
  }
}

/** How many subscriptions of a query are described. */
const LISTED = 50

/** How many values of an anchor are printed. */
const SPELLED = 5

/**
 * Explains how a view is kept up to date, and what that costs. `requery` has the measured cost if the query runs again after
 * commits.
 */
export function explainView(interest: Interest, requery: Requery | undefined): ViewExplanation {
  const { kind, reason, isExact } = maintenancePlanOf(interest)
  const anchors = kind === 'requeried' ? null : anchorsOf(interest.resource, interest.where)
  return {
    upkeep: kind,
    reason,
    isExact,
    foundBy: (anchors ?? []).map(printAnchor),
    reads: [...readsOf(interest)].map(({ name }) => name),
    cost: requery?.isSeen ? requery.cost : null,
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
