import type { ReadRow } from '../../schema/field.ts'
import type { Field, Id, Resource, Row } from '../../model/model.ts'

/**
 * A row as functions of the declaration see it: stored fields by name, to-one as id, and of the other
 * relations the ids that were loaded because the function names them in `uses`.
 */
export function readRow(resource: Resource, row: Row, related: ReadonlyMap<string, readonly Id[]>): ReadRow {
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const field of resource.columns) object[field.name] = row[field.slot]
  for (const [name, ids] of related) object[name] = isToMany(resource.field.get(name)) ? ids : (ids[0] ?? null)
  return object
}

function isToMany(field: Field | undefined): boolean {
  return field?.toMany ?? true
}
