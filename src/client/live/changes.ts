import type { Id } from '../call.ts'
import type { LiveChange } from '../types/live.ts'
import { idIn, type Row } from './order.ts'

/** What is different between two states of a query: what left, then what entered or changed, in its order. */
export function changesBetween(before: readonly Row[], after: readonly Row[]): LiveChange<Row, Id>[] {
  const former = new Map(before.map(row => [idIn(row), row]))
  const changes: LiveChange<Row, Id>[] = []
  for (const row of after) {
    const id = idIn(row)
    const known = former.get(id)
    if (known !== row) changes.push({ kind: known ? 'change' : 'enter', id, row })
    former.delete(id)
  }
  return [...[...former.keys()].map(id => ({ kind: 'leave' as const, id, row: null })), ...changes]
}
