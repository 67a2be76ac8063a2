import type { Id } from '../../schema/field.ts'

/** Who calls, as permissions see it; null = nobody known. */
export type Caller = { readonly id: Id; readonly [member: string]: unknown } | null

/**
 * Decides about an operation before anything is looked up: whether `me` may. `operation` is `list get create replace patch
 * delete subscribe` or the name of an action; `id` is as it was asked for, undefined for lists. `word` is what the face
 * was asked for, where it has words of its own.
 *
 * @example const onlyAdminsDelete: Permission = (me, operation) => operation !== 'delete' || me?.['role'] === 'admin'
 */
export type Permission = (me: Caller, operation: string, id: unknown, word?: string) => boolean

/** All must agree; the first that does not ends it. An answer that is not true denies. */
export function permits(
  permissions: readonly Permission[],
  me: Caller,
  operation: string,
  id: unknown,
  word?: string,
): boolean {
  return permissions.every(permission => (permission(me, operation, id, word) as unknown) === true)
}
