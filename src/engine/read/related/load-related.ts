import { ApiError } from '../../../protocol/error.ts'
import type { Id, OneField, Resource, Row } from '../../../model/model.ts'
import { ID } from '../../../model/model.ts'
import { roomOf, type Room } from '../../../store/room.ts'
import type { Snapshot, Visits } from '../../../store/store.ts'
import { ready, wait, type Work } from '../../../store/work.ts'
import { allowedRows, type Permissions } from '../../rules/permissions.ts'
import { group, relatedCounts, relatedIds, relatedRows, visiblePairs, type RelatedIds } from './related-pairs.ts'
import type { ViewLoad, View } from '../view.ts'
import { tooManyBytes } from '../too-many-bytes.ts'

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
  /** How many bytes of rows may be loaded that are not shown, as functions need them. */
  readonly computed: number
}

/** What loading related rows needs. */
export interface Loading {
  readonly bounds: Bounds
  readonly permissions: Permissions
  /** How many rows one query may visit; undefined = all that it takes. */
  readonly visits: Visits | undefined
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
  readonly #visits: Visits | undefined
  /** How many more rows may be loaded. */
  #left: number
  readonly #room: Room | undefined
  /** Ids that were loaded to be shown, by their owners. */
  readonly #shown: ShownIds
  #idCount = 0
  /** Names of the relations whose list was cut. */
  cut: readonly string[] = none

  /** `former` has refused to load as much for more rows: what it has loaded is not loaded again. */
  constructor(snapshot: Snapshot, { bounds, permissions, visits }: Loading, former: RelatedLoader | null = null) {
    this.#snapshot = snapshot
    this.#bounds = bounds
    this.#permissions = permissions
    this.#visits = visits
    this.#left = bounds.total
    this.#room = roomOf(bounds.bytes)
    this.#shown = former === null ? new Map() : former.#shown
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
        return this.#count(load, ids)
      case 'row':
        return this.#row(load, rows)
      case 'rows':
        return this.#rows(load, ids)
    }
  }

  *#ids(load: ViewLoad & { kind: 'ids' }, owners: readonly Id[]): Work<LoadedPart> {
    const { field, shown } = load
    const limit = shown ? this.#bounds.ids : null
    if (limit === null) return { kind: 'ids', ids: group(yield* this.#pairs({ field, owners, limit })) }
    const known = getOrMake(this.#shown, load, () => new Map<Id, Id[]>())
    const ids = new Map<Id, Id[]>()
    const step = Math.max(1, Math.floor(IDS_AT_ONCE / (limit + 1)))
    for (let at = 0; at < owners.length; at += step) {
      const some = owners.slice(at, at + step)
      const missing = some.filter(owner => !known.has(owner))
      const found = group(yield* this.#pairs({ field, owners: missing, limit }))
      for (const owner of missing) known.set(owner, found.get(owner) ?? [])
      for (const owner of some) {
        const own = known.get(owner)!
        this.#idCount += own.length
        if (own.length > 0) ids.set(owner, own)
      }
      this.#checkRoom()
    }
    return { kind: 'ids', ids: this.#cutAt(ids, limit, field.name) }
  }

  /**
   * Pairs of owners and related ids that the caller may see. With a rule, hidden ids must not count towards the limit. Without
   * one, one more than shown tells whether the list was cut.
   */
  *#pairs({ field, owners, limit }: RelatedIds): Work<readonly [Id, Id][]> {
    const guard = this.#permissions.read(field.target)
    const most = limit === null ? null : limit + 1
    if (guard.open) return yield* wait(relatedIds(this.#snapshot, { field, owners, limit: most }, this.#visits))
    return yield* visiblePairs(this.#snapshot, guard, { field, owners, limit }, this.#visits, this.#bounds.computed)
  }

  *#count({ field }: ViewLoad & { kind: 'count' }, owners: readonly Id[]): Work<LoadedPart> {
    if (this.#permissions.read(field.target).open)
      return { kind: 'count', counts: new Map(yield* wait(relatedCounts(this.#snapshot, field, owners, this.#visits))) }
    const lists = group(yield* this.#pairs({ field, owners, limit: null }))
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
    for (const [owner, list] of groups)
      if (list.length > limit) {
        groups.set(owner, list.slice(0, limit))
        if (!this.cut.includes(name)) this.cut = [...this.cut, name]
      }
    return groups
  }
}

/** The ids that were loaded to be shown, by part of a view and owner. */
type ShownIds = Map<ViewLoad, Map<Id, Id[]>>

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

// Shared, because most reads need nothing else: no generator is made for them.
const alone = ready(noRelations)

function distinct(rows: readonly Row[], field: OneField): Id[] {
  const ids = new Set<Id>()
  for (const row of rows) {
    const id = row[field.slot]
    if (id !== null) ids.add(id as Id)
  }
  return [...ids]
}
