import type { Caller, Permission } from '../../model/rules/permission.ts'

/**
 * A permission as Django REST framework has it. `action` is `list retrieve create update delete subscribe` or an action's
 * name, `pk` the id as it was asked for, undefined for lists.
 */
export interface PermissionObject {
  hasPermission(principal: Caller, action: string, pk: unknown): boolean
}
export type PermissionFunction = (principal: Caller, action: string, pk: unknown) => boolean
/** A permission as an object, as a class that is made for each question, or as a function. */
export type PermissionClass = PermissionObject | (new () => PermissionObject) | PermissionFunction

/** Everybody. */
export class AllowAny implements PermissionObject {
  hasPermission(): boolean {
    return true
  }
}

/** Whoever is known. */
export class IsAuthenticated implements PermissionObject {
  hasPermission(principal: Caller): boolean {
    return principal !== null
  }
}

/** Names of operations where the request has none of its own. */
const actions: Readonly<Record<string, string>> = { get: 'retrieve', replace: 'update', patch: 'update' }

/**
 * A permission for resources and APIs out of permission classes: all must agree, the first that does not ends it.
 *
 * @example resource({ … }).permissions(permissionClasses(IsAuthenticated, IsAdminToDelete))
 */
export function permissionClasses(...classes: readonly PermissionClass[]): Permission {
  return (me, operation, id, word) => {
    const action = word ?? (Object.hasOwn(actions, operation) ? actions[operation]! : operation)
    return classes.every(one => ask(one, me, action, id) === true)
  }
}

function ask(permission: PermissionClass, who: Caller, action: string, pk: unknown): unknown {
  if (typeof permission !== 'function') return permission.hasPermission(who, action, pk)
  if (isClass(permission)) return new permission().hasPermission(who, action, pk)
  return permission(who, action, pk)
}

function isClass(
  permission: (new () => PermissionObject) | PermissionFunction,
): permission is new () => PermissionObject {
  const { prototype } = permission as { readonly prototype?: Partial<PermissionObject> }
  return typeof prototype?.hasPermission === 'function'
}
