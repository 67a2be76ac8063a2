import { ApiError } from '../../protocol/error.ts'
import type { Id, Resource } from '../../model/model.ts'
import { layered, layers, lookUp, type Layers } from '../memory/layers.ts'
import type { RowChange } from '../store.ts'

/** Who created the rows of an ephemeral resource, and how many rows each account has. */
export interface Shares {
  readonly accounts: Layers<Id, string>
  readonly counts: Layers<string, number>
}

/**
 * The shares after some changes to a resource. They keep one caller from filling it: a row counts for whoever created it until
 * it is gone. Throws ApiError `too_many_rows` if an account then has more than its share, and more than before.
 */
export function sharesAfter(shares: Shares | undefined, resource: Resource, changes: readonly RowChange[]): Shares {
  const before = shares ?? { accounts: layers<Id, string>(), counts: layers<string, number>() }
  const accounts = new Map<Id, string | undefined>()
  const counts = new Map<string, number>()
  for (const change of changes) {
    if (change.resource !== resource || change.op === 'patch') continue
    const { id, op } = change
    const account = op === 'create' ? change.account : accounts.has(id) ? accounts.get(id) : lookUp(before.accounts, id)
    if (account === undefined) continue
    accounts.set(id, op === 'create' ? account : undefined)
    const count = counts.get(account) ?? lookUp(before.counts, account) ?? 0
    counts.set(account, op === 'create' ? count + 1 : count - 1)
  }
  if (accounts.size === 0) return before
  const { each } = resource.options.ephemeral!
  for (const [account, count] of counts)
    if (count > each && count > (lookUp(before.counts, account) ?? 0))
      throw new ApiError('too_many_rows', { detail: `a caller may have ${each} rows of ${resource.name} at a time` })
  const kept = [...counts].map(([account, count]) => [account, count > 0 ? count : undefined] as const)
  return { accounts: layered(before.accounts, accounts), counts: layered(before.counts, new Map(kept)) }
}
