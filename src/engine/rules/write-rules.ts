import { ApiError } from '../../protocol/error.ts'
import type { Field, Resource, Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { ruleFor } from './bind.ts'
import { printRule } from './explain-rules.ts'
import { allowedRows, type Guard, type Permissions } from './permissions.ts'
import { changedSlots, type Instance, type Unit } from '../write/unit-of-work.ts'

/** The rows as they were must allow what is done to them: changes, links from other rows, deletion. */
export function* checkBefore(unit: Unit): Work<void> {
  for (const instance of unit.touched) {
    const { resource, before } = instance
    if (!before || instance.implied || resource.rules === null) continue
    const action = instance.deleted ? 'delete' : 'write'
    if (isAffected(instance)) yield* demand(unit, resource, before, unit.permissions.for(resource, action), action)
    if (!instance.deleted) yield* checkFields(unit, instance, before)
  }
}

/** The rows as they are now must allow it as well; they are written already, so every rule can be asked of the store. */
export function* checkAfter(unit: Unit): Work<void> {
  for (const instance of unit.touched) {
    const { resource, row, before } = instance
    if (instance.deleted || instance.implied || resource.rules === null || !isAffected(instance)) continue
    const action = before ? 'write' : 'create'
    yield* demand(unit, resource, row, unit.permissions.for(resource, action), action)
    yield* checkFields(unit, instance, row)
  }
}

function isAffected(instance: Instance): boolean {
  if (!instance.before || instance.deleted) return true
  if (changedSlots(instance).length > 0) return true
  for (const { added, removed } of instance.deltas.values()) if (added.size || removed.size) return true
  return false
}

/** Fields with a rule of their own: those that the caller set to something else than what the caller can see there. */
function* checkFields(unit: Unit, instance: Instance, image: Row): Work<void> {
  const { resource, before, row } = instance
  if (!resource.rules?.fields) return
  for (const field of instance.given) {
    const guard = unit.permissions.field(resource, field.name, 'write')
    if (guard.open) continue
    const stored = field.is === 'scalar' || field.is === 'one'
    const isSame = before && stored && before[field.slot] === row[field.slot]
    // Whoever may read a field may send it back as it is; to others a right guess must look like a wrong one.
    if (isSame && (yield* isReadable(unit, resource, before, field))) continue
    yield* demand(unit, resource, image, guard, `set ${field.name} of`)
  }
}

function* isReadable(unit: Unit, resource: Resource, row: Row, { name }: Field): Work<boolean> {
  const guard = unit.permissions.field(resource, name, 'read')
  return guard.open || (yield* allowedRows(unit.tx, resource, [row], guard)).length > 0
}

/** Refuses what a guard does not allow of a row, in the words of the action. */
export function* demand(
  unit: { readonly tx: Snapshot; readonly permissions: Permissions },
  resource: Resource,
  row: Row,
  guard: Guard,
  action: string,
): Work<void> {
  if (guard.open) return
  const allowed = yield* allowedRows(unit.tx, resource, [row], guard)
  if (allowed.length > 0) return
  const rule = ruleFor(resource, action)
  const cause = rule === null || rule === 'open' ? undefined : `rule ${resource.name}.${action}: ${printRule(rule)}`
  if (!unit.permissions.me)
    throw new ApiError('unauthenticated', {
      detail: `say who calls: you may not ${action} this ${resource.name}`,
      cause,
    })
  throw new ApiError('forbidden', { detail: `you may not ${action} this ${resource.name}`, cause })
}
