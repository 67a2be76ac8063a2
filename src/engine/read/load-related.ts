import { ApiError } from '../../protocol/error.ts'
import type { BackField, Id, ManyField, OneField, Resource, Row } from '../../model/model.ts'
import { ID } from '../../model/model.ts'
import { Room } from '../../store/room.ts'
import type { Snapshot, Visits } from '../../store/store.ts'
import { chain, ready, wait, type Maybe, type Work } from '../../store/work.ts'
import { allowedIds, allowedRows, type Guard, type Permissions } from '../rules/permissions.ts'
import type { ViewLoad, View } from './view.ts'
import { tooManyBytes } from './too-many-bytes.ts'

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
  | {
      readonly kind: 'rows'
      readonly rows: ReadonlyMap<Id, readonly Row[]>
      readonly related: LoadedRelations
      /** How many bytes the list of one row may have. */
      readonly most: number
    }

export interface Bounds {
  /** How many ids of one relation are shown; null = all. */
  readonly ids: number | null
  /** How many related rows of one relation are shown; null = all. */
  readonly rows: number | null
  /** How many rows all expansions of one call may load together; of ids that are shown, twice as many. */
  readonly total: number
  /** How many bytes of rows they may load, and of text each list of one row may have. */
  readonly bytes: number
}

/** Ids of related rows that count as much as one related row. */
const IDS_OF_ROW = 2
/** Ids that are loaded at once. */
const IDS_AT_ONCE = 5_000

/** The result for a view that shows nothing but its rows. */
export const noRelations: LoadedRelations = Object.freeze({ of: Object.freeze([]), masks: null })

const none: readonly string[] = Object.freeze([])

/**
 * Loads what views show in addition to their rows: one query per relation and level, never one per row. One loader serves one
 * call and counts the rows that it has loaded, so that `depth` cannot multiply without bound.
 */
export class RelatedLoader {
  readonly #snapshot: Snapshot
  readonly #bounds: Bounds
  readonly #permissions: Permissions
  /** How many more rows may be loaded. */
  #left: number
  readonly #room: Room | undefined
  /** Ids that were loaded to be shown. */
  #idCount = 0
  /** Names of the relations whose list was cut. */
  cut: readonly string[] = none

  constructor(snapshot: Snapshot, { bounds, permissions }: { bounds: Bounds; permissions: Permissions }) {
    this.#snapshot = snapshot
    this.#bounds = bounds
    this.#permissions = permissions
    this.#left = bounds.total
    this.#room = bounds.bytes === Infinity ? undefined : new Room(bounds.bytes)
  }

