import type { BackField, Id, ManyField, Row } from '../../../model/model.ts'
import { roomOf, type Room } from '../../../store/room.ts'
import type { Snapshot, Visits } from '../../../store/store.ts'
import { chain, wait, type Maybe, type Work } from '../../../store/work.ts'
import { allowedIds, type Guard } from '../../rules/permissions.ts'
import { tooManyBytes } from '../too-many-bytes.ts'

/** The ids of a relation that are wanted, of several rows at once. */
export interface RelatedIds {
  readonly field: BackField | ManyField
  readonly owners: readonly Id[]
  /** How many of each owner; null = all. */
  readonly limit: number | null
}

/**
 * The pairs of which the caller may see the related row, of each owner at least one more than `limit` if there are so many. Few
 * are loaded first, and more only of owners whose related rows are mostly hidden. Throws ApiError `too_complex` if rows that only
 * a function can judge have more bytes than `most`.
 */
export function* visiblePairs(
  snapshot: Snapshot,
  guard: Guard,
  { field, owners, limit }: RelatedIds,
  visits: Visits | undefined,
  most: number,
): Work<[Id, Id][]> {
  const visible: [Id, Id][] = []
  const enough = limit ?? Infinity
  const room = roomOf(most)
  let each = limit === null ? null : limit + 1
  for (let left = owners; left.length > 0; each = each === null ? null : each * 4) {
    const pairs = yield* wait(relatedIds(snapshot, { field, owners: left, limit: each }, visits))
    const seen = yield* allowedIds(snapshot, field.target, [...new Set(pairs.map(([, id]) => id))], guard, room)
    if (room?.isFull) throw tooManyBytes(most)
    const missing: Id[] = []
    for (const [owner, ids] of group(pairs)) {
      const shown = ids.filter(id => seen.has(id))
      if (each !== null && ids.length === each && shown.length <= enough) missing.push(owner)
      else for (const id of shown) visible.push([owner, id])
    }
    left = missing
  }
  return visible
}

/** The second parts of pairs by their first ones, in the order in which they come. */
export function group<T>(pairs: readonly (readonly [Id, T])[]): Map<Id, T[]> {
  const groups = new Map<Id, T[]>()
  for (const [owner, item] of pairs) {
    const list = groups.get(owner)
    if (list) list.push(item)
    else groups.set(owner, [item])
  }
  return groups
}

/** Pairs of (owner, related id), in ascending order. If all are wanted, there may be as many as may be visited. */
export function relatedIds(
  snapshot: Snapshot,
  { field, owners, limit }: RelatedIds,
  visits?: Visits,
): Maybe<[Id, Id][]> {
  return field.is === 'back'
    ? snapshot.children(field.via, owners, limit, visits)
    : snapshot.pairs(field.join, field.side, owners, limit, visits)
}

export function relatedRows(
  snapshot: Snapshot,
  field: BackField | ManyField,
  owners: readonly Id[],
  { limit, room }: { readonly limit: number | null; readonly room: Room | undefined },
): Maybe<[Id, Row][]> {
  if (field.is === 'many') return snapshot.pairRows(field.join, field.side, owners, limit, room)
  const owner = field.via.slot
  return chain(snapshot.childRows(field.via, owners, limit, room), rows =>
    rows.map((row): [Id, Row] => [row[owner] as Id, row]),
  )
}

/** How many rows are related to each owner. */
export function relatedCounts(
  snapshot: Snapshot,
  field: BackField | ManyField,
  owners: readonly Id[],
  visits?: Visits,
): Maybe<[Id, number][]> {
  return field.is === 'back'
    ? snapshot.childCounts(field.via, owners, visits)
    : snapshot.pairCounts(field.join, field.side, owners, visits)
}
