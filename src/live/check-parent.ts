import { ApiError } from '../protocol/error.ts'
import type { Call } from '../engine/call.ts'
import { allowedRows, type Permissions } from '../engine/permissions.ts'
import type { Snapshot } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'

/** The row above a nested URI must be there for the caller. Throws ApiError `not_found`. */
export function* checkParent(snapshot: Snapshot, call: Call, permissions: Permissions): Work<void> {
  const { parent } = call
  if (!parent) return
  const row = yield* wait(snapshot.get(parent.resource, parent.id))
  const guard = permissions.read(parent.resource)
  const seen = row ? yield* allowedRows(snapshot, parent.resource, [row], guard) : []
  if (seen.length === 0) throw new ApiError('not_found', { detail: `there is no ${parent.resource.name} ${parent.id}` })
}
