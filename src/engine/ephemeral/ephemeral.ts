import type { Id, Model } from '../../model/model.ts'
import { isEphemeral } from '../../store/ephemeral/sides.ts'
import { EphemeralStore } from '../../store/ephemeral/store.ts'
import type { ThisNode } from '../../store/shared/this-node.ts'
import type { Store } from '../../store/store.ts'
import { chain, type Maybe } from '../../store/work.ts'
import { isRead, type CallOrigin, type CallTarget, type Outcome } from '../call/call.ts'
import type { PipelineCheck, PipelineStep } from '../call/invocation.ts'
import { Expiry, type ExpiryOptions } from './expiry.ts'
import { Lifetimes } from './lifetimes.ts'
import { sharedRows } from './shared-rows.ts'

/**
 * The store with the model's ephemeral rows: in memory beside it, or among its own rows if several nodes use it. If the model has
 * none, this is the given store unchanged.
 */
export function withEphemeral(
  lasting: Store,
  model: Model,
  { node, ...options }: ExpiryOptions & { readonly node: ThisNode },
): { readonly store: Store; readonly expiry: Expiry | null } {
  if (![...model.resources.values()].some(isEphemeral)) return { store: lasting, expiry: null }
  if (lasting.hasNodes === true) {
    const expiry = new Expiry({ ...options, lifetimes: new Lifetimes(lasting, node) })
    return { store: sharedRows(lasting, model, expiry, options.onFault), expiry }
  }
  const expiry = new Expiry(options)
  return { store: new EphemeralStore(lasting, changes => expiry.heard(changes)), expiry }
}

/** The step `expire`: deletes expired rows first, so that no call sees them, however late the timer fires. */
export function expiring(expiry: Expiry): PipelineCheck {
  return ({ call, tx }) => {
    if (!call.resource.options.ephemeral) return undefined
    return tx ? expiry.settleIn(tx) : expiry.settle()
  }
}

/** The step `renew`: a write restarts the `ttl` of its row even if it changes nothing, because heartbeats are empty patches. */
export function renewing(expiry: Expiry): PipelineStep {
  return (invocation, next) => {
    const { call, tx } = invocation
    if (!call.resource.options.ephemeral || isRead(call.operation)) return next(invocation)
    return chain(next(invocation), outcome => {
      if (outcome.kind !== 'item') return outcome
      const told = outcome.ids.map(id => written(expiry, call, id, tx !== null)).filter(one => one instanceof Promise)
      return told.length === 0 ? outcome : Promise.all(told).then(() => outcome)
    }) as Maybe<Outcome>
  }
}

function written(
  expiry: Expiry,
  { resource, connection }: CallTarget & CallOrigin,
  id: Id,
  isPending: boolean,
): Maybe<void> {
  const isHeld = connection && resource.options.ephemeral!.presence
  // A row that a transaction creates is only known to `hold` after the commit, so it gets its `ttl` first.
  const renewed = !isHeld || isPending ? expiry.renew(resource, id) : undefined
  return isHeld ? (chain(renewed, () => expiry.hold(resource, id, connection)) as Maybe<void>) : renewed
}