  /** It refused because of the size of what it would load: for fewer rows there may be room. */
  get isFull(): boolean {
    return (this.#room?.isFull ?? false) || this.#idCount > IDS_OF_ROW * this.#bounds.total
  }

  /** Throws ApiError `too_complex` if the call would load more related rows than `bounds.total`, or more of them than `bounds.bytes`. */
  load(view: View, rows: readonly Row[]): Work<LoadedRelations> {
    return view.isAlone || rows.length === 0 ? alone : this.#loadAll(view, rows)
  }

  *#loadAll(view: View, rows: readonly Row[]): Work<LoadedRelations> {
    // A row may be related to several others.
    const ids = [...new Set(rows.map(row => row[ID] as Id))]
    const of: LoadedPart[] = []
    for (const load of view.loads) of.push(yield* this.#part(load, rows, ids))
    return { of, masks: view.resource.rules?.fields ? yield* this.#masks(view.resource, rows) : null }
  }

  /** Finds out which rows hide which fields from the caller. */
  *#masks(resource: Resource, rows: readonly Row[]): Work<LoadedRelations['masks']> {
    const masks = new Map<string, (row: Row) => boolean>()
    for (const name of Object.keys(resource.rules?.fields ?? {})) {
      const guard = this.#permissions.field(resource, name, 'read')
      if (guard.open) continue
      const seen = new Set(yield* allowedRows(this.#snapshot, resource, rows, guard))
      masks.set(name, row => !seen.has(row))
    }
    return masks.size ? masks : null
  }

  #part(load: ViewLoad, rows: readonly Row[], ids: readonly Id[]): Work<LoadedPart> {
    switch (load.kind) {
      case 'ids':
        return this.#ids(load, ids)
      case 'count':
        return this.#count(load.field, ids)
      case 'row':
        return this.#row(load, rows)
      case 'rows':
        return this.#rows(load, ids)
    }
  }

  *#ids({ field, shown }: ViewLoad & { kind: 'ids' }, owners: readonly Id[]): Work<LoadedPart> {
    const limit = shown ? this.#bounds.ids : null
    const guard = this.#permissions.read(field.target)
    const step = limit === null ? owners.length : Math.max(1, Math.floor(IDS_AT_ONCE / (limit + 1)))
    const all: [Id, Id][] = []
    for (let at = 0; at < owners.length; at += step) {
      const some = step >= owners.length ? owners : owners.slice(at, at + step)
      // With a rule, hidden ids must not count towards the limit. Without one, one more than shown tells whether the list was cut.
      const pairs = guard.open
        ? yield* wait(relatedIds(this.#snapshot, field, some, limit === null ? null : limit + 1))
        : yield* visiblePairs(this.#snapshot, guard, { field, owners: some, limit })
      if (limit !== null) this.#idCount += pairs.length
      this.#checkRoom()
      for (const pair of pairs) all.push(pair)
    }
    return { kind: 'ids', ids: this.#cutAt(group(all), limit, field.name) }
  }

  *#count(field: BackField | ManyField, owners: readonly Id[]): Work<LoadedPart> {
    const guard = this.#permissions.read(field.target)
    if (guard.open) return { kind: 'count', counts: new Map(yield* wait(relatedCounts(this.#snapshot, field, owners))) }
    const lists = group(yield* visiblePairs(this.#snapshot, guard, { field, owners, limit: null }))
    return { kind: 'count', counts: new Map([...lists].map(([owner, list]) => [owner, list.length])) }
  }

  *#row({ field, view }: ViewLoad & { kind: 'row' }, rows: readonly Row[]): Work<LoadedPart> {
    const target = view.resource
    const loaded = yield* wait(this.#snapshot.many(target, distinct(rows, field), this.#room))
    this.#spend(loaded.length)
    const found = yield* allowedRows(this.#snapshot, target, loaded, this.#permissions.read(target))
    const related = yield* this.load(view, found)
    return { kind: 'row', rows: new Map(found.map(row => [row[ID] as Id, row])), related }
  }

  *#rows({ field, view }: ViewLoad & { kind: 'rows' }, owners: readonly Id[]): Work<LoadedPart> {
    const { rows: limit, total } = this.#bounds
    const guard = this.#permissions.read(view.resource)
    // Of what a rule may hide, no more than the whole expansion may load.
    const bound = guard.open || limit === null ? limit : total
    const most = bound === null || bound === Infinity ? null : bound + 1
    let pairs = yield* wait(relatedRows(this.#snapshot, field, owners, { limit: most, room: this.#room }))
    this.#spend(pairs.length)
    if (!guard.open) {
      const rows = pairs.map(([, row]) => row)
      const seen = new Set(yield* allowedRows(this.#snapshot, view.resource, rows, guard))
      pairs = pairs.filter(([, row]) => seen.has(row))
    }
    const grouped = this.#cutAt(group(pairs), limit, field.name)
    const shown: Row[] = []
    for (const list of grouped.values()) shown.push(...list)
    return { kind: 'rows', rows: grouped, related: yield* this.load(view, shown), most: this.#bounds.bytes }
  }

  #checkRoom(): void {
    if (this.isFull) throw tooManyBytes(this.#bounds.bytes)
  }

  #spend(rows: number): void {
    this.#checkRoom()
    this.#left -= rows
    if (this.#left < 0)
      throw new ApiError('too_complex', {
        detail: `the expansion loads more than ${this.#bounds.total} related rows; lower depth, name fewer fields in include, or set a limit`,
      })
  }

  #cutAt<T>(groups: Map<Id, T[]>, limit: number | null, name: string): Map<Id, T[]> {
    if (limit === null) return groups
    for (const list of groups.values())
      if (list.length > limit) {
        list.length = limit
        if (!this.cut.includes(name)) this.cut = [...this.cut, name]
      }
    return groups
  }
}

// Shared, because most reads need nothing else: no generator is made for them.
const alone = ready(noRelations)

/** The ids of a relation that are wanted, of several rows at once. */
export interface RelatedIds {
  readonly field: BackField | ManyField
  readonly owners: readonly Id[]
  /** How many of each owner; null = all. */
  readonly limit: number | null
}

/**
 * The pairs of which the caller may see the related row, of each owner at least one more than `limit` if there are so many. Few
 * are loaded first, and more only of owners whose related rows are mostly hidden.
 */
export function* visiblePairs(
  snapshot: Snapshot,
  guard: Guard,
  { field, owners, limit }: RelatedIds,
): Work<[Id, Id][]> {
  const visible: [Id, Id][] = []
  const enough = limit ?? Infinity
  let most = limit === null ? null : limit + 1
  for (let left = owners; left.length > 0; most = most === null ? null : most * 4) {
    const pairs = yield* wait(relatedIds(snapshot, field, left, most))
    const seen = yield* allowedIds(snapshot, field.target, [...new Set(pairs.map(([, id]) => id))], guard)
    const missing: Id[] = []
    for (const [owner, ids] of group(pairs)) {
      const shown = ids.filter(id => seen.has(id))
      if (most !== null && ids.length === most && shown.length <= enough) missing.push(owner)
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
