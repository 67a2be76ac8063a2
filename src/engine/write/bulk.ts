import { ApiError } from '../../protocol/error.ts'
import type { Id, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { allOf, plainShape } from '../../query/predicate.ts'
import { wait, type Work } from '../../store/work.ts'
import { narrowed } from '../rules/narrow.ts'
import type { Call, Gone, Item } from '../call/call.ts'
import { finishUnit } from './finish-unit.ts'
import { patchInstance, requireMatch, showMany } from './write-rows.ts'
import { scope, tagOfList } from '../read/read.ts'
import type { WriteEnvironment } from '../call/call-environment.ts'
import { removeAll } from './delete-rows.ts'
import type { Instance, UnitOfWork } from './unit-of-work.ts'
import { checkRead } from '../read/preconditions.ts'
import { roomToCompute } from '../read/sort-in-memory.ts'
import { tooManyBytes } from '../read/too-many-bytes.ts'

/** PATCH of a list: applies a patch to all rows that a filter selects, all or nothing. */
export function* patchRows(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Item> {
  const instances = yield* selected(unit, call, writing)
  // The conditions were about the list.
  const each: Call = { ...call, conditions: null }
  for (const instance of instances) yield* patchInstance(unit, each, instance, writing)
  yield* finishUnit(unit)
  return yield* showMany(unit, call, instances, writing)
}

/** DELETE of a list: deletes all rows that a filter selects, and what cascades from them, all or nothing. */
export function* deleteRows(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Gone> {
  const instances = yield* selected(unit, call, writing)
  const shown = call.returning ? (yield* showMany(unit, call, instances, writing)).body : null
  yield* removeAll(unit, instances)
  yield* finishUnit(unit)
  const position = writing.terms.position(unit.tx.position)
  return { kind: 'gone', resource: call.resource, position, ...(shown === null ? {} : { body: shown }) }
}

/**
 * The rows that the filter selects and the caller may see. Throws ApiError if there is no effective filter, or if too many rows
 * match.
 */
function* selected(unit: UnitOfWork, call: Call, writing: WriteEnvironment): Work<Instance[]> {
  const { resource, query } = call
  if (!resource.options.bulk)
    throw new ApiError('method_not_allowed', { detail: `rows of ${resource.name} are changed one by one` })
  // A forgotten filter must not delete everything.
  if (!query || (query.where.kind === 'constant' && query.where.value)) throw unfiltered()
  requireMatch(call)
  if (call.conditions)
    checkRead(call.conditions, yield* tagOfList(unit.tx, { ...call, shape: plainShape }, writing), null)
  const where = allOf(narrowed(resource, query.where, writing.permissions), yield* scope(unit.tx, call, writing))
  const limit = writing.bulk === Infinity ? null : writing.bulk + 1
  const { visits } = writing
  const room = roomToCompute(writing)
  let rows: readonly Row[] = yield* wait(
    unit.tx.select(resource, { where, sort: [], limit, offset: 0, cursor: null, visits, room }),
  )
  if (room?.isFull) throw tooManyBytes(writing.bounds.computed)
  if (rows.length > writing.bulk)
    throw new ApiError('too_many_items', { detail: `the filter selects more than ${writing.bulk} rows` })
  const { opaque } = writing.permissions.read(resource)
  if (opaque) rows = rows.filter(opaque)
  return yield* unit.many(
    resource,
    rows.map(row => row[ID] as Id),
  )
}

function unfiltered(): ApiError {
  const detail = 'is required: it says which rows are meant'
  return new ApiError('validation', { issues: [{ code: 'required', parameter: 'filter', detail }] })
}
