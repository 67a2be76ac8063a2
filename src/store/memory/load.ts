import { ID, type Id, type Join, type Resource, type Row } from '../../model/model.ts'
import { linked, stamped } from './apply.ts'
import { layered } from './layers.ts'
import { rowIn, tableIn, newTable, type MemoryState } from './state.ts'

/** The state after loading rows or links, and how many there were. */
export interface Loaded {
  readonly state: MemoryState
  readonly count: number
}

/** Loads rows without log records. They all get one position as their first version. */
export function loaded(state: MemoryState, resource: Resource, rows: Iterable<Row>, at: number): Loaded {
  const position = state.position + 1
  const byId = new Map<Id, Row>()
  for (const row of rows) {
    const id = row[ID] as Id
    if (byId.has(id) || rowIn(state, resource, id)) throw new Error(`${resource.name} ${id} is there already`)
    byId.set(id, stamped(row, position, at))
  }
  const table = newTable(layered(tableIn(state, resource).rows, byId), position)
  return { state: { ...state, position, tables: new Map(state.tables).set(resource, table) }, count: byId.size }
}

/** Loads links of a join without log records. */
export function paired(state: MemoryState, join: Join, pairs: Iterable<readonly [Id, Id]>): Loaded {
  const links = Array.from(pairs, ([a, b]) => ({ join, a, b, op: 'add' as const }))
  return { state: { ...state, position: state.position + 1, joins: linked(state, links) }, count: links.length }
}
