import { ApiError } from '../../protocol/error.ts'
import type { Field, Id } from '../../model/model.ts'
import { noWork, type Work } from '../../store/work.ts'
import { relatedIdsIn } from '../write/related-ids.ts'
import { readRow } from '../read/row-for-functions.ts'
import type { Instance, UnitOfWork } from '../write/unit-of-work.ts'

/**
 * Refuses to change a field that is declared as not writable. If `writable` is a function, it decides by the row before this
 * change.
 */
export function checkWritable(unit: UnitOfWork, instance: Instance, field: Field, pointer: string): Work<void> {
  return field.writable === true ? noWork : ask(unit, instance, field, pointer)
}

function* ask(unit: UnitOfWork, instance: Instance, field: Field, pointer: string): Work<void> {
  const { writable } = field
  if (typeof writable === 'function' && writable(yield* rowFor(unit, instance, field.uses), unit.ctx)) return
  throw new ApiError('read_only', {
    issues: [{ code: 'read_only', pointer, detail: `${instance.resource.name}.${field.name} may not be changed` }],
    members: { field: `${instance.resource.name}.${field.name}` },
  })
}

/** The row as functions of the declaration receive it, with the related ids that they name in `uses`. */
export function* rowFor(
  unit: UnitOfWork,
  instance: Instance,
  uses: readonly string[] | null,
): Work<Readonly<Record<string, unknown>>> {
  const related = new Map<string, Id[]>()
  for (const name of uses ?? []) {
    const field = instance.resource.field.get(name)
    if (field?.is === 'back' || field?.is === 'many')
      related.set(name, [...(yield* relatedIdsIn(unit, instance, field))].toSorted(ascending))
  }
  return readRow(instance.resource, instance.row, related)
}

function ascending(a: Id, b: Id): number {
  return a < b ? -1 : a > b ? 1 : 0
}
