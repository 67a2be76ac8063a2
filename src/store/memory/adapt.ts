import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { FIRST, type Field, type Join, type Model, type Resource, type Row, type Value } from '../../model/model.ts'
import { entriesOf, layers } from './layers.ts'
import { emptyState, rowsIn, newTable, type PairIndex, type MemoryState, type Table } from './state.ts'

/**
 * Moves a state to another model. Tables and columns are matched by their stored names, as a database would do. Throws one
 * Error with all faults if data would be lost or a value is missing.
 */
export function adapted(state: MemoryState, from: Model, to: Model): MemoryState {
  const faults: string[] = []
  const empty = emptyState(to)
  const former = new Map([...from.resources.values()].map(resource => [resource.table, resource]))
  const tables = new Map<Resource, Table>(empty.tables)
  for (const resource of to.resources.values()) {
    const before = former.get(resource.table)
    if (before) tables.set(resource, { ...adaptedTable(state, before, resource, faults) })
    former.delete(resource.table)
  }
  for (const [table, resource] of former) {
    if (rowsIn(state, resource).length > 0)
      faults.push(`${table}: the model lacks it, but it has rows. Declare it or delete them.`)
  }
  const joins = new Map<Join, PairIndex>(empty.joins)
  for (const join of to.joins) {
    const known = from.joins.find(other => other.table === join.table)
    if (known) joins.set(join, getOrThrow(state.joins, known))
  }
  if (faults.length > 0) throw new Error(`The data does not fit the model:\n${faults.join('\n')}`)
  return { position: state.position, tables, joins, kept: state.kept }
}

function adaptedTable(state: MemoryState, from: Resource, to: Resource, faults: string[]): Table {
  const rows = rowsIn(state, from)
  const sources = to.columns.map(field => {
    const known = from.columns.find(column => column.column === field.column)
    if (known) return { slot: known.slot, value: null }
    const value = absentValue(field)
    if (value === undefined && rows.length > 0) {
      faults.push(`${to.table}.${field.column}: its rows have no value for it. Make it nullable or give it a default.`)
    }
    return { slot: -1, value: value ?? null }
  })
  for (const column of from.columns) {
    const isKept = to.columns.some(field => field.column === column.column)
    if (!isKept && rows.some(row => row[column.slot] !== null)) {
      faults.push(
        `${from.table}.${column.column}: the model lacks it, but it has values. Declare it or set them to null.`,
      )
    }
  }
  const { changed } = getOrThrow(state.tables, from)
  const [id, ...others] = sources
  const moved = entriesOf(getOrThrow(state.tables, from).rows).map(([key, row]) => {
    const rest = others.map(source => (source.slot < 0 ? source.value : row[source.slot]!))
    return [key, Object.freeze([row[id!.slot]!, ...row.slice(1, FIRST), ...rest]) as Row] as const
  })
  return newTable(layers(moved), changed)
}

/** The value of a field in rows that were stored without it; undefined if there is none. */
export function absentValue(field: Field): Value | undefined {
  if (field.default && 'value' in field.default) return field.default.value as Value
  return field.nullable ? null : undefined
}
