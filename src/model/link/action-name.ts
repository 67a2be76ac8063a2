import type { Verb } from '../declare/declaration.ts'

const named = /^(get|post|put|delete|head|options|trace|patch)(?:_(.*))?$/s

/**
 * How an action's name tells its method and the end of its URI: split at the first `_`, the rest as it is.
 * Null for a name that begins with no method; the path is empty for the resource itself.
 */
export function readActionName(name: string): { readonly method: Verb; readonly path: string } | null {
  const found = named.exec(name)
  return found && { method: found[1]!.toUpperCase() as Verb, path: found[2] ?? '' }
}
