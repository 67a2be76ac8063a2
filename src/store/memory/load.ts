import { ID, type Id, type Join, type Resource, type Row } from '../../model/model.ts'
import { orderOf } from '../../query/order.ts'
import { stamped } from './apply.ts'
import { layers } from './layers.ts'
import { pairsIn, rowsIn, tableOf, type State } from './state.ts'

/** An empty table filled: its rows share one position, which is their baseline version. */
export function loaded(
  state: State,
  resource: Resource,
  rows: Iterable<Row>,
  at: number,
): { readonly state: State; readonly count: number } {
  if (rowsIn(state, resource).length > 0)
    throw new Error(`${resource.name} has rows already: only an empty table is loaded`)
  const position = state.position + 1
  const byId = new Map<Id, Row>()
  for (const row of rows) {
    if (byId.has(row[ID] as Id)) throw new Error(`${resource.name} ${row[ID] as Id} is there twice`)
    byId.set(row[ID] as Id, stamped(row, position, at))
  }
  const tables = new Map(state.tables).set(resource, tableOf(layers(byId), position))
  return { state: { ...state, position, tables }, count: byId.size }
}

/** Pairs of a join table that is empty so far. */
export function paired(
  state: State,
  join: Join,
  pairs: Iterable<readonly [Id, Id]>,
): { readonly state: State; readonly count: number } {
  const known = pairsIn(state, join)
  if (known.a.base.size + known.a.over.size > 0)
    throw new Error(`${join.table} has pairs already: only an empty table is loaded`)
  const a = new Map<Id, Set<Id>>()
  const b = new Map<Id, Set<Id>>()
  let count = 0
  for (const [x, y] of pairs) {
    if (a.get(x)?.has(y)) continue
    count++
    into(a, x, y)
    into(b, y, x)
  }
  const joins = new Map(state.joins).set(join, { a: side(a, join.b.resource), b: side(b, join.a.resource) })
  return { state: { ...state, joins }, count }
}

function into(map: Map<Id, Set<Id>>, owner: Id, other: Id): void {
  const known = map.get(owner)
  if (known) known.add(other)
  else map.set(owner, new Set([other]))
}

function side(map: ReadonlyMap<Id, ReadonlySet<Id>>, others: Resource): ReturnType<typeof layers<Id, readonly Id[]>> {
  const order = orderOf(others.idType)
  return layers([...map].map(([owner, ids]) => [owner, [...ids].toSorted(order)] as const))
}
