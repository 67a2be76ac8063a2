import type { Model } from '../model/model.ts'
import type { Limits } from '../protocol/limits.ts'
import type { CursorKey } from '../query/cursor.ts'
import { authorize } from './authorize.ts'
import type { Gate } from './gate.ts'
import type { Check } from './invocation.ts'
import { contextOf } from './read-row.ts'
import type { Bounds } from './related.ts'
import type { NewId } from './write.ts'

/** gate: what callers pass before rules are asked; null where nothing is asked of anybody. */
export function gating(gate: Gate, model: Model): Check | null {
  const isOpen =
    gate.isOpen && [...model.resources.values(), ...model.standalone.values()].every(one => !one.permissions)
  return isOpen ? null : ({ call, isFollowed }) => gate.pass(call, isFollowed)
}

export interface AdmitOptions {
  readonly store: { readonly epoch: string }
  readonly limits: Limits
  readonly clock: () => number
  readonly gate: Gate
  readonly cursorKey: CursorKey
  readonly newId: NewId
}

const unbounded: Bounds = { ids: null, rows: null, total: Infinity }

/**
 * authorise: refuses what the caller may do with no row, and gathers what the operation needs beside the call: what of
 * the resource the caller may see, the time, and the bounds of what one call may ask.
 */
export function admitting({ store, limits, clock, gate, cursorKey, newId }: AdmitOptions): Check {
  const { sortedRows } = limits
  const bounded: Bounds = { ids: limits.relatedIds, rows: limits.maxPage, total: limits.expandedRows }
  return invocation => {
    const { call } = invocation
    invocation.writing = {
      epoch: store.epoch,
      ctx: contextOf(call.principal, call.auth, clock()),
      bounds: call.unbounded ? unbounded : bounded,
      sortedRows,
      cursorKey,
      permissions: authorize(call, gate.closes(call.resource)),
      newId,
      values: call.unbounded ? null : limits,
      bulk: call.unbounded ? Infinity : limits.bulk,
      hashes: null,
    }
  }
}
