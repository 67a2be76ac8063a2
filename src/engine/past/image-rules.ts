import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Field, Id, Resource, Row, Value } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { compileTest } from '../../query/evaluate.ts'
import { allOf, anyOf, everything, negate, nothing, type Predicate } from '../../query/predicate.ts'
import type { Snapshot } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import { ownFields, type Guard } from '../rules/permissions.ts'

/**
 * The row states ("images") that satisfy a predicate, whenever they were taken. The row's own fields are those of the image. A
 * relation is followed from the image to the related rows as they are now: who may see the past is decided by the present.
 * Conditions on to-many relations need the row to exist, so no image of a deleted row satisfies them.
 */
export function* fulfilling(
  snapshot: Snapshot,
  resource: Resource,
  where: Predicate,
  images: readonly Row[],
): Work<Row[]> {
  if (images.length === 0) return []
  const settling: Settling = { snapshot, resource, images, needsRow: false }
  const settled = yield* settle(where, settling)
  const found = images.filter(compileTest(settled, resource, ownFields))
  if (!settling.needsRow || found.length === 0) return found
  const existing = new Set((yield* wait(snapshot.many(resource, idsOf(found)))).map(row => row[ID]))
  return found.filter(row => existing.has(row[ID]))
}

/** The images that a guard lets the caller see. */
export function* allowedImages(
  snapshot: Snapshot,
  resource: Resource,
  images: readonly Row[],
  guard: Guard,
): Work<readonly Row[]> {
  if (guard.open || images.length === 0) return images
  if (guard.closed) return []
  // The guard depends on the row alone, so no other rows have to be read.
  if (guard.test) return images.filter(guard.test)
  const found = yield* fulfilling(snapshot, resource, guard.predicate, images)
  return guard.opaque ? found.filter(guard.opaque) : found
}

interface Settling {
  readonly snapshot: Snapshot
  readonly resource: Resource
  readonly images: readonly Row[]
  needsRow: boolean
}

/** Answers what a predicate asks of other rows. The result only has conditions on stored fields of the row itself. */
function* settle(where: Predicate, settling: Settling): Work<Predicate> {
  const { resource, images, snapshot } = settling
  switch (where.kind) {
    case 'constant':
      return where
    case 'and': {
      const parts: Predicate[] = []
      for (const part of where.of) parts.push(yield* settle(part, settling))
      return allOf(...parts)
    }
    case 'or': {
      const parts: Predicate[] = []
      for (const part of where.of) parts.push(yield* settle(part, settling))
      return anyOf(...parts)
    }
    case 'not':
      return negate(yield* settle(where.of, settling))
    default: {
      const field = getOrThrow(resource.field, where.field)
      if (where.kind === 'one' && field.is === 'one') {
        const targets = distinct(images.map(row => row[field.slot]!))
        const found = yield* matching(snapshot, field.target, targets, where.of)
        return among(where.field, found)
      }
      if (isStored(field)) return where
      settling.needsRow = true
      return among(resource.id.name, yield* matching(snapshot, resource, idsOf(images), where))
    }
  }
}

const isStored = (field: Field): boolean => field.is === 'scalar' || field.is === 'one'

function* matching(snapshot: Snapshot, resource: Resource, ids: readonly Value[], where: Predicate): Work<Value[]> {
  if (ids.length === 0) return []
  const of = allOf({ kind: 'in', field: resource.id.name, values: ids, negated: false }, where)
  const rows = yield* wait(snapshot.select(resource, { where: of, sort: [], limit: null, offset: 0, cursor: null }))
  return rows.map(row => row[ID]!)
}

function among(field: string, values: readonly Value[]): Predicate {
  return values.length === 0 ? nothing : { kind: 'in', field, values, negated: false }
}

/** Matches exactly these rows; if negated, all others. */
export function isOneOf(resource: Resource, ids: readonly Id[], negated = false): Predicate {
  if (ids.length === 0) return negated ? everything : nothing
  return { kind: 'in', field: resource.id.name, values: ids, negated }
}

const distinct = (values: readonly Value[]): Value[] => [...new Set(values.filter(value => value !== null))]

const idsOf = (rows: readonly Row[]): Id[] => [...new Set(rows.map(row => row[ID] as Id))]
