import type { Ctx } from '../schema/field.ts'
import type { Resource, Row } from '../model/model.ts'
import { compile } from '../query/evaluate.ts'
import { ownFields } from '../engine/permissions.ts'
import { writeRow } from '../engine/present.ts'
import { contextOf } from '../engine/read-row.ts'
import { Budget, loadRelated, nothingBeside, type Bounds } from '../engine/related.ts'
import type { View } from '../engine/view.ts'
import { ordered } from '../engine/sort.ts'
import type { Change, Commit, Snapshot } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'
import type { Few } from './few.ts'
import { batchOf, left, shown, type Batch, type LiveEvent } from './event.ts'
import type { Interest } from './interest.ts'
import { hasRowOrder, rowOrder, sortReads } from './order.ts'
import { termOf, readsOf, type Term } from './terms.ts'
import { byRow, together } from './together.ts'
import { changesUntold, untoldReads } from './untold.ts'
import { Watched } from './watched.ts'

/** Hears of what happens in a group's view. */
export interface Member {
  deliver(batch: Batch): void
  /** The view must be taken anew: what happened meanwhile cannot be told. */
  reset(): void
}

/** What groups take from their surroundings. */
export interface Surroundings {
  readonly clock: () => number
  /** Rows that may be sorted in memory. */
  readonly sortedRows: number
  readonly bounds: Bounds
}

/** Own changes by commit that may concern a group. */
export type Candidates = ReadonlyMap<Commit, readonly Change[]>

const noReads: ReadonlySet<Resource> = new Set()

/**
 * All subscriptions with the same query. Each change is matched against the before and the after image once,
 * presented once, and handed to every member.
 */
export class Group {
  readonly interest: Interest
  /** Other resources whose changes may alter which rows are in view, or their order. */
  readonly decides: ReadonlySet<Resource>
  /** Resources whose rows are shown beside the own ones; its own resource where rows show each other. */
  readonly shows: ReadonlySet<Resource>
  members: Few<Member> = null
  readonly #surroundings: Surroundings
  /** Rows tell by themselves whether they are in view. */
  readonly #isPlain: boolean
  /** Made when it is first needed: most groups never hear of a change that might concern them. */
  #test: ((row: Row) => boolean) | null = null
  /** What was in view, kept only where the images of a change cannot tell. */
  readonly watched: Watched | null

  constructor(interest: Interest, surroundings: Surroundings) {
    const { resource, where, sort, view, permissions } = interest
    this.interest = interest
    this.#surroundings = surroundings
    const reads = readsOf(resource, where)
    this.#isPlain = reads.size === 0
    const isWindow = interest.limit !== null || interest.offset > 0
    const isOrdered = hasRowOrder(resource, sort)
    if (isWindow || !isOrdered) for (const read of sortReads(resource, sort)) reads.add(read)
    const isUntold = changesUntold(view, permissions)
    if (isUntold) untoldReads(view, permissions, reads)
    this.decides = reads.size > 0 ? reads : noReads
    this.shows = shownBy(view, new Set())
    this.watched = isWindow || !this.#isPlain || !isOrdered || isUntold ? new Watched(this, isUntold) : null
  }

  /** Its place in the index; null = asked about every change of its resource. */
  get term(): Term | null {
    const { resource, where } = this.interest
    return this.#isPlain && !this.watched?.byBody ? termOf(resource, where) : null
  }

  /** Compares rows in the order of the query; null where rows alone do not tell it. */
  get compare(): ((a: Row, b: Row) => number) | null {
    return rowOrder(this.interest.resource, this.interest.sort)
  }

  get ctx(): Ctx {
    const { permissions, auth } = this.interest
    return contextOf(permissions.me, auth, this.#surroundings.clock())
  }

  /** The rows in view, in the order of the query, `most` of them at most. */
  *rows(snapshot: Snapshot, most: number): Work<Row[]> {
    const { resource, where, sort, offset, permissions } = this.interest
    const bounded = Math.min(this.interest.limit ?? Infinity, most)
    const limit = Number.isFinite(bounded) ? bounded : null
    const { sortedRows } = this.#surroundings
    const query = { where, sort, limit, offset, cursor: null, total: false }
    const inMemory = yield* ordered(snapshot, resource, where, query, { permissions, ctx: this.ctx, sortedRows })
    if (inMemory) return inMemory
    return yield* wait(snapshot.select(resource, { where, sort, limit, offset, cursor: null }))
  }

  /** The view as it is, and from now on what is watched is compared with it. */
  *take(snapshot: Snapshot, most: number): Work<{ rows: Row[]; bodies: string[] }> {
    const rows = yield* this.rows(snapshot, most + 1)
    if (rows.length > most) return { rows, bodies: [] }
    const bodies = yield* this.present(snapshot, rows)
    this.watched?.set(rows, bodies)
    return { rows, bodies }
  }

  /** JSON texts of rows. */
  *present(snapshot: Snapshot, rows: readonly Row[]): Work<string[]> {
    const { view, permissions } = this.interest
    const related = yield* loadRelated(snapshot, view, rows, new Budget(this.#surroundings.bounds, permissions))
    const { ctx } = this
    return rows.map(row => writeRow(view, row, related, ctx))
  }

  /** What commits mean here, as batches in order; nothing if they do not concern the view. */
  *match(snapshot: Snapshot, commits: readonly Commit[], candidates: Candidates): Work<Batch[]> {
    if (this.watched) return yield* this.watched.match(snapshot, commits, candidates)
    const { resource, view } = this.interest
    if (view.loads.length > 0) return yield* together(this, snapshot, commits, candidates)
    const batches: Batch[] = []
    for (const [commit, changes] of candidates) {
      const events: LiveEvent[] = []
      // A commit of several operations may have changed a row more than once, which is one event all the same.
      for (const own of changes.length === 1 ? [changes] : byRow([changes]).values()) {
        const kind = this.kindOf(own[0]!.before, own.at(-1)!.after)
        if (kind) events.push(yield* this.#event(snapshot, kind, own))
      }
      if (events.length) batches.push(batchOf(resource, commit.position, events))
    }
    return batches
  }

  /** What a change from one image to another means for the view, as far as the row itself tells. */
  kindOf(before: Row | null, after: Row | null): LiveEvent['kind'] | null {
    const test = (this.#test ??= this.#compiled())
    const was = before !== null && test(before)
    const is = after !== null && test(after)
    return is ? (was ? 'change' : 'enter') : was ? 'leave' : null
  }

  #compiled(): (row: Row) => boolean {
    if (!this.#isPlain) return () => true
    const { resource, where, opaque } = this.interest
    const plain = compile(where, resource, ownFields)
    return opaque ? row => plain(row) && opaque(row) : plain
  }

  /** Changes of a row that needs nothing beside itself to be shown. */
  *#event(snapshot: Snapshot, kind: LiveEvent['kind'], changes: readonly Change[]): Work<LiveEvent> {
    const { after: row, id } = changes.at(-1)!
    if (kind === 'leave') return left(changes, id)
    const { view } = this.interest
    const body = view.resource.rules?.fields
      ? (yield* this.present(snapshot, [row!]))[0]!
      : writeRow(view, row!, nothingBeside, this.ctx)
    return shown(kind, row!, body, changes)
  }
}

function shownBy(view: View, into: Set<Resource>): ReadonlySet<Resource> {
  for (const load of view.loads)
    if ('view' in load) {
      into.add(load.view.resource)
      shownBy(load.view, into)
    }
  return into.size > 0 ? into : noReads
}
