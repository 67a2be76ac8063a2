import { ApiError } from '../../protocol/error.ts'
import type { BackField, Field, ManyField, OneField } from '../../model/model.ts'
import type { Work } from '../../store/work.ts'
import { allowedRows, Permissions } from './permissions.ts'
import { checkWritable } from './writable-fields.ts'
import { demand } from './write-rules.ts'
import type { Instance, Unit } from '../write/unit-of-work.ts'

/** A field that a relation is seen by from one of its sides. */
export type RelationField = OneField | BackField | ManyField

/**
 * A change of a relation is a write of both its fields. Whoever sets it from one side is held to what the declaration and
 * the rules say of the field on the other side, as if it had been named there. `asked` = the caller named the relation;
 * what the server does by itself (defaults, deletions) is not asked for.
 */
export function* checkOtherSide(
  unit: Unit,
  other: Instance,
  field: RelationField,
  asked: boolean,
  pointer: string,
): Work<void> {
  yield* checkWritable(unit, other, field, pointer)
  if (!asked || unit.permissions === Permissions.all) return
  if (field.readonly && !unit.mode.readonlyIsOneSided) throw setByServer(field, pointer)
  const guard = unit.permissions.field(other.resource, field.name, 'write')
  if (guard.open) return
  // The row as it was must allow it; as it becomes, it is asked with the other fields that were given.
  if (other.before) yield* demand(unit, other.resource, other.before, guard, `set ${field.name} of`)
  other.given.push(field)
  unit.touch(other)
}

/** Whether a caller may write a field of a row as it is, seen from both sides where it is a relation. */
export function* mayWrite(unit: Unit, instance: Instance, field: Field): Work<boolean> {
  const { permissions } = unit
  if (permissions === Permissions.all || !instance.before) return true
  const inverse = inverseOf(field)
  if (inverse && (inverse.readonly || permissions.field(inverse.owner, inverse.name, 'write').closed)) return false
  for (const access of ['read', 'write'] as const) {
    const guard = permissions.field(instance.resource, field.name, access)
    if (guard.open) continue
    if ((yield* allowedRows(unit.tx, instance.resource, [instance.before], guard)).length === 0) return false
  }
  return true
}

/** The field that shows a relation on the other side; null where there is none. */
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
