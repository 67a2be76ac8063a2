import type { Id } from '../../schema/field.ts'

/** The caller as permissions see it. null = anonymous. */
export type Caller = { readonly id: Id; readonly [member: string]: unknown } | null

/**
 * Decides whether a caller may do an operation, before anything is looked up. `operation` is `list`, `get`, `create`,
 * `replace`, `patch`, `delete`, `subscribe` or the name of an action. `id` is the id as the client wrote it, undefined for
 * lists. `word` is what the protocol calls the operation, if it has its own words.
 * @example
 * const onlyAdminsDelete: Permission = (me, operation) => operation !== 'delete' || me?.['role'] === 'admin'
 */
export type Permission = (me: Caller, operation: string, id: unknown, word?: string) => boolean

/** Asks one permission after another until one denies. Any answer but `true` denies. */
export function permits(
  permissions: readonly Permission[],
  me: Caller,
  operation: string,
  id: unknown,
  word?: string,
): boolean {
  return permissions.every(permission => (permission(me, operation, id, word) as unknown) === true)
}
