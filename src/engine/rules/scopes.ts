import { ApiError } from '../../protocol/error.ts'
import { isRead, type Caller, type Principal, type Target } from '../call/call.ts'

/** Which scopes an operation needs: by its name, else by `read` or `write`; one of the list is enough. */
export type Scopes = Readonly<Record<string, readonly string[]>>

/**
 * Refuses a call whose caller came with a token that does not cover it (RFC 6750 §3.1). Scopes narrow what a token may
 * do; who may do what is for rules to say. Callers without a token, and the application itself, have none to show.
 */
export function requireScope(scopes: Scopes, call: Target & Caller): void {
  if (!call.trusted) checkScope(scopes, call.principal, call.operation)
}

/** The same of an operation by its name, `list` and `get` being those that read. */
export function checkScope(scopes: Scopes, principal: Principal | null, operation: string): void {
  if (!principal) return
  const needed = scopes[operation] ?? scopes[isRead(operation) ? 'read' : 'write']
  if (!needed) return
  const held = principal['scopes']
  if (needed.some(scope => (held instanceof Set ? held.has(scope) : Array.isArray(held) && held.includes(scope))))
    return
  const [first = ''] = needed
  const isPlain = /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(first)
  throw new ApiError('insufficient_scope', {
    detail: `the token lacks the scope ${first}`,
    headers: {
      'www-authenticate': `Bearer realm="api", error="insufficient_scope"${isPlain ? `, scope="${first}"` : ''}`,
    },
  })
}
