import type { BackField, Id, ManyField, OneField, Resource, Value } from '../model/model.ts'
import { any, type Predicate } from '../query/predicate.ts'
import type { View } from '../engine/view.ts'
import type { Commit } from '../store/store.ts'

/**
 * Which rows of a view show rows that the commits changed: a predicate over the view's resource that follows its
 * relations down to the changed ids; null if none of them lies on its way.
 */
export function reachOf(view: View, commits: readonly Commit[]): Predicate | null {
  const changed = new Map<Resource, Set<Id>>()
  for (const commit of commits)
    for (const change of commit.changes) {
      let ids = changed.get(change.resource)
      if (!ids) changed.set(change.resource, (ids = new Set()))
      ids.add(change.id)
    }
  return reach(view, changed, commits)
}

function reach(
  view: View,
  changed: ReadonlyMap<Resource, ReadonlySet<Id>>,
  commits: readonly Commit[],
): Predicate | null {
  const ways: Predicate[] = []
  for (const load of view.loads) {
    if (load.kind !== 'row' && load.kind !== 'rows') continue
    const target = load.view.resource
    const ids = changed.get(target)
    if (ids) ways.push(through(load.field, isOneOf(target, ids)))
    if (ids && load.field.is === 'back') ways.push(isOneOf(view.resource, formerOwners(load.field, commits)))
    const deeper = reach(load.view, changed, commits)
    if (deeper) ways.push(through(load.field, deeper))
  }
  return ways.length ? any(...ways) : null
}

function through(field: OneField | BackField | ManyField, of: Predicate): Predicate {
  if (!field.toMany) return { kind: 'one', field: field.name, of }
  return { kind: 'many', field: field.name, quantifier: 'some', of }
}

function isOneOf(resource: Resource, ids: Iterable<Id>): Predicate {
  return { kind: 'in', field: resource.id.name, values: [...ids] as Value[], negated: false }
}

/** Rows that a changed child pointed to before: they no longer show it. */
function formerOwners(field: BackField, commits: readonly Commit[]): Set<Id> {
  const owners = new Set<Id>()
  for (const commit of commits)
    for (const change of commit.changes)
      if (change.resource === field.target && change.before && change.before[field.via.slot] !== null)
        owners.add(change.before[field.via.slot] as Id)
  return owners
}
