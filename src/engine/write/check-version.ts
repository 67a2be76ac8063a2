import type { Resource, Row } from '../../model/model.ts'
import { noWork, type Work } from '../../store/work.ts'
import type { Conditions } from '../call/call.ts'
import type { WriteEnvironment } from '../call/call-environment.ts'
import { checkWrite } from '../read/preconditions.ts'
import { versionFor } from '../read/shown-tags.ts'
import type { UnitOfWork } from './unit-of-work.ts'

/** Refuses a write with 412 if its conditions do not hold for the row as it is; `row` is null if the write would create it. */
export function checkVersion(
  unit: UnitOfWork,
  resource: Resource,
  conditions: Conditions | null,
  row: Row | null,
  writing: WriteEnvironment,
): Work<void> {
  return conditions === null ? noWork : check(unit, resource, conditions, row, writing)
}

function* check(
  unit: UnitOfWork,
  resource: Resource,
  conditions: Conditions,
  row: Row | null,
  writing: WriteEnvironment,
): Work<void> {
  checkWrite(conditions, row && (yield* versionFor(unit.tx, resource, row, writing)))
}
