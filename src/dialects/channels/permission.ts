import type { Caller, Permission } from '../../model/rules/permission.ts'

/**
 * A permission in the form of Django REST framework. `action` is `list`, `retrieve`, `create`, `update`, `delete`, `subscribe`
 * or the name of an action. `pk` is the id as the client wrote it, undefined for lists.
 */
export interface PermissionObject {
  hasPermission(principal: Caller, action: string, pk: unknown): boolean
}
export type PermissionFunction = (principal: Caller, action: string, pk: unknown) => boolean
/** A permission as an object, as a class of which an instance is made for each question, or as a function. */
export type PermissionClass = PermissionObject | (new () => PermissionObject) | PermissionFunction

/**
 * Allows everybody.
 *
 * @example
 * resource({ id: t.id() }).permissions(permissionClasses(AllowAny))
 */
export class AllowAny implements PermissionObject {
  hasPermission(): boolean {
    return true
  }
}

/**
 * Allows known callers.
 *
 * @example
 * resource({ id: t.id() }).permissions(permissionClasses(IsAuthenticated))
 */
export class IsAuthenticated implements PermissionObject {
  hasPermission(principal: Caller): boolean {
    return principal !== null
  }
}

/** Names of operations for requests that do not have a name of their own in this dialect. */
const actions: Readonly<Record<string, string>> = { get: 'retrieve', replace: 'update', patch: 'update' }

/**
 * Makes a permission for resources and APIs from permission classes. All of them must allow the request. They are asked in
 * order until one denies.
 * @example
 * resource({ id: t.id() }).permissions(permissionClasses(IsAuthenticated, IsAdminToDelete))
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
