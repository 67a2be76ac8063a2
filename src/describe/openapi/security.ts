import { ruleOf } from '../../engine/rules/authorize.ts'
import { permissionsOf } from '../../engine/rules/permissions.ts'
import type { Action, Resource } from '../../model/model.ts'
import { isGet } from '../../protocol/method.ts'

export type Need = 'read' | 'create' | 'write' | 'delete' | Action
export type Requirement = Readonly<Record<string, readonly string[]>>

/**
 * The credentials that an operation accepts. An empty requirement means that none are needed, because the operation is open or
 * the rules decide by the row.
 */
export function securityOf(resource: Resource, need: Need, schemes: readonly string[]): readonly Requirement[] {
  const known = schemes.map(name => ({ [name]: [] }))
  if (known.length === 0) return []
  return isOpen(resource, need) ? [{}, ...known] : known
}

/** Whether a caller without credentials can get anything at all. */
function isOpen(resource: Resource, need: Need): boolean {
  if (resource.rules !== null) {
    const rule = typeof need === 'string' ? need : ruleOf(need)
    return !permissionsOf(null, false).for(resource, rule).closed
  }
  if (typeof need === 'string') return resource.options.public && need === 'read'
  const hasRows = resource.fields.some(field => !field.hidden)
  return resource.options.public && (isGet(need.method) || !hasRows)
}
