import { FIRST, SEQ, type Row, type Value } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { RowChange } from '../store.ts'

/** A change with the row as it is stored now; its `after` gets the values. Throws ApiError `conflict` if it was not made. */
export function readBack(change: RowChange, stored: Row | undefined): RowChange {
  const { before, after } = change
  const isOwn = change.resource.options.foreign === null
  // A row of our own has its version in it, which every write changes.
  const isKept = after === null ? stored === undefined : stored !== undefined && (!isOwn || stored[SEQ] === after[SEQ])
  if (!isKept) {
    const detail = 'the database did not keep the change: one of its triggers prevents it'
    throw new ApiError('conflict', { issues: [{ code: 'check', pointer: '#', detail }] })
  }
  if (after === null || stored === undefined) return change
  for (let slot = FIRST; slot < after.length; slot++) after[slot] = stored[slot] ?? null
  return before === null ? change : { ...change, changed: differing(before, after) }
}

/** Slots whose values differ. */
export function differing(before: Row, after: Row): number[] {
  const slots: number[] = []
  for (let slot = FIRST; slot < after.length; slot++)
    if (!isSame(before[slot] ?? null, after[slot] ?? null)) slots.push(slot)
  return slots
}

function isSame(a: Value, b: Value): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
}
