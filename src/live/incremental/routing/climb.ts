import { ID, type Id, type OneField, type Value } from '../../../model/model.ts'
import { wait, type Work } from '../../../store/work.ts'
import { valuesAt, type RelationPath } from './path.ts'
import type { Predicate } from '../../../query/predicate.ts'
import type { RoutingPlan, PlanNode } from './plan.ts'
import type { Step } from '../step/step.ts'

/** Whether any group is found at a value of a path. */
export type Lookup = (path: RelationPath, value: Value) => boolean

/** The changed rows of each node. The value has the names of changed id lists; null = more than lists changed. */
type Hits = Map<PlanNode, Map<Id, Set<string> | null>>

/**
 * Finds the root rows that a step may move because other rows changed. From each changed row, it climbs back along the
 * relations that lead to it. If the values on the way lead to no group, the climb ends at once.
 */
export function* climb(plan: RoutingPlan, step: Step, lookup: Lookup): Work<Set<Id>> {
  const hits = hitsOf(plan, step)
  const reached = new Set<Id>()
  if (hits.size > 0) yield* climbTo(plan.root, { step, lookup, hits }, reached)
  return reached
}

/** A climb from the changed rows of one step. */
interface Climb {
  readonly step: Step
  readonly lookup: Lookup
  readonly hits: Hits
}

/** Finds the places in the plan at which changed rows are read. */
function hitsOf(plan: RoutingPlan, { touched }: Step): Hits {
  const hits: Hits = new Map()
  for (const [resource, rows] of touched) {
    const nodes = plan.nodesOf(resource)
    const toldBy = plan.toldBy(resource)
    if (nodes.length === 0 && toldBy.length === 0) continue
    for (const [id, { changes }] of rows)
      for (const change of changes) {
        for (const node of nodes) {
          const isRead =
            node.readsAll || !change.before || !change.after || change.changed.some(slot => node.slots.has(slot))
          // Changed rows of the root itself are looked up directly, by their images.
          if (node.parent !== null && isRead) hit(hits, node, id, null)
          for (const { field } of change.lists) if (node.lists.has(field)) hit(hits, node, id, field)
        }
        for (const { field: name, added, removed } of change.lists)
          for (const { field, list, node } of toldBy)
            if (field === name) for (const other of [...added, ...removed]) hit(hits, node, other, list)
      }
  }
  return hits
}

function hit(hits: Hits, node: PlanNode, id: Id, list: string | null): void {
  let rows = hits.get(node)
  if (!rows) hits.set(node, (rows = new Map()))
  const lists = rows.get(id)
  if (list === null) rows.set(id, null)
  else if (lists === undefined) rows.set(id, new Set([list]))
  else lists?.add(list)
}

/** Adds the rows of a node that may be affected by changes at the node or below it. */
function* climbTo(node: PlanNode, on: Climb, into: Set<Id>): Work<void> {
  const { step } = on
  const own = on.hits.get(node)
  if (own && node.parent === null) for (const id of own.keys()) into.add(id)
  else if (own)
    for (const [id, lists] of own)
      if (node.isOpen || (yield* step.present.settled(() => leadsToGroup(node, id, lists, on)))) into.add(id)
  for (const child of node.children.values()) {
    const below = new Set<Id>()
    yield* climbTo(child, on, below)
    if (below.size > 0) yield* ownersOf(child, below, step, into)
  }
}

/**
 * Adds the rows that lead to the given rows by a relation. The snapshot has the present ones. Those that did so only before or
 * between the step's commits are found among the changed rows and links.
 */
function* ownersOf({ step: relation, parent }: PlanNode, ids: ReadonlySet<Id>, step: Step, into: Set<Id>): Work<void> {
  if (!relation || !parent) return // the rows of the group itself
  const { present, history } = step
  if (relation.is === 'one') {
    const isRoot = parent.parent === null
    if (!isRoot || !(yield* rowsOf(relation, ids, step, into)))
      for (const [, id] of yield* wait(present.snapshot.children(relation, [...ids], null))) into.add(id)
    if (history.rows.has(relation.owner))
      for (const id of ids) for (const owner of history.pointingTo(relation, id) ?? []) into.add(owner)
  } else if (relation.is === 'many') {
    const { join, side } = relation
    const other = side === 'a' ? 'b' : 'a'
    for (const [, id] of yield* wait(present.snapshot.pairs(join, other, [...ids], null))) into.add(id)
    const changed = history.pairs.get(join)?.[other]
    if (changed) for (const id of ids) for (const owner of changed.get(id)?.keys() ?? []) into.add(owner)
  } else {
    const { target, via } = relation
    yield* present.load(target, ids)
    for (const id of yield* present.settled(() => {
      const owners: Id[] = []
      for (const id of ids)
        for (const row of [step.before.row(target, id), step.after.row(target, id)]) {
          const owner = row?.[via.slot]
          if (owner !== null && owner !== undefined) owners.push(owner as Id)
        }
      return owners
    }))
      into.add(id)
  }
}

/** Reads rows that will be needed next. False if there are too many for one read. */
function* rowsOf(via: OneField, ids: ReadonlySet<Id>, { present }: Step, into: Set<Id>): Work<boolean> {
  const [first, ...others] = ids
  if (first === undefined) return true
  const where: Predicate =
    others.length === 0
      ? { kind: 'compare', op: 'eq', field: via.name, value: first }
      : { kind: 'in', field: via.name, values: [...ids], negated: false }
  const select = { where, sort: [], limit: AT_ONCE, offset: 0, cursor: null }
  const rows = yield* wait(present.snapshot.select(via.owner, select))
  for (const row of rows) {
    const id = row[ID] as Id
    present.know(via.owner, id, row)
    into.add(id)
  }
  return rows.length < AT_ONCE
}

/** The most rows that are read at once. */
const AT_ONCE = 2_000

/** Whether the values of a changed row, before or after the change, lead to any group. */
function leadsToGroup(node: PlanNode, id: Id, lists: Set<string> | null, { step, lookup }: Climb): boolean {
  const before = step.before.row(node.resource, id)
  const after = step.after.row(node.resource, id)
  for (const [path, isSole] of node.cover) {
    const { end, steps } = path
    if (lists && isSole && steps.length === node.depth && end.is === 'many') {
      // Only the ids that were added or removed matter.
      if (!lists.has(end.name)) continue
      for (const other of step.history.pairs.get(end.join)?.[end.side].get(id)?.keys() ?? [])
        if (lookup(path, other)) return true
      continue
    }
    const values = new Set<Value>()
    if (before) valuesAt(path, before, step.before, values, node.depth)
    if (after) valuesAt(path, after, step.after, values, node.depth)
    for (const value of values) if (lookup(path, value)) return true
  }
  return false
}
