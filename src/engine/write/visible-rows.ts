import type { Resource } from '../../model/model.ts'
import type { Work } from '../../store/work.ts'
import { allowedRows } from '../rules/permissions.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'

/** Those of some rows that the caller may see; rows that the same request made are visible. */
export function* visibleRows(
  unit: UnitOfWork,
  resource: Resource,
  rows: readonly Instance[],
): Work<readonly Instance[]> {
  const guard = unit.permissions.read(resource)
  if (guard.open) return rows
  const stored = rows.map(row => row.before).filter(row => row !== null)
  const seen = new Set(yield* allowedRows(unit.tx, resource, stored, guard))
  return rows.filter(row => row.before === null || seen.has(row.before))
}

/** Whether the caller may see a row. Messages name a row only then; otherwise they would reveal that it exists. */
export function* isVisible(unit: UnitOfWork, instance: Instance): Work<boolean> {
  return (yield* visibleRows(unit, instance.resource, [instance])).length > 0
}
