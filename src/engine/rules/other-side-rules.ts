import { ApiError } from '../../protocol/error.ts'
import type { Field, Id, RelationField } from '../../model/model.ts'
import type { Work } from '../../store/work.ts'
import { allowedRows, Permissions } from './permissions.ts'
import { checkWritable } from './writable-fields.ts'
import { demand } from './write-rules.ts'
import { relatedIdsIn } from '../write/related-ids.ts'
import type { Instance, UnitOfWork } from '../write/unit-of-work.ts'

/** Why a row is changed that the body does not name. */
export interface Cause {
  /** The caller named the relation; otherwise the server does it by itself (defaults, deletions). */
  readonly asked: boolean
  /** Where the body names it. */
  readonly pointer: string
}

/**
 * Checks the field on the other side of a relation that a write changes. Such a change writes both fields, so the declaration
 * and the rules of the other field apply as if the caller had named it. What the server does by itself is not checked by rules.
 */
export function* checkOtherSide(
  unit: UnitOfWork,
  other: Instance,
  field: RelationField,
  { asked, pointer }: Cause,
): Work<void> {
  yield* checkWritable(unit, other, field, pointer)
  if (!asked || unit.permissions === Permissions.all) return
  if (field.readonly && !unit.mode.readonlyIsOneSided) throw setByServer(field, pointer)
  const guard = unit.permissions.field(other.resource, field.name, 'write')
  if (guard.open) return
  // The row as it was must allow the change. The row as it becomes is checked at the end, with the other given fields.
  const { resource, before } = other
  if (before) yield* demand(unit, { resource, row: before, guard, action: `set ${field.name} of` })
  other.given.push(field)
  unit.touch(other)
}

/** Whether a caller may write a field of a row. For a relation, the fields on both sides must allow it. */
export function* mayWrite(unit: UnitOfWork, instance: Instance, field: Field): Work<boolean> {
  const { permissions } = unit
  if (permissions === Permissions.all || !instance.before) return true
  const inverse = field.is === 'one' && field.symmetric ? field : inverseOf(field)
  if (inverse && (inverse.readonly || permissions.field(inverse.owner, inverse.name, 'write').closed)) return false
  // A field that the caller cannot read must not be reset by a PUT that leaves it out.
  for (const access of ['read', 'write'] as const) {
    const guard = permissions.field(instance.resource, field.name, access)
    if (guard.open) continue
    if ((yield* allowedRows(unit.tx, instance.resource, [instance.before], guard)).length === 0) return false
  }
  return inverse === null || (yield* maySetOthers(unit, instance, field as RelationField, inverse))
}

/** Whether the caller may set the other field of a relation in all rows that are related now. */
function* maySetOthers(unit: UnitOfWork, instance: Instance, field: RelationField, inverse: Field): Work<boolean> {
  const guard = unit.permissions.field(inverse.owner, inverse.name, 'write')
  if (guard.open) return true
  const related =
    field.is === 'one' ? [instance.row[field.slot] as Id | null] : yield* relatedIdsIn(unit, instance, field)
  const ids = [...related].filter(id => id !== null)
  const rows = (yield* unit.many(inverse.owner, ids)).map(row => row.before).filter(row => row !== null)
  return (yield* allowedRows(unit.tx, inverse.owner, rows, guard)).length === rows.length
}

/** The field that shows a relation from the other side; null if there is none. */
function inverseOf(field: Field): Field | null {
  switch (field.is) {
    case 'one':
    case 'many':
      return field.inverse
    case 'back':
      return field.via
    default:
      return null
  }
}

function setByServer(field: RelationField, pointer: string): ApiError {
  const name = `${field.owner.name}.${field.name}`
  return new ApiError('read_only', {
    issues: [{ code: 'read_only', pointer, detail: `${name} is set by the server, from either side` }],
    members: { field: name },
  })
}
