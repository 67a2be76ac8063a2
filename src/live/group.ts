import type { Ctx } from '../schema/field.ts'
import { ID, SEQ, type Id, type Resource, type Row } from '../model/model.ts'
import { all, type Predicate, type Query } from '../query/predicate.ts'
import { compile, type Access } from '../query/evaluate.ts'
import { Budget, loadRelated, type Bounds } from '../engine/related.ts'
import { writeRow } from '../engine/present.ts'
import type { View } from '../engine/view.ts'
import type { Change, Commit, Snapshot } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'
import { batchOf, type Batch, type LiveEvent } from './event.ts'
import { reachOf } from './reach.ts'
import { readsOf, termOf, type Term } from './terms.ts'

/** Hears of what happens in a group's view. */
export interface Member {
  deliver(batch: Batch): void
  /** The view must be taken anew: what happened meanwhile cannot be told. */
  reset(): void
}

/** What a subscription follows: the same for all that ask alike. */
export interface Interest {
  readonly resource: Resource
  readonly query: Query
  readonly view: View
  /** What the caller may see, ANDed in. */
  readonly visible: Predicate
  readonly ctx: Ctx
  readonly bounds: Bounds
}

const noRelations: Access<Row> = {
  value: field => {
    const { slot } = field as unknown as { slot: number }
    return row => row[slot]!
  },
  one: () => () => null,
  many: () => () => [],
}

/**
 * All subscriptions with the same query. Each change is matched against the before and the after image once,
 * presented once, and handed to every member.
 */
export class Group {
  readonly interest: Interest
  readonly where: Predicate
  /** Its place in the index; null = asked about every change of its resource. */
  readonly term: Term | null
  /** Resources whose changes may alter the view besides its own. */
  readonly reads: ReadonlySet<Resource>
  readonly members: Set<Member> = new Set()
  readonly #test: (row: Row) => boolean
  /** Ids in view with their versions, kept only where images cannot tell: windows, and filters through relations. */
  #window: Map<Id, number> | null = null
  readonly #isWindow: boolean
  readonly #throughRelations: boolean

  constructor(interest: Interest) {
    const { resource, query, visible, view } = interest
    this.interest = interest
    this.where = all(query.where, visible)
    const reads = readsOf(resource, this.where)
    this.#throughRelations = reads.size > 0
    for (const touched of view.touches) if (touched !== resource) reads.add(touched)
    this.reads = reads
    this.#isWindow = query.limit !== null || query.offset > 0
    this.term = this.#isWindow || this.#throughRelations ? null : termOf(resource, this.where)
    this.#test = this.#throughRelations ? () => true : compile(this.where, resource, noRelations)
  }

  /** The view as it is, in the order of the query. */
  *snapshot(snapshot: Snapshot, most: number): Work<Row[]> {
    const { resource, query } = this.interest
    const limit = query.limit ?? most + 1
    const rows = yield* wait(
      snapshot.select(resource, { where: this.where, sort: query.sort, limit, offset: query.offset, cursor: null }),
    )
    if (this.#isStateful()) this.#window = versionsOf(rows)
    return rows
  }

  /** JSON texts of rows. */
  *present(snapshot: Snapshot, rows: readonly Row[]): Work<string[]> {
    const { view, ctx, bounds } = this.interest
    const related = yield* loadRelated(snapshot, view, rows, new Budget(bounds))
    return rows.map(row => writeRow(view, row, related, ctx))
  }

  /** What commits mean here, as batches in order; nothing if they do not concern the view. */
  *match(
    snapshot: Snapshot,
    commits: readonly Commit[],
    changes: ReadonlyMap<Commit, readonly Change[]>,
  ): Work<Batch[]> {
    if (this.#isStateful()) return yield* this.#requery(snapshot, commits)
    if (this.interest.view.loads.length > 0) return yield* this.#together(snapshot, commits, changes)
    const batches: Batch[] = []
    for (const commit of commits) {
      const events: LiveEvent[] = []
      for (const change of changes.get(commit) ?? []) {
        const event = this.#eventOf(change)
        if (event) events.push(event)
      }
      if (events.length) batches.push(batchOf(this.interest.resource, commit.position, events))
    }
    return batches
  }

  /** A change seen through its two images; the row needs nothing beside itself to be shown. */
  #eventOf(change: Change): LiveEvent | null {
    const kind = this.#kindOf(change.before, change.after)
    if (!kind) return null
    const { view, ctx } = this.interest
    const body = kind === 'leave' ? null : writeRow(view, change.after!, nothing, ctx)
    return { kind, id: change.id, seq: change.seq, body, born: !change.before, dead: !change.after, changes: [change] }
  }

  #kindOf(before: Row | null, after: Row | null): LiveEvent['kind'] | null {
    const was = before !== null && this.#test(before)
    const is = after !== null && this.#test(after)
    return is ? (was ? 'change' : 'enter') : was ? 'leave' : null
  }

