import { ApiError } from '../protocol/error.ts'
import { formatPosition, parsePosition } from '../protocol/position.ts'
import { ID, SEQ, type Id, type Row } from '../model/model.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Call } from '../engine/call.ts'
import type { Bounds } from '../engine/related.ts'
import type { Change, Commit, Snapshot, Store } from '../store/store.ts'
import { wait, type Work } from '../store/work.ts'
import { Feed } from './feed.ts'
import type { Group } from './group.ts'
import { Hub } from './hub.ts'
import { interestOf } from './interest.ts'
import { Postman } from './mailbox.ts'
import { Subscription, type Listener, type Shown } from './subscription.ts'

export interface LiveOptions {
  readonly store: Store
  readonly limits: Limits
  readonly clock: () => number
  /** Anonymous callers may do nothing where a resource is not public. */
  readonly authenticating: boolean
  /** Hears of what an evaluation or a face threw; the others are not disturbed. */
  readonly onFault: (error: unknown) => void
}

/** Changes that are replayed at most; whoever is further behind gets a snapshot, which is cheaper. */
const REPLAY = 10_000

/**
 * Live queries: a snapshot at a position, then every commit after it, in order, once; resumable by position.
 * What a subscription is told is computed once for all that ask alike.
 */
export class Live {
  readonly postman: Postman = new Postman()
  readonly #options: LiveOptions
  readonly #hub: Hub
  readonly #feed: Feed
  readonly #bounds: Bounds
  #subscriptions = 0

  constructor(options: LiveOptions) {
    this.#options = options
    this.#hub = new Hub(options.onFault)
    this.#feed = new Feed(options.store, this.#hub, options.onFault)
    this.#bounds = { ids: options.limits.relatedIds, rows: options.limits.maxPage, total: Infinity }
  }

  get subscriptions(): number {
    return this.#subscriptions
  }

  /**
   * Follows what a read call would show. The listener hears of a snapshot, or, with `since`, of all that happened after
   * that position; where the log cannot tell, of a reset and a snapshot. Throws ApiError where nothing can be followed.
   */
  async subscribe(call: Call, listener: Listener, since: string | null = null): Promise<Subscription> {
    const { key, interest, item } = interestOf(call, this.#options.authenticating, this.#bounds, this.#options.clock())
    this.#feed.start()
    const group = this.#hub.group(key, () => interest)
    const subscription = new Subscription(key, group, listener, behind => void this.#resync(behind))
    const self = this
    this.#hub.join(group, holding)
    try {
      return await this.#feed.at(function* (snapshot) {
        if (!(yield* self.#replay(snapshot, group, listener, since))) {
          const rows = yield* self.#take(snapshot, group)
          if (item !== null && rows.length === 0)
            throw new ApiError('not_found', { detail: `there is no ${call.resource.name} ${item}` })
          listener.snapshot(rows, formatPosition(self.#options.store.epoch, snapshot.position), since !== null)
        }
        self.#hub.join(group, subscription)
        self.#subscriptions++
        return subscription
      })
    } finally {
      this.#hub.leave(key, group, holding)
    }
  }

  unsubscribe(subscription: Subscription): void {
    if (subscription.closed) return
    subscription.close()
    this.#subscriptions--
    this.#hub.leave(subscription.key, subscription.group, subscription)
  }

  /** Tells subscribers of everything that is committed by now: before an answer, so that it comes after its own effects. */
  advance(): Promise<void> {
    return this.#feed.advance()
  }

  close(): void {
    this.#feed.stop()
  }

  *#take(snapshot: Snapshot, group: Group): Work<Shown[]> {
    const most = this.#options.limits.snapshotRows
    const rows = yield* group.snapshot(snapshot, most)
    if (rows.length > most)
      throw new ApiError('too_complex', {
        detail: `more than ${most} rows match; filter more, or follow a window with limit`,
      })
    return shownOf(rows, yield* group.present(snapshot, rows))
  }

  /** What happened since a position, from the log; false if the log cannot tell. */
  *#replay(snapshot: Snapshot, group: Group, listener: Listener, since: string | null): Work<boolean> {
    const { store } = this.#options
    const position = since === null ? null : parsePosition(since)
    if (!position || position.epoch !== store.epoch || position.seq > snapshot.position || !group.replayable)
      return false
    if (snapshot.position - position.seq > REPLAY) return false
    const commits: Commit[] = []
    for (let at = position.seq; at < snapshot.position;) {
      const next = yield* wait(store.commits(at, REPLAY))
      if (!next || next.length === 0) return false
      commits.push(...next)
      at = next[next.length - 1]!.position
    }
    listener.resumed(since!)
    const candidates = new Map<Commit, Change[]>()
    for (const commit of commits)
      candidates.set(
        commit,
        commit.changes.filter(change => change.resource === group.interest.resource),
      )
    for (const batch of yield* group.match(snapshot, commits, candidates)) listener.batch(batch)
    return true
  }

  async #resync(subscription: Subscription): Promise<void> {
    const self = this
    try {
      await this.#feed.at(function* (snapshot) {
        if (subscription.closed) return
        const rows = yield* self.#take(snapshot, subscription.group)
        subscription.listener.snapshot(rows, formatPosition(self.#options.store.epoch, snapshot.position), true)
        subscription.caughtUp()
      })
    } catch (error) {
      this.unsubscribe(subscription)
      subscription.listener.end(ApiError.from(error))
    }
  }
}

/** Keeps a group alive while its first member is on the way. */
const holding = { deliver: () => {}, reset: () => {} }

function shownOf(rows: readonly Row[], bodies: readonly string[]): Shown[] {
  return rows.map((row, i) => ({ id: row[ID] as Id, seq: row[SEQ] as number, body: bodies[i]! }))
}
