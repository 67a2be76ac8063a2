import { ID, type Id, type Join, type Model, type Resource, type Row, type Value } from '../../model/model.ts'
import { orderOf } from '../../query/order.ts'
import { entriesOf, layers, lookUp, type Layers } from './layers.ts'
import type { Owners } from './unique.ts'

/** Everything at one position. Immutable: a write makes another, whoever reads this one keeps it. */
export interface State {
  readonly position: number
  readonly tables: ReadonlyMap<Resource, Table>
  readonly joins: ReadonlyMap<Join, Pairs>
  readonly kept: Layers<string, Kept>
}

/** A text that is kept for a while, beside the rows. */
export interface Kept {
  readonly text: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

export interface Table {
  readonly rows: Layers<Id, Row>
  /** seq of the last change to any row. */
  readonly changed: number
  /** Made when first asked for. */
  readonly derived: {
    sorted: readonly Row[] | null
    readonly bySlot: Map<number, ReadonlyMap<Value, readonly Row[]>>
    owners: readonly Owners[] | null
  }
}

/** The others of each id, ascending, from both sides. */
export interface Pairs {
  readonly a: Layers<Id, readonly Id[]>
  readonly b: Layers<Id, readonly Id[]>
}

export function emptyState(model: Model): State {
  return {
    position: 0,
    tables: new Map([...model.resources.values()].map(resource => [resource, tableOf(layers(), 0)])),
    joins: new Map(model.joins.map(join => [join, { a: layers(), b: layers() }])),
    kept: layers(),
  }
}

export function tableOf(rows: Layers<Id, Row>, changed: number, owners: readonly Owners[] | null = null): Table {
  return { rows, changed, derived: { sorted: null, bySlot: new Map(), owners } }
}

export function tableIn(state: State, resource: Resource): Table {
  const table = state.tables.get(resource)
  if (!table) throw new Error(`${resource.name} is not part of the model that was opened`)
  return table
}

export function pairsIn(state: State, join: Join): Pairs {
  const pairs = state.joins.get(join)
  if (!pairs) throw new Error(`${join.table} is not part of the model that was opened`)
  return pairs
}

export function rowIn(state: State, resource: Resource, id: Id): Row | undefined {
  return lookUp(tableIn(state, resource).rows, id)
}

/** All rows by ascending id. */
export function rowsIn(state: State, resource: Resource): readonly Row[] {
  const { rows, derived } = tableIn(state, resource)
  const order = orderOf(resource.idType)
  return (derived.sorted ??= entriesOf(rows)
    .map(([, row]) => row)
    .toSorted((x, y) => order(x[ID]!, y[ID]!)))
}

/** The rows that hold a value in a slot, by ascending id. */
export function rowsWith(state: State, resource: Resource, slot: number, value: Value): readonly Row[] {
  const { bySlot } = tableIn(state, resource).derived
  let index = bySlot.get(slot)
  if (!index) bySlot.set(slot, (index = Map.groupBy(rowsIn(state, resource), row => row[slot]!)))
  return index.get(value) ?? none
}

const none: readonly Row[] = []

/** The ids at the other side, ascending. */
export function othersIn(state: State, join: Join, from: 'a' | 'b', owner: Id): readonly Id[] {
  return lookUp(pairsIn(state, join)[from], owner) ?? noIds
}

const noIds: readonly Id[] = []
