import type { Auth } from '../auth/auth.ts'
import type { Resource } from '../model/model.ts'
import { permits, type PermissionLike } from '../model/permission.ts'
import { ApiError } from '../protocol/error.ts'
import type { Call, Operation } from './call.ts'
import { requireScope } from './scope.ts'

/** What a caller has to pass before rules are asked: the scopes of the token, permissions, the roles of restaction. */
export interface Gate {
  /** Of resources that have none of their own. */
  readonly permissions: readonly PermissionLike[] | null
  /** Nothing is asked but the permissions that resources have of their own. */
  readonly isOpen: boolean
  /** Throws ApiError `insufficient_scope`, `unauthenticated` or `forbidden`. */
  pass(call: Call, subscribing?: boolean): void
  /** A resource without rules needs a caller who is known. */
  closes(resource: Resource): boolean
}

/** Names of operations in permissions (spec: socketapi-channels §2.6, DECISIONS C20) … */
const permissionNames: Readonly<Record<Exclude<Operation, 'act'>, string>> = {
  list: 'list',
  get: 'retrieve',
  create: 'create',
  replace: 'update',
  patch: 'update',
  delete: 'delete',
}
/** … and in `$roles`, where actions are named by methods (spec: restaction §3). */
const roleNames: Readonly<Record<Exclude<Operation, 'act'>, string>> = {
  list: 'get',
  get: 'get',
  create: 'post',
  replace: 'put',
  patch: 'patch',
  delete: 'delete',
}

/** The gate of an API; `permissions` are asked where a resource has none of its own. */
export function gateOf(auth: Auth | null, permissions: readonly PermissionLike[] | null): Gate {
  const scopes = auth?.scopes ?? null
  const roles = auth?.roles ?? null
  const permissionsOf = (resource: Resource): readonly PermissionLike[] | null => resource.permissions ?? permissions
  return {
    permissions,
    isOpen: !scopes && !roles && !permissions,
    closes: resource => auth !== null && roles === null && permissionsOf(resource) === null,
    pass(call, subscribing = false) {
      if (call.trusted) return
      const { operation, resource, principal } = call
      if (scopes) requireScope(scopes, call)
      const asked = call.permitted ? null : permissionsOf(resource)
      if (asked) {
        const action = subscribing ? 'subscribe' : operation === 'act' ? call.action!.name : permissionNames[operation]
        if (!permits(asked, principal, action, call.id ?? undefined)) throw refusal(call, action)
      }
      roles?.authorize(principal, resource.name, operation === 'act' ? call.action!.name : roleNames[operation])
    },
  }
}

function refusal({ principal, resource }: Call, action: string): ApiError {
  return principal
    ? new ApiError('forbidden', { detail: `you may not ${action} ${resource.name}` })
    : new ApiError('unauthenticated', { detail: `say who calls: not everyone may ${action} ${resource.name}` })
}
