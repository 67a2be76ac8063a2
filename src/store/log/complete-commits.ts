import { SEQ, type Id, type Resource, type Row } from '../../model/model.ts'
import type { Change, Commit } from '../store.ts'

/**
 * Completes changes that another version of the application has recorded, which does not know all fields. It cannot have changed
 * them either, so they have the values of the next record of the row, or of the row as it is now. Returns null if that cannot be
 * said: the row has changed again after these commits, or is gone.
 */
export function completeCommits(
  commits: Commit[] | null,
  rowOf: (resource: Resource, id: Id) => Row | undefined,
): Commit[] | null {
  if (commits === null || !commits.some(({ changes }) => changes.some(({ missing }) => missing !== undefined)))
    return commits
  const known = new Map<Resource, Map<Id, Row | null>>()
  for (const { changes } of commits.toReversed()) {
    for (const change of changes.toReversed()) {
      const { resource, id, before } = change
      if (!known.has(resource)) known.set(resource, new Map())
      const rows = known.get(resource)!
      if (change.missing !== undefined) {
        const later = rows.has(id) ? rows.get(id)! : newest(rowOf(resource, id), change)
        if (later === null || change.after === null) return null
        for (const slot of change.missing) for (const row of [change.after, before]) if (row) row[slot] = later[slot]!
      }
      rows.set(id, before)
    }
  }
  return commits
}

/** The row as it is now, if this is its last change. */
const newest = (row: Row | undefined, { seq }: Change): Row | null => (row?.[SEQ] === seq ? row : null)
