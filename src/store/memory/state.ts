import { ID, type Id, type Join, type Model, type Resource, type Row, type Value } from '../../model/model.ts'
import { orderOf } from '../../query/order.ts'
import { entriesOf, layers, lookUp, type Layers } from './layers.ts'
import type { Owners } from './unique.ts'

/** All data at one position. It is immutable: a write makes a new state, and readers keep the one that they have. */
export interface MemoryState {
  readonly position: number
  readonly tables: ReadonlyMap<Resource, Table>
  readonly joins: ReadonlyMap<Join, PairIndex>
  readonly kept: Layers<string, ExpiringText>
}

/** A text that is kept for some time, beside the rows. */
export interface ExpiringText {
  readonly text: string
  /** When it expires, in milliseconds since 1970. */
  readonly until: number
}

export interface Table {
  readonly rows: Layers<Id, Row>
  /** The seq of the last change to any of its rows. */
  readonly changed: number
  /** Computed from the rows when first needed. */
  readonly derived: {
    sorted: readonly Row[] | null
    readonly bySlot: Map<number, ReadonlyMap<Value, readonly Row[]>>
    owners: readonly Owners[] | null
  }
}

/** For each id, the linked ids in ascending order, from both sides of the join. */
export interface PairIndex {
  readonly a: Layers<Id, readonly Id[]>
  readonly b: Layers<Id, readonly Id[]>
}

/** The state of a new store: position 0, and all tables and joins of the model without rows. */
export function emptyState(model: Model): MemoryState {
  return {
    position: 0,
    tables: new Map([...model.resources.values()].map(resource => [resource, newTable(layers(), 0)])),
    joins: new Map(model.joins.map(join => [join, { a: layers(), b: layers() }])),
    kept: layers(),
  }
}

/**
 * A table with these rows. `changed` is the position of its last change. Everything derived from the rows is made when it is
 * first needed.
 */
export function newTable(rows: Layers<Id, Row>, changed: number, owners: readonly Owners[] | null = null): Table {
  return { rows, changed, derived: { sorted: null, bySlot: new Map(), owners } }
}

/** The table of a resource. Throws Error for a resource of another model. */
export function tableIn(state: MemoryState, resource: Resource): Table {
  const table = state.tables.get(resource)
  if (!table) throw new Error(`${resource.name} is not part of the model that was opened`)
  return table
}

/** The pairs of a join, by either side. Throws Error for a join of another model. */
export function pairsIn(state: MemoryState, join: Join): PairIndex {
  const pairs = state.joins.get(join)
  if (!pairs) throw new Error(`${join.table} is not part of the model that was opened`)
  return pairs
}

/** A row by its id; undefined if there is none. The row is frozen and may be handed out as it is. */
export function rowIn(state: MemoryState, resource: Resource, id: Id): Row | undefined {
  return lookUp(tableIn(state, resource).rows, id)
}

/** Those of some rows that exist, in the order of the ids. */
export function rowsOf(state: MemoryState, resource: Resource, ids: readonly Id[]): Row[] {
  return ids.map(id => rowIn(state, resource, id)).filter(row => row !== undefined)
}

/** All rows, in ascending order of id. */
export function rowsIn(state: MemoryState, resource: Resource): readonly Row[] {
  const { rows, derived } = tableIn(state, resource)
  const order = orderOf(resource.idType)
  return (derived.sorted ??= entriesOf(rows)
    .map(([, row]) => row)
    .toSorted((x, y) => order(x[ID]!, y[ID]!)))
}

/** The rows that have a value in a slot, in ascending order of id. The index is built when a slot is first asked for. */
export function rowsWith(state: MemoryState, resource: Resource, slot: number, value: Value): readonly Row[] {
  const { bySlot } = tableIn(state, resource).derived
  let index = bySlot.get(slot)
  if (!index) bySlot.set(slot, (index = Map.groupBy(rowsIn(state, resource), row => row[slot]!)))
  return index.get(value) ?? none
}

const none: readonly Row[] = []

/** The ids that are linked to an owner, in ascending order. */
export function othersIn(state: MemoryState, join: Join, from: 'a' | 'b', owner: Id): readonly Id[] {
  return lookUp(pairsIn(state, join)[from], owner) ?? noIds
}

const noIds: readonly Id[] = []
