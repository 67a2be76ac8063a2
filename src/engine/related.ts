import { ApiError } from '../protocol/error.ts'
import type { BackField, Id, ManyField, OneField, Row } from '../model/model.ts'
import { ID } from '../model/model.ts'
import type { Snapshot } from '../store/store.ts'
import { chain, wait, type Maybe, type Work } from '../store/work.ts'
import type { Load, View } from './view.ts'

/** What was loaded beside the rows of a view; `of[i]` belongs to `view.loads[i]`. */
export interface Related {
  readonly of: readonly LoadedPart[]
}

export type LoadedPart =
  | { readonly kind: 'ids'; readonly ids: ReadonlyMap<Id, readonly Id[]> }
  | { readonly kind: 'count'; readonly counts: ReadonlyMap<Id, number> }
  | { readonly kind: 'row'; readonly rows: ReadonlyMap<Id, Row>; readonly related: Related }
  | { readonly kind: 'rows'; readonly rows: ReadonlyMap<Id, readonly Row[]>; readonly related: Related }

export interface Bounds {
  /** Ids shown of one relation; null = all. */
  readonly ids: number | null
  /** Related rows shown of one relation; null = all. */
  readonly rows: number | null
  /** Rows that one expansion may load altogether. */
  readonly total: number
}

/** Counts what one call has loaded, so that depth cannot multiply without bound. */
export class Budget {
  #left: number
  readonly bounds: Bounds
  /** Names of relations whose list was cut. */
  readonly cut: Set<string> = new Set()

  constructor(bounds: Bounds) {
    this.bounds = bounds
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

const nothing: Related = Object.freeze({ of: Object.freeze([]) })

/** Loads all that a view shows beside the rows: one query per relation and level, never one per row. */
export function* loadRelated(snapshot: Snapshot, view: View, rows: readonly Row[], budget: Budget): Work<Related> {
  if (view.loads.length === 0 || rows.length === 0) return nothing
  const ids = rows.map(row => row[ID] as Id)
  const of: LoadedPart[] = []
  for (const load of view.loads) of.push(yield* loadPart(snapshot, load, rows, ids, budget))
  return { of }
}

function* loadPart(
  snapshot: Snapshot,
  load: Load,
  rows: readonly Row[],
  ids: readonly Id[],
  budget: Budget,
): Work<LoadedPart> {
  switch (load.kind) {
    case 'ids': {
      const limit = load.shown ? budget.bounds.ids : null
      const pairs = yield* wait(relatedIds(snapshot, load.field, ids, limit === null ? null : limit + 1))
      return { kind: 'ids', ids: cutAt(group(pairs), limit, load.field.name, budget) }
    }
    case 'count':
      return { kind: 'count', counts: new Map(yield* wait(relatedCounts(snapshot, load.field, ids))) }
    case 'row': {
      const found = yield* wait(snapshot.many(load.view.resource, distinct(rows, load.field)))
      budget.spend(found.length)
      const related = yield* loadRelated(snapshot, load.view, found, budget)
      return { kind: 'row', rows: new Map(found.map(row => [row[ID] as Id, row])), related }
    }
    case 'rows': {
      const limit = budget.bounds.rows
      const pairs = yield* wait(relatedRows(snapshot, load.field, ids, limit === null ? null : limit + 1))
      budget.spend(pairs.length)
      const grouped = cutAt(group(pairs), limit, load.field.name, budget)
      const shown: Row[] = []
      for (const list of grouped.values()) shown.push(...list)
      return { kind: 'rows', rows: grouped, related: yield* loadRelated(snapshot, load.view, shown, budget) }
    }
  }
}

function distinct(rows: readonly Row[], field: OneField): Id[] {
  const ids = new Set<Id>()
  for (const row of rows) {
    const id = row[field.slot]
    if (id !== null) ids.add(id as Id)
  }
  return [...ids]
}

function group<T>(pairs: readonly (readonly [Id, T])[]): Map<Id, T[]> {
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
      budget.cut.add(name)
    }
  return groups
}

/** Pairs of (owner, related id), ascending. */
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
