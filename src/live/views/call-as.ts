import type { Call, Principal } from '../../engine/call/call.ts'

/**
 * A read call as another caller would make it. It holds on to nothing of the request, so a subscription may keep it.
 * Permissions that the face has already checked are not taken over.
 */
export function callAs(call: Call, principal: Principal | null): Call {
  const { operation, resource, id, parent, query, shape, mode, auth, trusted = false } = call
  const asked = { operation, resource, id, parent, query, shape, mode, conditions: null, principal, trusted }
  return auth ? { ...asked, auth } : asked
}
