import type { Ctx } from '../../schema/field.ts'
import { SEQ, type Row } from '../../model/model.ts'
import { compileTest } from '../../query/evaluate.ts'
import { ownFields } from '../../engine/rules/permissions.ts'
import { writeRow } from '../../engine/read/write-json.ts'
import { contextOf } from '../../engine/call/call.ts'
import { noRelations, RelatedLoader, type Bounds } from '../../engine/read/related/load-related.ts'
import { tooManyBytes } from '../../engine/read/too-many-bytes.ts'
import { Room } from '../../store/room.ts'
import { isOrderedInMemory, ordered } from '../../engine/read/sort-in-memory.ts'
import { signaturesOf } from '../../store/signature.ts'
import type { Change, Commit, Snapshot, Visits } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'
import { wait, type Work } from '../../store/work.ts'
import { batchOf, left, shown, type Batch, type LiveEvent, type Presented, type SubscriptionState } from '../event.ts'
import type { CompactSet } from '../incremental/routing/group-index.ts'
import { digestOf } from '../incremental/step/telling.ts'
import type { Followed } from '../incremental/followed.ts'
import { shownVersions, type ShownRow } from '../../engine/read/entity-tags.ts'
import type { Interest } from './interest.ts'
import { maintenancePlanOf, rowOrder, type MaintenancePlan } from './maintenance.ts'

/** A member of a group, which receives what happens in the group's view. */
export interface Member {
  deliver(batch: Batch): void
  /** The view must be read again, because it cannot be told what happened. */
  reset(): void
  /** How it is doing; absent if it only keeps the group alive. */
  readonly state?: SubscriptionState
}

/** What all groups share. */
export interface GroupEnvironment {
  readonly clock: () => number
  /** How many rows may be sorted in memory. */
  readonly sortedRows: number
  /** How many rows a query may visit. */
  readonly visits: Visits
  /** How many milliseconds of a turn of the event loop may be spent on telling. */
  readonly turn: number
  readonly bounds: Bounds
  /** Bytes of the rows that a subscription begins with, or is told in one step. */
  readonly snapshotBytes: number
  readonly terms: Terms
}

/** Changes that may concern a group, by commit. */
export type Candidates = ReadonlyMap<Commit, readonly Change[]>

/** All subscriptions with the same query. What happens in the view is computed and written once for all of them. */
export class Group implements Followed {
  readonly interest: Interest
  readonly upkeep: MaintenancePlan
  members: CompactSet<Member> = null
  mark = 0
  readonly #surroundings: GroupEnvironment
  /** The compiled predicate. It is made when it is first needed, because most groups never see a change that concerns them. */
  #test: ((row: Row) => boolean) | null = null

  constructor(interest: Interest, surroundings: GroupEnvironment) {
    this.interest = interest
    this.upkeep = maintenancePlanOf(interest)
    this.#surroundings = surroundings
  }

  get isListed(): boolean {
    return this.upkeep.isListed
  }

  get isExact(): boolean {
    return this.upkeep.isExact
  }

  get isGuarded(): boolean {
    return this.upkeep.isGuarded
  }

  get tellsOrder(): boolean {
    return this.upkeep.tellsOrder
  }

  /** Compares rows in the order of the query; null if the rows alone do not tell it. */
  get compare(): ((a: Row, b: Row) => number) | null {
    return rowOrder(this.interest.resource, this.interest.sort)
  }

