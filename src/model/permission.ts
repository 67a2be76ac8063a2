import type { Id } from '../schema/field.ts'

/** Who calls, as permissions see it; null = nobody known. */
export type Caller = { readonly id: Id; readonly [member: string]: unknown } | null

/**
 * Decides about an action before anything is looked up (spec: socketapi-channels §2.6). `action` is `list retrieve create
 * update delete subscribe` or an action's name, `pk` the id as it was asked for, undefined for lists.
 */
export interface Permission {
  hasPermission(principal: Caller, action: string, pk: unknown): boolean
}
export type PermissionFunction = (principal: Caller, action: string, pk: unknown) => boolean
/** A permission as an object, as a class that is made for each question, or as a function. */
export type PermissionLike = Permission | (new () => Permission) | PermissionFunction

/** Everybody. */
export class AllowAny implements Permission {
  hasPermission(): boolean {
    return true
  }
}

/** Whoever is known. */
export class IsAuthenticated implements Permission {
  hasPermission(principal: Caller): boolean {
    return principal !== null
  }
}

/** All must agree; the first that does not ends it. An answer that is not true denies. */
export function permits(permissions: readonly PermissionLike[], who: Caller, action: string, pk: unknown): boolean {
  return permissions.every(permission => ask(permission, who, action, pk) === true)
}

function ask(permission: PermissionLike, who: Caller, action: string, pk: unknown): unknown {
  if (typeof permission !== 'function') return permission.hasPermission(who, action, pk)
  if (isClass(permission)) return new permission().hasPermission(who, action, pk)
  return permission(who, action, pk)
}

function isClass(permission: (new () => Permission) | PermissionFunction): permission is new () => Permission {
  const { prototype } = permission as { readonly prototype?: Partial<Permission> }
  return typeof prototype?.hasPermission === 'function'
}
