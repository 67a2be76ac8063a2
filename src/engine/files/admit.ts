import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Call } from '../call/call.ts'
import { requireMatch } from '../write/write-rows.ts'
import { scope, visibleRow } from '../read/read.ts'
import type { ReadEnvironment } from '../call/call-environment.ts'
import { checkFile, checkVersion } from '../read/preconditions.ts'
import { demand } from '../rules/write-rules.ts'
import { storedFileIn } from './uploads.ts'

/**
 * Checks a call with files before its files are sent, so that clients do not upload in vain. The unit of work checks the same
 * things again later. Preconditions are skipped if the call has an idempotency key: the write may already be done, and its
 * retry must get the answer that was kept.
 */
export function* admitUpload(snapshot: Snapshot, call: Call, reading: ReadEnvironment): Work<void> {
  if (call.operation === 'create') {
    // The parent of a nested URI must exist and be visible.
    if (call.parent) yield* scope(snapshot, call, reading)
    return
  }
  const { resource, file } = call
  const row = yield* visibleRow(snapshot, call, reading)
  const at = { tx: snapshot, permissions: reading.permissions }
  yield* demand(at, { resource, row, guard: reading.permissions.for(resource, 'write'), action: 'write' })
  if (file) {
    const guard = reading.permissions.field(resource, file.name, 'write')
    yield* demand(at, { resource, row, guard, action: `set ${file.name} of` })
  }
  requireMatch(call)
  if (call.idempotencyKey) return
  if (file) checkFile(call.conditions, storedFileIn(file, row))
  else yield* checkVersion(snapshot, call, row, reading)
}