  get ctx(): Ctx {
    const { permissions, auth } = this.interest
    return contextOf(permissions.me, auth, this.#surroundings.clock())
  }

  get visits(): Visits {
    return this.#surroundings.visits
  }

  get stepBytes(): number {
    return this.#surroundings.snapshotBytes
  }

  /** The rows in view, in the order of the query, at most `most`. Throws ApiError `too_complex` if they have too many bytes. */
  *rows(snapshot: Snapshot, most: number): Work<Row[]> {
    const { resource, where, sort, offset, opaque, permissions } = this.interest
    const bounded = Math.min(this.interest.limit ?? Infinity, most)
    const limit = Number.isFinite(bounded) ? bounded : null
    const { visits, sortedRows, bounds, snapshotBytes } = this.#surroundings
    const room = new Room(snapshotBytes)
    const select = { where, sort, limit, offset, cursor: null, visits, room }
    // The store sorts by stored fields, and filters by predicates. Maintained views ask for nothing else.
    const mayNeedMemory = this.upkeep.kind === 'requeried' || opaque !== null
    if (mayNeedMemory && isOrderedInMemory(resource, sort, permissions))
      return yield* ordered(snapshot, resource, select, { permissions, ctx: this.ctx, sortedRows, visits, bounds })
    const rows = yield* wait(snapshot.select(resource, select))
    if (room.isFull) throw tooManyBytes(snapshotBytes)
    return rows
  }

  /** Writes rows as JSON texts, with their versions. Throws ApiError `too_complex` if they have too many bytes. */
  *present(snapshot: Snapshot, rows: readonly Row[]): Work<Presented[]> {
    const bodies = yield* this.bodies(snapshot, rows)
    const shown = rows.map((row, i) => ({ row, body: bodies[i] ?? '' }))
    const versions = this.interest.isMasked ? yield* this.#versions(snapshot, shown) : null
    if (!this.interest.view.showsRelated) return shown.map(({ body }, i) => ({ body, version: versions?.[i] ?? null }))
    // Related rows change without a new version of the row that shows them, so what is shown becomes a part of it.
    const { terms } = this.#surroundings
    return shown.map(({ row, body }, i) => {
      const version = versions?.[i] ?? terms.position(row[SEQ] as number)
      return { body, version: `${version}.${digestOf(body).toString(36)}` }
    })
  }

  /** Writes rows as JSON texts. Throws ApiError `too_complex` if they have too many bytes. */
  *bodies(snapshot: Snapshot, rows: readonly Row[]): Work<string[]> {
    const { view, permissions } = this.interest
    const most = this.stepBytes
    const { bounds, visits } = this.#surroundings
    const related = view.isAlone
      ? noRelations
      : yield* new RelatedLoader(snapshot, { bounds, permissions, visits }).load(view, rows)
    const { ctx } = this
    let bytes = 0
    return rows.map(row => {
      const body = writeRow(view, row, related, ctx)
      bytes += body.length
      if (bytes > most) throw tooManyBytes(most)
      return body
    })
  }

  #versions(snapshot: Snapshot, shown: readonly ShownRow[]): Work<readonly string[]> {
    const { view, permissions } = this.interest
    const { bounds, visits } = this.#surroundings
    return shownVersions(snapshot, view, shown, { permissions, bounds, visits, ctx: this.ctx })
  }

  /** What commits mean to the view, as batches in order. Used if rows alone tell everything. */
  *match(snapshot: Snapshot, candidates: Candidates): Work<Batch[]> {
    const { resource } = this.interest
    const batches: Batch[] = []
    for (const [commit, changes] of candidates) {
      const events: LiveEvent[] = []
      for (const own of changes.length === 1 ? [changes] : changesByRow(changes)) {
        const event = yield* this.#judge(snapshot, own)
        if (event) events.push(event)
      }
      if (events.length)
        batches.push(batchOf(resource, { position: commit.position, by: signaturesOf([commit]) }, events))
    }
    return batches
  }

  /** Whether a change may affect the view, as far as the row itself tells. */
  isConcernedBy({ before, after }: Change): boolean {
    return this.#kindOf(before, after) !== null
  }

  /** What the changes of one row in one commit mean to the view; null if nothing. */
  *#judge(snapshot: Snapshot, changes: readonly Change[]): Work<LiveEvent | null> {
    const last = changes.at(-1)
    const before = changes[0]?.before ?? null
    const after = last?.after ?? null
    const kind = this.#kindOf(before, after)
    if (kind === null || !last) return null
    if (kind === 'leave' || after === null) return left(changes, last.id, last.seq)
    const { view, isMasked } = this.interest
    if (!isMasked) {
      const body = writeRow(view, after, noRelations, this.ctx)
      return shown(kind, after, { body, version: null }, changes)
    }
    const isChange = kind === 'change' && before !== null
    const [body = '', former] = yield* this.bodies(snapshot, isChange ? [after, before] : [after])
    // Only what the caller may not see has changed.
    if (body === former) return null
    const [version = null] = yield* this.#versions(snapshot, [{ row: after, body }])
    return shown(kind, after, { body, version }, changes)
  }

  #kindOf(before: Row | null, after: Row | null): LiveEvent['kind'] | null {
    const test = (this.#test ??= this.#compiled())
    const was = before !== null && test(before)
    const is = after !== null && test(after)
    return is ? (was ? 'change' : 'enter') : was ? 'leave' : null
  }

  #compiled(): (row: Row) => boolean {
    const { resource, where, opaque } = this.interest
    const plain = compileTest(where, resource, ownFields)
    return opaque ? row => plain(row) && opaque(row) : plain
  }
}

/** The changes of each row, in order. A commit may change a row more than once. */
function changesByRow(changes: readonly Change[]): Iterable<Change[]> {
  const rows = new Map<Change['id'], Change[]>()
  for (const change of changes) {
    const own = rows.get(change.id)
    if (own) own.push(change)
    else rows.set(change.id, [change])
  }
  return rows.values()
}
