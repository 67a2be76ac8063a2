import { isComposed } from '../../model/key-text.ts'
import { ApiError, pointer, type Issue } from '../../protocol/error.ts'
import type { Work } from '../../store/work.ts'
import { Permissions } from '../rules/permissions.ts'
import { hashInPlace, requireHashes } from '../passwords/unhashed-passwords.ts'
import { rowFor } from '../rules/writable-fields.ts'
import { moment } from './set-fields.ts'
import { checkAfter, checkBefore, checkImages } from '../rules/write-rules.ts'
import { settleLedger } from '../files/ledger.ts'
import { placedConflict } from './place-conflict.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'

/** Ends a unit of work: checks required relations, checks and rules on the changed rows, then hands everything to the store. */
export function* finishUnit(unit: UnitOfWork): Work<void> {
  const issues: Issue[] = []
  let ruled = false
  for (const instance of unit.touched) {
    const { resource, row, place } = instance
    ruled ||= resource.rules !== null
    if (!unit.isChanged(instance)) continue
    for (const field of resource.columns) {
      // Fields declared with `t.now({ on: 'write' })`; a new row has the time already.
      if (field.is === 'scalar') {
        if (instance.before && field.def.now === 'write') row[field.slot] = moment(field, unit.ctx.now)
      } else if (!field.nullable && row[field.slot] === null) {
        const detail = `${resource.name} must have a ${field.name}`
        issues.push({ code: 'required', pointer: place + field.pointer, detail })
      }
    }
    if (resource.options.foreign !== null) checkKey(instance, issues)
    if (resource.checks.length > 0) yield* checkRow(unit, instance, issues)
  }
  // All faults of all rows are told together: a client that learns them one by one sends the request as often.
  if (issues.length) throw new ApiError('validation', { issues })
  if (unit.ledger !== null) yield* settleLedger(unit, unit.ledger)
  ruled &&= unit.permissions !== Permissions.all
  // Rules are checked twice: on the rows as they were, before the store is written, and as they are now, after it.
  if (ruled) yield* checkBefore(unit)
  if (unit.taken !== null) {
    if (ruled) yield* checkImages(unit)
    throw unit.taken
  }
  if (unit.unhashed !== null) yield* hashInPlace(unit)
  try {
    yield* unit.flush()
  } catch (error) {
    // A conflict reveals another row: a caller who may not make or change this one is told that instead.
    if (ruled && error instanceof ApiError && error.code === 'conflict') yield* checkImages(unit)
    throw yield* placedConflict(unit, error)
  }
  if (ruled) yield* checkAfter(unit)
  if (unit.unhashed !== null) requireHashes(unit)
}

/** The key of a row is where it is found, by its URI and by other rows: it stays. */
function checkKey({ resource, before, row }: Instance, issues: Issue[]): void {
  const foreign = resource.options.foreign!
  if (before === null || !isComposed(foreign)) return
  for (const field of resource.columns)
    if (field !== resource.id && foreign.key.includes(field.column) && row[field.slot] !== before[field.slot])
      issues.push({ code: 'read_only', pointer: `#${field.pointer}`, detail: 'is part of the key, which stays' })
}

function* checkRow(unit: UnitOfWork, instance: Instance, issues: Issue[]): Work<void> {
  for (const check of instance.resource.checks) {
    const verdict = check(yield* rowFor(unit, instance, null), unit.ctx)
    if (verdict === true) continue
    if (typeof verdict === 'string') issues.push({ code: 'check', pointer: instance.place, detail: verdict })
    else
      for (const [field, detail] of Object.entries(verdict))
        issues.push({ code: 'check', pointer: pointer(instance.place, field), detail })
  }
}
