import { ApiError } from '../../protocol/error.ts'
import type { Field, Resource, Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { allowedImages } from '../past/image-rules.ts'
import { ruleFor } from './bind.ts'
import { printRule } from './explain-rules.ts'
import { allowedRows, type Guard, type Permissions } from './permissions.ts'
import { isTracked } from '../write/related-ids.ts'
import { changedSlots, type Instance, type UnitOfWork } from '../write/unit-of-work.ts'

/** Checks every changed row against the rules in its state before the unit: changes, links from other rows, deletions. */
export function* checkBefore(unit: UnitOfWork): Work<void> {
  for (const instance of unit.touched) {
    const { resource, before } = instance
    if (!before || instance.implied || resource.rules === null) continue
    const action = instance.deleted ? 'delete' : 'write'
    const guard = unit.permissions.for(resource, action)
    if (isAffected(instance)) yield* demand(unit, { resource, row: before, guard, action })
    if (!instance.deleted) yield* checkFields(unit, instance, before)
  }
}

/**
 * Checks every changed row against the rules in its new state. The rows are already written, so a rule can use everything that
 * the store can answer.
 */
export function checkAfter(unit: UnitOfWork): Work<void> {
  return checkNew(unit, allowedRows)
}

/** The same of rows that could not be written: related rows are asked as they are stored. */
export function checkImages(unit: UnitOfWork): Work<void> {
  return checkNew(unit, allowedImages)
}

function* checkNew(unit: UnitOfWork, allowed: typeof allowedRows): Work<void> {
  for (const instance of unit.touched) {
    const { resource, row, before } = instance
    if (instance.deleted || instance.implied || resource.rules === null || !isAffected(instance)) continue
    const action = before ? 'write' : 'create'
    yield* demand(unit, { resource, row, guard: unit.permissions.for(resource, action), action }, allowed)
    yield* checkFields(unit, instance, row, allowed)
  }
}

function isAffected(instance: Instance): boolean {
  if (!instance.before || instance.deleted) return true
  if (changedSlots(instance).length > 0) return true
  for (const { added, removed } of instance.deltas.values()) if (added.size || removed.size) return true
  return false
}

/** Checks the fields that have rules of their own and that the caller gave a new value. */
function* checkFields(unit: UnitOfWork, instance: Instance, image: Row, allowed = allowedRows): Work<void> {
  const { resource, before } = instance
  if (!resource.rules?.fields) return
  for (const field of instance.given) {
    const guard = unit.permissions.field(resource, field.name, 'write')
    if (guard.open) continue
    const isSame = before && isUnchanged(instance, before, field)
    // A caller who can read a field may send it back unchanged. For others, guessing the value right must look like guessing it
    // wrong.
    if (isSame && (yield* isReadable(unit, resource, before, field))) continue
    yield* demand(unit, { resource, row: image, guard, action: `set ${field.name} of` }, allowed)
  }
}

/** Whether a field keeps its value. Of lists that are shown nowhere, it is not recorded what changes. */
function isUnchanged({ row, deltas }: Instance, before: Row, field: Field): boolean {
  if (field.is === 'scalar' || field.is === 'one') return before[field.slot] === row[field.slot]
  if ((field.is !== 'back' && field.is !== 'many') || !isTracked(field)) return false
  const delta = deltas.get(field.name)
  return !delta || (delta.added.size === 0 && delta.removed.size === 0)
}

function* isReadable(unit: UnitOfWork, resource: Resource, row: Row, { name }: Field): Work<boolean> {
  const guard = unit.permissions.field(resource, name, 'read')
  return guard.open || (yield* allowedRows(unit.tx, resource, [row], guard)).length > 0
}

/** What must be allowed: an action on a row in one of its states. */
interface Demand {
  readonly resource: Resource
  readonly row: Row
  readonly guard: Guard
  /** The verb for the message: `write`, `set owner of`. */
  readonly action: string
}

/** Throws ApiError `unauthenticated` or `forbidden` if the guard does not allow the row. */
export function* demand(
  unit: { readonly tx: Snapshot; readonly permissions: Permissions },
  { resource, row, guard, action }: Demand,
  allowed: typeof allowedRows = allowedRows,
): Work<void> {
  if (guard.open || (yield* allowed(unit.tx, resource, [row], guard)).length > 0) return
  throw refusal(unit, resource, action)
}

function refusal({ permissions }: { readonly permissions: Permissions }, resource: Resource, action: string): ApiError {
  const rule = ruleFor(resource, action)
  const cause = rule === null || rule === 'open' ? undefined : `rule ${resource.name}.${action}: ${printRule(rule)}`
  if (!permissions.me)
    return new ApiError('unauthenticated', {
      detail: `authenticate first: you may not ${action} this ${resource.name}`,
      cause,
    })
  return new ApiError('forbidden', { detail: `you may not ${action} this ${resource.name}`, cause })
}
