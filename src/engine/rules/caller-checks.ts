import type { Auth } from '../../auth/auth.ts'
import type { Resource } from '../../model/model.ts'
import { permits, type Permission } from '../../model/rules/permission.ts'
import { ApiError } from '../../protocol/error.ts'
import type { CallOrigin, CallTarget } from '../call/call.ts'
import { requireScope } from './scopes.ts'

/**
 * Decides whether a caller may attempt an operation, before rules are asked: scopes of the token, permission classes, the
 * authority.
 */
export interface CallerChecks {
  /** The permission classes for resources that declare none themselves. */
  readonly permissions: readonly Permission[] | null
  /** Nothing is checked except permission classes that resources declare themselves. */
  readonly isOpen: boolean
  /** Throws ApiError `insufficient_scope`, `unauthenticated` or `forbidden` if the caller may not pass. */
  check(call: CallTarget & CallOrigin, subscribing?: boolean): void
  /** Resources without rules and permission classes are closed to anonymous callers. */
  readonly closesUnruled: boolean
}

/** Makes the checks of an API. `permissions` apply to resources that declare none themselves. */
export function callerChecksOf(auth: Auth | null, permissions: readonly Permission[] | null): CallerChecks {
  const scopes = auth?.scopes ?? null
  const authority = auth?.authority ?? null
  const permissionsOf = (resource: Resource): readonly Permission[] | null => resource.permissions ?? permissions
  return {
    permissions,
    isOpen: !scopes && !authority && !permissions,
    closesUnruled: auth !== null && authority === null,
    check(call, subscribing = false) {
      if (call.trusted) return
      const { operation, resource, principal } = call
      if (scopes) requireScope(scopes, call)
      const asked = call.permitted ? null : permissionsOf(resource)
      const name = operation === 'act' ? call.action!.name : operation
      if (asked) {
        const asking = subscribing ? 'subscribe' : name
        if (!permits(asked, principal, asking, call.id ?? undefined)) throw refusal(call, asking)
      }
      authority?.authorize(principal, resource.name, name, operation === 'act')
    },
  }
}

function refusal({ principal, resource }: CallTarget & CallOrigin, operation: string): ApiError {
  return principal
    ? new ApiError('forbidden', { detail: `you may not ${operation} ${resource.name}` })
    : new ApiError('unauthenticated', { detail: `authenticate first: not everyone may ${operation} ${resource.name}` })
}
