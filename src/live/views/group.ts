import type { Ctx } from '../../schema/field.ts'
import { SEQ, type Row } from '../../model/model.ts'
import { compileTest } from '../../query/evaluate.ts'
import { ownFields } from '../../engine/rules/permissions.ts'
import { writeRow } from '../../engine/read/write-json.ts'
import { contextOf } from '../../engine/call/call.ts'
import { Budget, loadRelated, noRelations, type Bounds } from '../../engine/read/load-related.ts'
import { ordered } from '../../engine/read/sort-in-memory.ts'
import { signaturesOf } from '../../store/signature.ts'
import type { Change, Commit, Snapshot, Visits } from '../../store/store.ts'
import type { Terms } from '../../store/terms.ts'
import { wait, type Work } from '../../store/work.ts'
import { batchOf, left, shown, type Batch, type LiveEvent, type Presented } from '../event.ts'
import type { CompactSet } from '../incremental/routing/group-index.ts'
import { digestOf } from '../incremental/step/telling.ts'
import type { Followed } from '../incremental/followed.ts'
import { shownVersions } from '../../engine/read/entity-tags.ts'
import type { Interest } from './interest.ts'
import { maintenancePlanOf, rowOrder, type MaintenancePlan } from './maintenance.ts'

/** A member of a group, which receives what happens in the group's view. */
export interface Member {
  deliver(batch: Batch): void
  /** The view must be read again, because it cannot be told what happened. */
  reset(): void
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

  /** The rows in view, in the order of the query, at most `most`. */
  *rows(snapshot: Snapshot, most: number): Work<Row[]> {
    const { resource, where, sort, offset, opaque, permissions } = this.interest
    const bounded = Math.min(this.interest.limit ?? Infinity, most)
    const limit = Number.isFinite(bounded) ? bounded : null
    const { visits } = this.#surroundings
    // The store sorts by stored fields, and filters by predicates.
    if (this.upkeep.kind === 'requeried' || opaque !== null) {
      const { sortedRows } = this.#surroundings
      const query = { where, sort, limit, offset, cursor: null, total: false }
      const reading = { permissions, ctx: this.ctx, sortedRows, visits }
      const inMemory = yield* ordered(snapshot, resource, where, query, reading)
      if (inMemory) return inMemory
    }
    return yield* wait(snapshot.select(resource, { where, sort, limit, offset, cursor: null, visits }))
  }

  /** Writes rows as JSON texts, with their versions. */
  *present(snapshot: Snapshot, rows: readonly Row[]): Work<Presented[]> {
    const bodies = yield* this.bodies(snapshot, rows)
    const versions = this.interest.isMasked ? yield* this.#versions(snapshot, rows, bodies) : null
    if (!this.interest.view.showsRelated) return bodies.map((body, i) => ({ body, version: versions && versions[i]! }))
    // Related rows change without a new version of the row that shows them, so what is shown becomes a part of it.
    const { terms } = this.#surroundings
    return bodies.map((body, i) => {
      const version = versions?.[i] ?? terms.position(rows[i]![SEQ] as number)
      return { body, version: `${version}.${digestOf(body).toString(36)}` }
    })
  }

  /** Writes rows as JSON texts. */
  *bodies(snapshot: Snapshot, rows: readonly Row[]): Work<string[]> {
    const { view, permissions } = this.interest
    const budget = view.isAlone ? null : new Budget(this.#surroundings.bounds, permissions)
    const related = budget ? yield* loadRelated(snapshot, view, rows, budget) : noRelations
    const { ctx } = this
    return rows.map(row => writeRow(view, row, related, ctx))
  }

  #versions(snapshot: Snapshot, rows: readonly Row[], bodies: readonly string[]): Work<readonly string[]> {
    const { view, permissions } = this.interest
    return shownVersions(snapshot, view, rows, bodies, {
      permissions,
      bounds: this.#surroundings.bounds,
      ctx: this.ctx,
    })
  }

  /** What commits mean to the view, as batches in order. Used if rows alone tell everything. */
  *match(snapshot: Snapshot, candidates: Candidates): Work<Batch[]> {
    const { resource } = this.interest
    const batches: Batch[] = []
    for (const [commit, changes] of candidates) {
      const events: LiveEvent[] = []
      if (changes.length === 1) yield* this.#judge(snapshot, changes[0]!.before, changes[0]!.after, changes, events)
      else
        for (const own of changesByRow(changes))
          yield* this.#judge(snapshot, own[0]!.before, own.at(-1)!.after, own, events)
      if (events.length) batches.push(batchOf(resource, commit.position, events, null, signaturesOf([commit])))
    }
    return batches
  }

  /** Whether a change may affect the view, as far as the row itself tells. */
  isConcernedBy({ before, after }: Change): boolean {
    return this.#kindOf(before, after) !== null
  }

  *#judge(
    snapshot: Snapshot,
    before: Row | null,
    after: Row | null,
    changes: readonly Change[],
    events: LiveEvent[],
  ): Work<void> {
    const kind = this.#kindOf(before, after)
    if (kind === null) return
    if (kind === 'leave') {
      const { id, seq } = changes.at(-1)!
      events.push(left(changes, id, seq))
      return
    }
    const { view, isMasked } = this.interest
    if (isMasked) {
      const bodies = yield* this.bodies(snapshot, kind === 'change' ? [after!, before!] : [after!])
      // Only what the caller may not see has changed.
      if (bodies[0] === bodies[1]) return
      const [version] = yield* this.#versions(snapshot, [after!], bodies)
      events.push(shown(kind, after!, { body: bodies[0]!, version: version! }, changes))
    } else {
      const body = writeRow(view, after!, noRelations, this.ctx)
      events.push(shown(kind, after!, { body, version: null }, changes))
    }
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
