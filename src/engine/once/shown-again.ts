import { ID } from '../../model/model.ts'
import { wait, type Work } from '../../store/work.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Call, Outcome } from '../call/call.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { allowedRows } from '../rules/permissions.ts'
import { rowNotFound, showItem } from '../read/read.ts'
import { isTaggedByBody } from '../read/entity-tags.ts'
import { viewOf } from '../read/view.ts'

/**
 * A stored answer, as its caller may see it now: rights may have been withdrawn since. Where rules decide what the caller
 * sees, the rows are shown anew. Throws ApiError `not_found` for a row that is no longer visible.
 */
export function* shownAgain(snapshot: Snapshot, call: Call, reading: ReadEnvironment, kept: Outcome): Work<Outcome> {
  const { resource, shape } = call
  const guard = reading.permissions.read(resource)
  const view = viewOf(resource, shape)
  if (guard.open && !isTaggedByBody(view, reading.permissions)) return kept
  if (kept.kind === 'gone') {
    const { body: _, ...rest } = kept
    return rest
  }
  if (kept.kind !== 'item') return kept
  const rows = yield* wait(snapshot.many(resource, kept.ids))
  const seen = new Set(yield* allowedRows(snapshot, resource, rows, guard))
  const bodies: string[] = []
  let last: Outcome = kept
  for (const id of kept.ids) {
    const row = rows.find(one => one[ID] === id)
    if (!row || !seen.has(row)) throw rowNotFound(resource, id)
    const item = yield* showItem(snapshot, view, row, reading)
    bodies.push(item.body)
    last = { ...item, created: kept.created, position: kept.position, replayed: true }
  }
  // An array has no tag, also if there is one row in it.
  return kept.etag === null ? { ...kept, body: `[${bodies.join()}]` } : last
}
