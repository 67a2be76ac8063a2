import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { ID, SEQ, type Id, type Resource, type Row } from '../../../model/model.ts'
import { tooManyBytes } from '../../../engine/read/too-many-bytes.ts'
import type { View } from '../../../engine/read/view.ts'
import { Room } from '../../../store/room.ts'
import type { Change, Snapshot } from '../../../store/store.ts'
import { wait, type Work } from '../../../store/work.ts'
import { FormerSnapshot } from './former-snapshot.ts'
import { batchOf, left, shown, type Batch, type LiveEvent, type Presented } from '../../event.ts'
import type { Followed, Move } from '../followed.ts'
import type { Step, Touched } from './step.ts'

const none: readonly Change[] = []

/** The ids in a view whose order the bodies do not tell. */
export interface NewOrder {
  readonly ids: readonly Id[]
  /** Rows that did not enter have other places. */
  readonly isReordered: boolean
}

/**
 * Turns what a step means to groups into batches. Groups that see the same rows in the same way share bodies, events, batches
 * and frames.
 */
export class Telling<G extends Followed> {
  readonly #resource: Resource
  readonly #step: Step
  readonly #touched: ReadonlyMap<Id, Touched> | undefined
  readonly #shared = new Map<View, SharedTelling>()
  readonly #read = new Map<Id, Row>()
  /** More bytes would have to be read than a step may have, so that groups that need the rest begin anew; null if not. */
  #exceeded: number | null = null
  /** The state before the step, for views that show related rows. */
  #former: Snapshot | null = null

  constructor(resource: Resource, step: Step) {
    this.#resource = resource
    this.#step = step
    this.#touched = step.touched.get(resource)
  }

