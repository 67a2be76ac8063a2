import type { Verb } from '../declare/declaration.ts'

const named = /^(get|post|put|delete|head|options|trace|patch)(?:_(.*))?$/s

/**
 * Reads method and path from the name of an action. It is split at the first `_`: `post_user_login` is POST and `user_login`.
 * null = the name begins with no method. An empty path means the resource itself.
 */
export function readActionName(name: string): { readonly method: Verb; readonly path: string } | null {
  const found = named.exec(name)
  return found && { method: found[1]!.toUpperCase() as Verb, path: found[2] ?? '' }
}
