import type { Id, Resource } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Outcome } from '../call/call.ts'
import { chain, type Maybe } from '../../store/work.ts'

/** The rows of one ephemeral resource by the accounts that created them. */
interface Shares {
  readonly accounts: Map<Id, string>
  /** How many rows each account has, those included that are being created. */
  readonly counts: Map<string, number>
}

/**
 * Keeps one caller from filling an ephemeral resource: each may have `each` of its rows. A row counts for whoever created it
 * until it is gone.
 */
export class FairShares {
  readonly #shares = new Map<Resource, Shares>()

  /** Runs the creation of so many rows. Throws ApiError `too_many_rows` if the account would have more than its share. */
  create(resource: Resource, account: string, rows: number, work: () => Maybe<Outcome>): Maybe<Outcome> {
    const { each } = resource.options.ephemeral!
    const { accounts, counts } = this.#of(resource)
    const own = counts.get(account) ?? 0
    if (own + rows > each)
      throw new ApiError('too_many_rows', { detail: `a caller may have ${each} rows of ${resource.name} at a time` })
    counts.set(account, own + rows)
    const done = (outcome: Outcome | null): void => {
      const made = outcome?.kind === 'item' && outcome.created ? outcome.ids : []
      for (const id of made) accounts.set(id, account)
      this.#add(resource, account, made.length - rows)
    }
    try {
      const created = work()
      if (created instanceof Promise) created.catch(() => done(null))
      return chain(created, outcome => {
        done(outcome)
        return outcome
      })
    } catch (error) {
      done(null)
      throw error
    }
  }

  /** A row is gone. */
  gone(resource: Resource, id: Id): void {
    const accounts = this.#shares.get(resource)?.accounts
    const account = accounts?.get(id)
    if (account === undefined) return
    accounts?.delete(id)
    this.#add(resource, account, -1)
  }

  #add(resource: Resource, account: string, rows: number): void {
    const { counts } = this.#of(resource)
    const count = (counts.get(account) ?? 0) + rows
    if (count > 0) counts.set(account, count)
    else counts.delete(account)
  }

  #of(resource: Resource): Shares {
    let shares = this.#shares.get(resource)
    if (!shares) this.#shares.set(resource, (shares = { accounts: new Map(), counts: new Map() }))
    return shares
  }
}
