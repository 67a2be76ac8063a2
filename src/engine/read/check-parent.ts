import { ApiError } from '../../protocol/error.ts'
import type { Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import type { CallTarget } from '../call/call.ts'
import { allowedRows, type Permissions } from '../rules/permissions.ts'

/**
 * Checks the row above a nested URI such as `/project/1/members`. The caller must be allowed to see the row and the field that
 * the URI names: if a rule hides a field in bodies, it is not found below the row either. Throws ApiError `not_found`.
 */
export function* checkParent(snapshot: Snapshot, { parent }: CallTarget, permissions: Permissions): Work<void> {
  if (!parent) return
  const { resource, id, field } = parent
  const row = yield* wait(snapshot.get(resource, id))
  const seen = row ? yield* allowedRows(snapshot, resource, [row], permissions.read(resource)) : []
  if (seen.length === 0) throw new ApiError('not_found', { detail: `there is no ${resource.name} ${id}` })
  const shown = yield* allowedRows(snapshot, resource, seen, permissions.field(resource, field.name, 'read'))
  if (shown.length === 0) throw new ApiError('not_found')
}