  /**
   * Rows that are shown with related ones: commits that became visible together are one batch, shown as things
   * are now, because what lies beside the row is not in its images.
   */
  *#together(
    snapshot: Snapshot,
    commits: readonly Commit[],
    changes: ReadonlyMap<Commit, readonly Change[]>,
  ): Work<Batch[]> {
    const own = new Map<Id, Change[]>()
    for (const commit of commits)
      for (const change of changes.get(commit) ?? []) {
        const list = own.get(change.id)
        if (list) list.push(change)
        else own.set(change.id, [change])
      }
    const events: LiveEvent[] = []
    const shown: { row: Row; kind: 'enter' | 'change'; changes: Change[] }[] = []
    for (const [id, list] of own) {
      const { before } = list[0]!
      const last = list[list.length - 1]!
      const kind = this.#kindOf(before, last.after)
      if (kind === 'leave')
        events.push({ kind, id, seq: last.seq, body: null, born: false, dead: !last.after, changes: list })
      else if (kind) shown.push({ row: last.after!, kind, changes: list })
    }
    for (const row of yield* this.#reached(snapshot, commits))
      if (!own.has(row[ID] as Id)) shown.push({ row, kind: 'change', changes: [] })
    const bodies = yield* this.present(
      snapshot,
      shown.map(s => s.row),
    )
    shown.forEach(({ row, kind, changes: from }, i) => {
      const born = from.length > 0 && from[0]!.before === null
      events.push({
        kind,
        id: row[ID] as Id,
        seq: row[SEQ] as number,
        body: bodies[i]!,
        born,
        dead: false,
        changes: from,
      })
    })
    return events.length ? [batchOf(this.interest.resource, commits[commits.length - 1]!.position, events)] : []
  }

  /** Rows in view that show a row of another resource that changed. */
  *#reached(snapshot: Snapshot, commits: readonly Commit[]): Work<Row[]> {
    const { resource, view } = this.interest
    const reach = reachOf(view, commits)
    if (!reach) return []
    return yield* wait(
      snapshot.select(resource, { where: all(this.where, reach), sort: [], limit: null, offset: 0, cursor: null }),
    )
  }

  /** Windows, and filters that read other rows: the query is asked again and compared with what was in view. */
  *#requery(snapshot: Snapshot, commits: readonly Commit[]): Work<Batch[]> {
    const before = this.#window ?? new Map<Id, number>()
    const rows = yield* this.snapshot(snapshot, before.size + 10_000)
    const now = this.#window!
    const alive = new Map(rows.map(row => [row[ID] as Id, row]))
    const events: LiveEvent[] = []
    const recent = new Map<Id, Change[]>()
    for (const commit of commits)
      for (const change of commit.changes)
        if (change.resource === this.interest.resource)
          recent.set(change.id, [...(recent.get(change.id) ?? []), change])
    for (const [id, seq] of before)
      if (!now.has(id)) {
        const from = recent.get(id) ?? []
        const last = from[from.length - 1]
        events.push({
          kind: 'leave',
          id,
          seq: last?.seq ?? seq,
          body: null,
          born: false,
          dead: last !== undefined && !last.after,
          changes: from,
        })
      }
    const reached = new Set((yield* this.#reached(snapshot, commits)).map(row => row[ID] as Id))
    const shown = [...alive.values()].filter(
      row => before.get(row[ID] as Id) !== now.get(row[ID] as Id) || reached.has(row[ID] as Id),
    )
    const bodies = yield* this.present(snapshot, shown)
    shown.forEach((row, i) => {
      const id = row[ID] as Id
      const from = recent.get(id) ?? []
      const kind = before.has(id) ? 'change' : 'enter'
      events.push({
        kind,
        id,
        seq: row[SEQ] as number,
        body: bodies[i]!,
        born: from[0] !== undefined && !from[0].before,
        dead: false,
        changes: from,
      })
    })
    return events.length ? [batchOf(this.interest.resource, commits[commits.length - 1]!.position, events)] : []
  }

  #isStateful(): boolean {
    return this.#isWindow || this.#throughRelations
  }

  /** Whether what happened since a position can be told from the log alone. */
  get replayable(): boolean {
    return !this.#isStateful()
  }
}

const nothing = { of: [] }

function versionsOf(rows: readonly Row[]): Map<Id, number> {
  return new Map(rows.map(row => [row[ID] as Id, row[SEQ] as number]))
}
