import type { ReadRow } from '../../schema/field.ts'
import type { Field, Id, Resource, Row } from '../../model/model.ts'

/**
 * A row as functions of the declaration receive it: stored fields by name, to-one relations as ids. Of other relations it has
 * the ids, but only if the function names the relation in `uses`, because they have to be loaded.
 */
export function readRow(resource: Resource, row: Row, related: ReadonlyMap<string, readonly Id[]>): ReadRow {
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  // No prototype: a field may have any name.
  for (const field of resource.columns) object[field.name] = row[field.slot]
  for (const [name, ids] of related) object[name] = isToMany(resource.field.get(name)) ? ids : (ids[0] ?? null)
  return object
}

function isToMany(field: Field | undefined): boolean {
  return field?.toMany ?? true
}
