import type { Value } from '../model/model.ts'
import { anchorsOf, type Anchor } from './incremental/routing/anchors.ts'
import type { Interest } from './views/interest.ts'
import { readsOf } from './views/reads.ts'
import type { Requery } from './views/requery.ts'
import { upkeepOf, type Upkeep } from './views/maintenance.ts'

/** What following a query costs, and why. */
export interface Explanation {
  /**
   * `rows`: a changed row tells by itself what it means to the view. `maintained`: other rows decide too, and what is told
   * follows from what commits changed. `requeried`: the query is asked again after commits that may concern it.
   */
  readonly upkeep: Upkeep['kind']
  /** Why it is asked again; null = it is not. */
  readonly reason: string | null
  /** It is told commit by commit; otherwise commits that became visible together are told together. */
  readonly isExact: boolean
  /** By what a changed row leads to the query, such as `list.owner = 7`; empty = every changed row is looked at. */
  readonly foundBy: readonly string[]
  /** Names of the resources whose changes may concern it. */
  readonly reads: readonly string[]
  /** Milliseconds that asking takes, on average; null = it is not asked again, or nobody follows it. */
  readonly cost: number | null
}

/** Values of an anchor that are spelled out. */
const SPELLED = 5

export function explain(interest: Interest, requery: Requery | undefined): Explanation {
  const { kind, reason, isExact } = upkeepOf(interest)
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