  /**
   * Reads the rows that will be sent and that nobody has read yet, for instance those that slide into windows. One read for all
   * groups.
   */
  *prepare(moves: ReadonlyMap<G, readonly Move[] | null>): Work<void> {
    const missing = new Set<Id>()
    let most = 0
    for (const [{ interest, stepBytes }, list] of moves) {
      if (!list) continue
      most = stepBytes
      for (const { kind, id, row } of list) if (kind !== 'leave' && !row && !this.#read.has(id)) missing.add(id)
      // What is shown in addition to rows is read together for the rows of many groups.
      if (interest.isShared && interest.view.loads.length > 0) this.#sharedBy(interest.view).await(list)
    }
    if (missing.size === 0) return
    const room = new Room(most)
    for (const row of yield* wait(this.#step.present.snapshot.many(this.#resource, [...missing], room)))
      this.#read.set(row[ID] as Id, row)
    if (room.isFull) this.#exceeded = most
  }

  /** The batch of a group, if another group was already told the same; null if it has to be made. */
  known(group: G, moves: readonly Move[]): Batch | null {
    const move = moves[0]
    if (!move || moves.length > 1 || !group.interest.isShared) return null
    return this.#shared.get(group.interest.view)?.only.get(move) ?? null
  }

  /**
   * The batch of a group; null if there is nothing to send. `digests` has what was sent before, for groups where only the
   * bodies tell what is new.
   */
  *batch(
    group: G,
    moves: readonly Move[],
    digests: Map<Id, number> | null,
    order: NewOrder | null = null,
  ): Work<Batch | null> {
    const { view, isShared, isMasked } = group.interest
    if (isShared && !order && !digests) {
      const shared = this.#sharedBy(view)
      yield* this.#presentShared(group, moves, shared)
      const batch = shared.batch(moves, this.#resource, this.#step, move => this.#event(move, shared.presented, false))
      if (moves.length === 1) for (const move of moves) shared.only.set(move, batch)
      return batch
    }
    const presented = new Map<Id, Presented>()
    yield* this.#present(group, moves, presented)
    let news = moves
    if (digests) news = moves.filter(move => isNews(move, digests, presented))
    else if (isMasked) news = yield* this.#visible(group, moves, presented)
    if (news.length === 0 && !order?.isReordered) return null
    const events = news.map(move => this.#event(move, presented, isMasked))
    return batchOf(this.#resource, this.#step, events, order && order.ids)
  }

  /** The moves without those rows of which only something changed that rules hide. */
  *#visible(group: G, moves: readonly Move[], presented: ReadonlyMap<Id, Presented>): Work<readonly Move[]> {
    const changed = moves.filter(({ kind }) => kind === 'change')
    if (changed.length === 0) return moves
    const { snapshot } = this.#step.present
    // Groups that show related rows are told all commits as one step, so that this is the state before it.
    if (group.interest.view.loads.length > 0) this.#former ??= this.#before()
    const rows = changed.map(move => this.#touched?.get(move.id)?.before ?? this.#rowOf(move))
    const before = yield* group.bodies(this.#former ?? snapshot, rows)
    const same = new Set(changed.filter(({ id }, i) => before[i] === getOrThrow(presented, id).body))
    return same.size === 0 ? moves : moves.filter(move => !same.has(move))
  }

  #before(): Snapshot {
    const { present, history } = this.#step
    const first = history.commits[0]?.position ?? present.snapshot.position
    return new FormerSnapshot(present.snapshot, first - 1, history.commits)
  }

  #sharedBy(view: View): SharedTelling {
    let shared = this.#shared.get(view)
    if (!shared) this.#shared.set(view, (shared = new SharedTelling()))
    return shared
  }

  *#presentShared(group: G, moves: readonly Move[], shared: SharedTelling): Work<void> {
    for (const { kind, id } of moves)
      if (kind !== 'leave' && !shared.presented.has(id))
        return yield* this.#present(group, shared.withAwaited(moves), shared.presented)
  }

  *#present(group: G, moves: readonly Move[], into: Map<Id, Presented>): Work<void> {
    const rows: Row[] = []
    for (const move of moves) if (move.kind !== 'leave' && !into.has(move.id)) rows.push(this.#rowOf(move))
    const presented = yield* group.present(this.#step.present.snapshot, rows)
    for (const [i, one] of presented.entries()) into.set(rows[i]?.[ID] as Id, one)
  }

  #rowOf({ id, row }: Move): Row {
    const known = row ?? this.#read.get(id)
    if (known === undefined && this.#exceeded !== null) throw tooManyBytes(this.#exceeded)
    return known ?? getOrThrow(this.#read, id)
  }

  #event(move: Move, presented: ReadonlyMap<Id, Presented>, isMasked: boolean): LiveEvent {
    const { kind, id } = move
    const changes = this.#touched?.get(id)?.changes ?? none
    if (kind !== 'leave') return shown(kind, this.#rowOf(move), getOrThrow(presented, id), changes)
    return left(changes, id, isMasked ? this.#step.position : (changes.at(-1)?.seq ?? move.seq))
  }
}

/** Whether a row looks different from what was sent before. Remembers what is sent now. */
function isNews({ kind, id }: Move, digests: Map<Id, number>, presented: ReadonlyMap<Id, Presented>): boolean {
  if (kind === 'leave') return digests.delete(id)
  const digest = digestOf(getOrThrow(presented, id).body)
  if (kind === 'change' && digests.get(id) === digest) return false
  digests.set(id, digest)
  return true
}

/** What groups with the same view share: equal events are one object, and so are equal batches. */
class SharedTelling {
  /** Batches of a single move, by that move. */
  readonly only = new Map<Move, Batch>()
  readonly presented = new Map<Id, Presented>()
  readonly #events = {
    enter: new Map<Id, NumberedEvent>(),
    change: new Map<Id, NumberedEvent>(),
    leave: new Map<Id, NumberedEvent>(),
  }
  #numbered = 0
  readonly #batches = new Map<number, Batch[]>()
  readonly #longs: { readonly moves: readonly Move[]; readonly batch: Batch }[] = []
  /** Rows that other groups will need, in the order in which the groups will be told. */
  readonly #awaited = new Map<Id, Move>()

  await(moves: readonly Move[]): void {
    for (const move of moves) if (move.kind !== 'leave') this.#awaited.set(move.id, move)
  }

  /** The moves of one group, plus some that other groups wait for, so that their related rows are read together. */
  withAwaited(moves: readonly Move[]): readonly Move[] {
    if (this.#awaited.size === 0) return moves
    for (const { id } of moves) this.#awaited.delete(id)
    const all = [...moves]
    for (const [id, move] of this.#awaited) {
      if (all.length >= TOGETHER) break
      this.#awaited.delete(id)
      all.push(move)
    }
    return all
  }

  batch(moves: readonly Move[], resource: Resource, step: Step, make: (move: Move) => LiveEvent): Batch {
    if (moves.length > LONG) return this.#long(moves, resource, step, make)
    const events: LiveEvent[] = []
    let hash = moves.length
    for (const move of moves) {
      const known = this.#events[move.kind]
      let numbered = known.get(move.id)
      if (!numbered) known.set(move.id, (numbered = { event: make(move), number: ++this.#numbered }))
      events.push(numbered.event)
      // Events are shared objects, so a hash of their numbers finds an equal batch without comparing bodies.
      hash = (Math.imul(hash, 31) + numbered.number) | 0
    }
    let alike = this.#batches.get(hash)
    if (!alike) this.#batches.set(hash, (alike = []))
    for (const batch of alike) if (isSame(batch.events, events)) return batch
    const batch = batchOf(resource, step, events)
    alike.push(batch)
    return batch
  }

  #long(moves: readonly Move[], resource: Resource, step: Step, make: (move: Move) => LiveEvent): Batch {
    for (const known of this.#longs) if (isAlike(known.moves, moves)) return known.batch
    const batch = batchOf(resource, step, moves.map(make))
    this.#longs.push({ moves, batch })
    return batch
  }
}

/** Whether two lists of moves lead to the same batch, for groups with the same view. */
function isAlike(a: readonly Move[], b: readonly Move[]): boolean {
  return a.length === b.length && a.every(({ kind, id }, i) => kind === b[i]?.kind && id === b[i]?.id)
}

/** Longer lists of moves are compared one by one: few groups receive so much. */
const LONG = 100
/** The most rows that are written together for several groups. */
const TOGETHER = 256

interface NumberedEvent {
  readonly event: LiveEvent
  readonly number: number
}

function isSame(a: readonly LiveEvent[], b: readonly LiveEvent[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/**
 * A 53-bit digest of a text, made of two FNV-1a hashes with different primes. That is enough for two bodies of one row not to
 * collide in practice.
 */
export function digestOf(text: string): number {
  let low = 0x811c9dc5
  let high = 0x2f0b4c47
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x5bd1e995)
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0)
}

/** The version of a row before a step. */
export const versionOf = (row: Row | null): number => (row === null ? 0 : (row[SEQ] as number))
