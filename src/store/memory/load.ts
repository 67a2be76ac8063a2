import { ID, type Id, type Join, type Resource, type Row } from '../../model/model.ts'
import { linked, stamped } from './apply.ts'
import { layered } from './layers.ts'
import { rowIn, tableIn, tableOf, type State } from './state.ts'

/** The state after a loading, and how many rows or pairs that were. */
export interface Loaded {
  readonly state: State
  readonly count: number
}

/** Rows without records: they share one position, which is their baseline version. */
export function loaded(state: State, resource: Resource, rows: Iterable<Row>, at: number): Loaded {
  const position = state.position + 1
  const byId = new Map<Id, Row>()
  for (const row of rows) {
    const id = row[ID] as Id
    if (byId.has(id) || rowIn(state, resource, id)) throw new Error(`${resource.name} ${id} is there already`)
    byId.set(id, stamped(row, position, at))
  }
  const table = tableOf(layered(tableIn(state, resource).rows, byId), position)
  return { state: { ...state, position, tables: new Map(state.tables).set(resource, table) }, count: byId.size }
}

/** Pairs without records of the rows that they concern. */
export function paired(state: State, join: Join, pairs: Iterable<readonly [Id, Id]>): Loaded {
  const links = Array.from(pairs, ([a, b]) => ({ join, a, b, op: 'add' as const }))
  return { state: { ...state, position: state.position + 1, joins: linked(state, links) }, count: links.length }
}
