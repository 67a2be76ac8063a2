import { ApiError } from '../../protocol/error.ts'
import { isRead, type CallOrigin, type Principal, type CallTarget } from '../call/call.ts'

/** The scopes that an operation needs, by its name or else by `read` or `write`. One of the list is enough. */
export type Scopes = Readonly<Record<string, readonly string[]>>

/**
 * Refuses a call whose token does not cover the operation (RFC 6750 §3.1). Scopes restrict a token; what the user may do is
 * decided by rules. Callers without a token, and the application itself, have no scopes to check.
 */
export function requireScope(scopes: Scopes, call: CallTarget & CallOrigin): void {
  if (!call.trusted) checkScope(scopes, call.principal, call.operation)
}

/** The same for an operation by name. `list` and `get` count as `read`, all others as `write`. */
export function checkScope(scopes: Scopes, principal: Principal | null, operation: string): void {
  if (!principal) return
  const needed = scopes[operation] ?? scopes[isRead(operation) ? 'read' : 'write']
  if (!needed) return
  const held = principal['scopes']
  if (needed.some(scope => (held instanceof Set ? held.has(scope) : Array.isArray(held) && held.includes(scope))))
    return
  const [first = ''] = needed
  // A scope of other characters would break the header field.
  const isPlain = /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(first)
  throw new ApiError('insufficient_scope', {
    detail: `the token lacks the scope ${first}`,
    headers: {
      'www-authenticate': `Bearer realm="api", error="insufficient_scope"${isPlain ? `, scope="${first}"` : ''}`,
    },
  })
}
