import { ApiError } from '../../protocol/error.ts'
import type { BackField, Id, ManyField, OneField, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import { chain, ready, wait, type Maybe, type Work } from '../../store/work.ts'
import { allowedIds, allowedRows, type Guard, type Permissions } from '../rules/permissions.ts'
import type { ViewLoad, View } from './view.ts'

/** What was loaded in addition to the rows of a view. `of[i]` belongs to `view.loads[i]`. */
export interface LoadedRelations {
  readonly of: readonly LoadedPart[]
  /**
   * For each field that the caller may not read in some rows: a function that is true for those rows. Null if all fields may be
   * read.
   */
  readonly masks: ReadonlyMap<string, (row: Row) => boolean> | null
}

export type LoadedPart =
  | { readonly kind: 'ids'; readonly ids: ReadonlyMap<Id, readonly Id[]> }
  | { readonly kind: 'count'; readonly counts: ReadonlyMap<Id, number> }
  | { readonly kind: 'row'; readonly rows: ReadonlyMap<Id, Row>; readonly related: LoadedRelations }
  | { readonly kind: 'rows'; readonly rows: ReadonlyMap<Id, readonly Row[]>; readonly related: LoadedRelations }

export interface Bounds {
  /** How many ids of one relation are shown; null = all. */
  readonly ids: number | null
  /** How many related rows of one relation are shown; null = all. */
  readonly rows: number | null
  /** How many rows all expansions of one call may load together. */
  readonly total: number
}

const none: readonly string[] = Object.freeze([])

/** Counts the rows that one call has loaded, so that `depth` cannot multiply without bound. */
export class Budget {
  #left: number
  readonly bounds: Bounds
  readonly permissions: Permissions
  /** Names of the relations whose list was cut. */
  cut: readonly string[] = none

  constructor(bounds: Bounds, permissions: Permissions) {
    this.bounds = bounds
    this.permissions = permissions
    this.#left = bounds.total
  }

  spend(rows: number): void {
    this.#left -= rows
    if (this.#left < 0)
      throw new ApiError('too_complex', {
        detail: `the expansion loads more than ${this.bounds.total} related rows; lower depth, name fewer fields in include, or set a limit`,
      })
  }
}

/** The result for a view that shows nothing but its rows. */
export const noRelations: LoadedRelations = Object.freeze({ of: Object.freeze([]), masks: null })

/** Loads everything that a view shows in addition to its rows: one query per relation and level, never one per row. */
export function loadRelated(
  snapshot: Snapshot,
  view: View,
  rows: readonly Row[],
  budget: Budget,
): Work<LoadedRelations> {
  return view.isAlone || rows.length === 0 ? alone : loadAll(snapshot, view, rows, budget)
}

// Shared, because most reads need nothing else: no generator is made for them.
const alone = ready(noRelations)

function* loadAll(snapshot: Snapshot, view: View, rows: readonly Row[], budget: Budget): Work<LoadedRelations> {
  const { fields } = view.resource.rules ?? {}
  const ids = rows.map(row => row[ID] as Id)
  const of: LoadedPart[] = []
  for (const load of view.loads) of.push(yield* loadPart(snapshot, load, rows, ids, budget))
  return {
    of,
    masks: fields ? yield* masksOf(snapshot, view.resource, Object.keys(fields), rows, budget.permissions) : null,
  }
}

/** Finds out which rows hide which fields from the caller. */
function* masksOf(
  snapshot: Snapshot,
  resource: Resource,
  fields: readonly string[],
  rows: readonly Row[],
  permissions: Permissions,
): Work<LoadedRelations['masks']> {
  const masks = new Map<string, (row: Row) => boolean>()
  for (const name of fields) {
    const guard = permissions.field(resource, name, 'read')
    if (guard.open) continue
    const seen = new Set(yield* allowedRows(snapshot, resource, rows, guard))
    masks.set(name, row => !seen.has(row))
  }
  return masks.size ? masks : null
}

function* loadPart(
  snapshot: Snapshot,
  load: ViewLoad,
  rows: readonly Row[],
  ids: readonly Id[],
  budget: Budget,
): Work<LoadedPart> {
  switch (load.kind) {
    case 'ids': {
      const limit = load.shown ? budget.bounds.ids : null
      // With a rule, all ids are loaded first: hidden ones must not count towards the limit.
      const guard = budget.permissions.read(load.field.target)
      if (!guard.open) {
        const pairs = yield* visiblePairs(snapshot, load.field, ids, guard, limit)
        return { kind: 'ids', ids: cutAt(group(pairs), limit, load.field.name, budget) }
      }
      // One more than shown tells whether the list was cut.
      const pairs = yield* wait(relatedIds(snapshot, load.field, ids, limit === null ? null : limit + 1))
      return { kind: 'ids', ids: cutAt(group(pairs), limit, load.field.name, budget) }
    }
    case 'count': {
      const guard = budget.permissions.read(load.field.target)
      if (guard.open) return { kind: 'count', counts: new Map(yield* wait(relatedCounts(snapshot, load.field, ids))) }
      const lists = group(yield* visiblePairs(snapshot, load.field, ids, guard, null))
      return { kind: 'count', counts: new Map([...lists].map(([owner, list]) => [owner, list.length])) }
    }
    case 'row': {
      const target = load.view.resource
      const loaded = yield* wait(snapshot.many(target, distinct(rows, load.field)))
      budget.spend(loaded.length)
      const found = yield* allowedRows(snapshot, target, loaded, budget.permissions.read(target))
      const related = yield* loadRelated(snapshot, load.view, found, budget)
      return { kind: 'row', rows: new Map(found.map(row => [row[ID] as Id, row])), related }
    }
    case 'rows': {
      const limit = budget.bounds.rows
      const guard = budget.permissions.read(load.view.resource)
      // Of what a rule may hide, no more than the whole expansion may load.
      const bound = guard.open || limit === null ? limit : budget.bounds.total
      const most = bound === null || bound === Infinity ? null : bound + 1
      let pairs = yield* wait(relatedRows(snapshot, load.field, ids, most))
      budget.spend(pairs.length)
      if (!guard.open) {
        const seen = new Set(
          yield* allowedRows(
            snapshot,
            load.view.resource,
            pairs.map(([, row]) => row),
            guard,
          ),
        )
        pairs = pairs.filter(([, row]) => seen.has(row))
      }
      const grouped = cutAt(group(pairs), limit, load.field.name, budget)
      const shown: Row[] = []
      for (const list of grouped.values()) shown.push(...list)
      return { kind: 'rows', rows: grouped, related: yield* loadRelated(snapshot, load.view, shown, budget) }
    }
  }
}

/**
 * The pairs of which the caller may see the related row, of each owner at least one more than `limit` if there are so many. Few
 * are loaded first, and more only of owners whose related rows are mostly hidden.
 */
export function* visiblePairs(
  snapshot: Snapshot,
  field: BackField | ManyField,
  owners: readonly Id[],
  guard: Guard,
  limit: number | null,
): Work<[Id, Id][]> {
  const visible: [Id, Id][] = []
  let most = limit === null ? null : limit + 1
  for (let left = owners; left.length > 0; most = most === null ? null : most * 4) {
    const pairs = yield* wait(relatedIds(snapshot, field, left, most))
    const seen = yield* allowedIds(snapshot, field.target, [...new Set(pairs.map(([, id]) => id))], guard)
    const missing: Id[] = []
    for (const [owner, ids] of group(pairs)) {
      const shown = ids.filter(id => seen.has(id))
      if (most !== null && ids.length === most && shown.length <= limit!) missing.push(owner)
      else for (const id of shown) visible.push([owner, id])
    }
    left = missing
  }
  return visible
}

function distinct(rows: readonly Row[], field: OneField): Id[] {
  const ids = new Set<Id>()
  for (const row of rows) {
    const id = row[field.slot]
    if (id !== null) ids.add(id as Id)
  }
  return [...ids]
}

export function group<T>(pairs: readonly (readonly [Id, T])[]): Map<Id, T[]> {
  const groups = new Map<Id, T[]>()
  for (const [owner, item] of pairs) {
    const list = groups.get(owner)
    if (list) list.push(item)
    else groups.set(owner, [item])
  }
  return groups
}

function cutAt<T>(groups: Map<Id, T[]>, limit: number | null, name: string, budget: Budget): Map<Id, T[]> {
  if (limit === null) return groups
  for (const list of groups.values())
    if (list.length > limit) {
      list.length = limit
      if (!budget.cut.includes(name)) budget.cut = [...budget.cut, name]
    }
  return groups
}

/** Pairs of (owner, related id), in ascending order. */
export function relatedIds(
  snapshot: Snapshot,
  field: BackField | ManyField,
  owners: readonly Id[],
  limit: number | null,
): Maybe<[Id, Id][]> {
  return field.is === 'back'
    ? snapshot.children(field.via, owners, limit)
    : snapshot.pairs(field.join, field.side, owners, limit)
}

function relatedRows(
  snapshot: Snapshot,
  field: BackField | ManyField,
  owners: readonly Id[],
  limit: number | null,
): Maybe<[Id, Row][]> {
  if (field.is === 'many') return snapshot.pairRows(field.join, field.side, owners, limit)
  const owner = field.via.slot
  return chain(snapshot.childRows(field.via, owners, limit), rows =>
    rows.map((row): [Id, Row] => [row[owner] as Id, row]),
  )
}

function relatedCounts(snapshot: Snapshot, field: BackField | ManyField, owners: readonly Id[]): Maybe<[Id, number][]> {
  return field.is === 'back'
    ? snapshot.childCounts(field.via, owners)
    : snapshot.pairCounts(field.join, field.side, owners)
}
