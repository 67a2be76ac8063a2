import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Call } from '../call/call.ts'
import { requireMatch } from '../write/write-rows.ts'
import { scope, visibleRow } from '../read/read.ts'
import type { Reading } from '../call/call-environment.ts'
import { checkFile, checkWrite } from '../read/entity-tags.ts'
import { demand } from '../rules/write-rules.ts'
import { fileIn } from './uploads.ts'

/**
 * Asks of the row what will be asked again when its files are there, so that whoever may not send them is told before they
 * are sent. Conditions of a call with a key are left to the end: it may be the repetition of one that was done.
 */
export function* admitUpload(snapshot: Snapshot, call: Call, reading: Reading): Work<void> {
  if (call.operation === 'create') {
    // The parent of a nested URI is there, and visible.
    if (call.parent) yield* scope(snapshot, call, reading)
    return
  }
  const { resource, file } = call
  const row = yield* visibleRow(snapshot, call, reading)
  const at = { tx: snapshot, permissions: reading.permissions }
  yield* demand(at, resource, row, reading.permissions.for(resource, 'write'), 'write')
  if (file) {
    const guard = reading.permissions.field(resource, file.name, 'write')
    yield* demand(at, resource, row, guard, `set ${file.name} of`)
  }
  requireMatch(call)
  if (call.idempotencyKey) return
  if (file) checkFile(call.conditions, fileIn(file, row))
  else checkWrite(call.conditions, reading.epoch, row)
}
