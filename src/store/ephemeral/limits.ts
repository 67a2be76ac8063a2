import { ApiError } from '../../protocol/error.ts'
import { ID, type Id, type Resource } from '../../model/model.ts'
import { everything } from '../../query/predicate.ts'
import type { LinkChange, RowChange, Transaction } from '../store.ts'
import { noWork, wait, type Work } from '../work.ts'
import { isEphemeral } from './sides.ts'

/** Milliseconds for which it is remembered which rows an account has created, after its last one. */
const REMEMBERED = 86_400_000

/**
 * Applies the changes of a unit. Throws ApiError `too_many_rows` if they add more ephemeral rows to the tables of the store than there
 * may be, or than a caller may have. Those beside a store are counted there.
 */
export function appliedWithinLimits(
  tx: Transaction,
  changes: readonly RowChange[],
  links: readonly LinkChange[],
  now: number,
): Work<void> {
  if (changes.length === 0 && links.length === 0) return noWork
  const isLimited =
    tx.fleeting === undefined && changes.some(({ op, resource }) => op === 'create' && isEphemeral(resource))
  return isLimited ? checked(tx, changes, links, now) : wait(tx.apply(changes, links))
}

function* checked(
  tx: Transaction,
  changes: readonly RowChange[],
  links: readonly LinkChange[],
  now: number,
): Work<void> {
  yield* checkLimits(tx, changes, now)
  yield* wait(tx.apply(changes, links))
}

function* checkLimits(tx: Transaction, changes: readonly RowChange[], now: number): Work<void> {
  for (const resource of new Set(changes.map(one => one.resource).filter(isEphemeral))) {
    const own = changes.filter(one => one.resource === resource)
    const created = own.filter(({ op }) => op === 'create')
    if (created.length === 0) continue
    const deleted = own.filter(({ op }) => op === 'delete')
    const { max } = resource.options.ephemeral!
    const count = yield* wait(tx.count(resource, everything))
    const more = created.length - deleted.length
    if (more > 0 && count + more > max)
      throw new ApiError('too_many_rows', { detail: `there are ${max} rows of ${resource.name} already` })
    const accounts = Map.groupBy(created, ({ account }) => account)
    const gone = new Set(deleted.map(({ id }) => id))
    for (const [account, rows] of accounts)
      if (account !== undefined) yield* checkShare(tx, { resource, account, rows, gone, now })
  }
}

interface Share {
  readonly resource: Resource
  readonly account: string
  /** The rows that the account creates. */
  readonly rows: readonly RowChange[]
  readonly gone: ReadonlySet<Id>
  readonly now: number
}

/** Each account has a list of the rows that it has created. Those that are gone are only left out when the list is full. */
function* checkShare(tx: Transaction, { resource, account, rows, gone, now }: Share): Work<void> {
  const { each } = resource.options.ephemeral!
  const key = `share ${resource.name} ${account}`
  const text = yield* wait(tx.recall(key))
  let own = text === undefined ? [] : (JSON.parse(text) as Id[])
  if (own.length + rows.length > each)
    own = (yield* wait(tx.many(resource, own))).map(row => row[ID] as Id).filter(id => !gone.has(id))
  if (own.length + rows.length > each)
    throw new ApiError('too_many_rows', { detail: `a caller may have ${each} rows of ${resource.name} at a time` })
  yield* wait(tx.keep(key, JSON.stringify([...own, ...rows.map(({ id }) => id)]), now + REMEMBERED))
}
