import { AT, SEQ, type Id, type Join, type Resource, type Row } from '../../model/model.ts'
import { orderOf } from '../../query/order.ts'
import type { Change, LinkChange, RowChange } from '../store.ts'
import { layered, lookUp, type Layers } from './layers.ts'
import { pairsIn, rowIn, tableIn, newTable, type PairIndex, type MemoryState } from './state.ts'
import { conflict, ownersAfter } from './unique.ts'

/**
 * Applies changes to a state. Returns the new state and the log records. Throws ApiError `conflict` if a unique key would be
 * used twice.
 */
export function applied(
  state: MemoryState,
  changes: readonly RowChange[],
  links: readonly LinkChange[],
  at: number,
): { readonly state: MemoryState; readonly records: readonly Change[] } {
  let position = state.position
  const touched = new Map<Resource, Map<Id, Row | undefined>>()
  const records = changes.map((change): Change => {
    const { resource, id } = change
    let rows = touched.get(resource)
    if (!rows) touched.set(resource, (rows = new Map()))
    const current = rows.has(id) ? rows.get(id) : rowIn(state, resource, id)
    if (change.op === 'create' && current) throw conflict(resource, [resource.id.name])
    if (change.op !== 'create' && !current) throw new Error(`There is no ${resource.name} ${id} to ${change.op}`)
    const after = change.after && stamped(change.after, ++position, at)
    if (!after) position++
    rows.set(id, after ?? undefined)
    return Object.freeze({ ...change, after, seq: position })
  })
  // States are never changed, only replaced: a snapshot that was taken before the commit stays what it was.
  const tables = new Map(state.tables)
  for (const [resource, rows] of touched) {
    const seq = records.findLast(record => record.resource === resource)?.seq ?? position
    const table = tableIn(state, resource)
    const owners = ownersAfter(resource, table, rows)
    tables.set(resource, newTable(layered(table.rows, rows), seq, owners))
  }
  return { state: { ...state, position, tables, joins: linked(state, links) }, records }
}

/** Copies a row, stamps it with its version and freezes it, so that nobody can change what others read. */
export function stamped(row: Row, seq: number, at: number): Row {
  const copy = row.slice()
  copy[SEQ] = seq
  copy[AT] = at
  return Object.freeze(copy) as Row
}

/** Adds and removes links. Adding an existing link or removing a missing one changes nothing. */
export function linked(state: MemoryState, links: readonly LinkChange[]): ReadonlyMap<Join, PairIndex> {
  if (links.length === 0) return state.joins
  const joins = new Map(state.joins)
  for (const link of links) {
    const { join } = link
    const pairs = joins.get(join) ?? pairsIn(state, join)
    joins.set(join, { a: changedSide(pairs.a, link, 'a'), b: changedSide(pairs.b, link, 'b') })
  }
  return joins
}

/** One side of a join after a link was added or removed: the ids that each owner has, in order. */
function changedSide(
  side: Layers<Id, readonly Id[]>,
  { join, a, b, op }: LinkChange,
  of: 'a' | 'b',
): Layers<Id, readonly Id[]> {
  const [owner, other, target] = of === 'a' ? [a, b, join.b.resource] : [b, a, join.a.resource]
  const ids = (lookUp(side, owner) ?? []).filter(id => id !== other)
  if (op === 'add') ids.push(other)
  return layered(side, new Map([[owner, ids.length > 0 ? ids.toSorted(orderOf(target.idType)) : undefined]]))
}
