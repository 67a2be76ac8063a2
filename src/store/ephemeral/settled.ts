import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ID, type BackField, type Field, type Id, type OneField, type Resource, type Row } from '../../model/model.ts'
import { allOf, anyOf, everything, negate, nothing, type Predicate } from '../../query/predicate.ts'
import type { Snapshot } from '../store.ts'
import { wait, type Work } from '../work.ts'
import { isEphemeral } from './sides.ts'
import { signs } from '../../query/evaluate.ts'

/**
 * Prepares a predicate for one side, stored or ephemeral rows. Parts about rows on the other side are evaluated there and
 * replaced by the ids that match. A predicate that stays on its side is returned unchanged.
 */
export function* settled(snapshot: Snapshot, resource: Resource, where: Predicate): Work<Predicate> {
  if (!leaves(resource, where)) return where
  switch (where.kind) {
    case 'and': {
      // Conditions on the row itself come first: the fewer rows are left, the less is asked of the other side.
      const own = allOf(...where.of.filter(part => !leaves(resource, part)))
      const parts = [own]
      for (const part of where.of)
        if (leaves(resource, part)) parts.push(yield* settledPart(snapshot, resource, part, own))
      return allOf(...parts)
    }
    case 'or': {
      const parts: Predicate[] = []
      for (const part of where.of) parts.push(yield* settled(snapshot, resource, part))
      return anyOf(...parts)
    }
    case 'not':
      return negate(yield* settled(snapshot, resource, where.of))
    default:
      return yield* settledPart(snapshot, resource, where, everything)
  }
}

/** Evaluates one part. `among` is what the rows must satisfy as well. */
function* settledPart(snapshot: Snapshot, resource: Resource, where: Predicate, among: Predicate): Work<Predicate> {
  if (where.kind === 'size')
    return yield* settledCount(snapshot, countedIn(resource, where.field), everything, size => size === where.value)
  if (where.kind !== 'one' && where.kind !== 'many') return yield* settled(snapshot, resource, where)
  const field = getOrThrow(resource.field, where.field)
  const target = field.target as Resource
  if (isEphemeral(target) === isEphemeral(resource)) return { ...where, of: yield* settled(snapshot, target, where.of) }
  if (field.is === 'one') return yield* settledOne(snapshot, field, where.of, among)
  if (where.kind === 'many' && where.quantifier === 'count') {
    const { field: name, of, op, value } = where
    return yield* settledCount(snapshot, countedIn(resource, name), of, size => signs[op](size - value))
  }
  // Rows on the other side refer to this one by `via`: find those that match, and take their owners.
  const quantifier = where.kind === 'one' ? 'some' : where.quantifier
  const of = quantifier === 'every' ? negate(where.of) : where.of
  const children = yield* selected(snapshot, target, of)
  const { via } = field as BackField
  const owners = new Set(children.map(child => child[via.slot] as Id | null))
  return isOneOf(
    resource,
    [...owners].filter(id => id !== null),
    quantifier !== 'some',
  )
}

/** Rows whose to-one relation leads to the other side: collects the targets first, because there are few ephemeral rows. */
function* settledOne(snapshot: Snapshot, field: OneField, of: Predicate, among: Predicate): Work<Predicate> {
  const rows = yield* selected(snapshot, field.owner, among)
  const targets = new Set(rows.map(row => row[field.slot] as Id | null))
  targets.delete(null)
  if (targets.size === 0) return nothing
  const found = yield* selected(snapshot, field.target, allOf(isOneOf(field.target, [...targets] as Id[], false), of))
  return { kind: 'in', field: field.name, values: found.map(row => row[ID] as Id), negated: false }
}

/** Stored rows by the number of ephemeral rows that refer to them. */
function* settledCount(
  snapshot: Snapshot,
  { owner: resource, target, via }: BackField,
  of: Predicate,
  accepts: (count: number) => boolean,
): Work<Predicate> {
  const counts = new Map<Id, number>()
  for (const row of yield* selected(snapshot, target, of)) {
    const owner = row[via.slot] as Id | null
    if (owner !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  }
  // Rows to which none points are those that are not counted.
  const negated = accepts(0)
  const ids = [...counts].filter(([, count]) => accepts(count) !== negated).map(([id]) => id)
  return isOneOf(resource, ids, negated)
}

/** The relation whose rows are counted. Only a relation that others refer by can lead to the other side. */
function countedIn(resource: Resource, name: string): BackField {
  return getOrThrow(resource.field, name) as BackField
}

function* selected(snapshot: Snapshot, resource: Resource, where: Predicate): Work<Row[]> {
  return yield* wait(snapshot.select(resource, { where, sort: [], limit: null, offset: 0, cursor: null }))
}

function isOneOf(resource: Resource, ids: readonly Id[], negated: boolean): Predicate {
  if (ids.length === 0) return negated ? everything : nothing
  return { kind: 'in', field: resource.id.name, values: ids, negated }
}

/** Whether a part of a predicate is about rows on the other side. */
function leaves(resource: Resource, where: Predicate): boolean {
  switch (where.kind) {
    case 'constant':
      return false
    case 'and':
    case 'or':
      return where.of.some(part => leaves(resource, part))
    case 'not':
      return leaves(resource, where.of)
    case 'one':
    case 'many': {
      const target = getOrThrow(resource.field, where.field).target as Resource
      return isEphemeral(target) !== isEphemeral(resource) || leaves(target, where.of)
    }
    case 'size': {
      const field = resource.field.get(where.field) as Field
      return field.is === 'back' && isEphemeral(field.target) !== isEphemeral(resource)
    }
    default:
      return false
  }
}
