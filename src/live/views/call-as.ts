import type { Call, Principal } from '../../engine/call/call.ts'

/**
 * What a read call asks for, asked by somebody else. It keeps nothing of the request, so that a subscription may keep it;
 * what a face had asked of its caller does not count for this one.
 */
export function askedBy(call: Call, principal: Principal | null): Call {
  const { operation, resource, id, parent, query, shape, mode, auth, trusted = false } = call
  const asked = { operation, resource, id, parent, query, shape, mode, conditions: null, principal, trusted }
  return auth ? { ...asked, auth } : asked
}
