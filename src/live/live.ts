import { ApiError } from '../protocol/error.ts'
import { formatPosition } from '../protocol/position.ts'
import { ID, SEQ, type Id } from '../model/model.ts'
import type { Standing } from '../auth/principal.ts'
import type { Call, Principal } from '../engine/call.ts'
import { endedFor } from '../engine/deprecated.ts'
import type { Commit, Snapshot } from '../store/store.ts'
import type { Work } from '../store/work.ts'
import type { Mode } from './coalesce.ts'
import { askedBy } from './asked-by.ts'
import { checkParent } from './check-parent.ts'
import { commitPage, commitsSince } from './commits-since.ts'
import { Feed } from './feed.ts'
import { Followers } from './followers.ts'
import type { Group } from './group.ts'
import { Hub } from './hub.ts'
import { interestOf } from './interest.ts'
import type { LiveOptions } from './live-options.ts'
import { Postman } from './mailbox.ts'
import { reached } from './reached.ts'
import { replay, type ReplayOptions } from './replay.ts'
import { Subscription, type Listener, type Shown } from './subscription.ts'

/** A subscription on its way. */
interface Beginning {
  readonly call: Call
  readonly subscription: Subscription
  readonly item: Id | null
  readonly since: string | null
  readonly standing: Standing | null
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
  readonly #followers: Followers
  readonly #replaying: ReplayOptions
  /** One function for all: a closure each would keep the call that it was made for. */
  readonly #resyncing = (behind: Subscription): Promise<void> => this.#resync(behind)
  readonly #subscriptions = new Set<Subscription>()
  readonly #closing = new AbortController()
  /** The last snapshot, for those who ask for the same in the same turn. */
  #recent: { readonly group: Group; readonly at: string; readonly rows: readonly Shown[] } | null = null

  constructor(options: LiveOptions) {
    const { limits, clock, store, gate, onFault } = options
    this.#options = options
    this.#replaying = { store, changes: REPLAY, rows: limits.snapshotRows }
    const bounds = { ids: limits.relatedIds, rows: limits.maxPage, total: Infinity }
    this.#hub = new Hub({ clock, sortedRows: limits.sortedRows, bounds }, onFault)
    this.#followers = new Followers({
      hub: this.#hub,
      most: limits.snapshotRows,
      changedIn: options.changedIn ?? (() => new Map()),
      interestOf: call => {
        gate.pass(call, true)
        return interestOf(call, gate.closes(call.resource))
      },
      take: (snapshot, group) => this.#take(snapshot, group),
      end: (subscription, error) => this.#end(subscription, error),
      onFault,
    })
    this.#feed = new Feed(store, this.#hub, this.#followers, onFault)
  }

  get subscriptions(): number {
    return this.#subscriptions.size
  }

  /** How many different queries are followed. */
  get groups(): number {
    return this.#hub.groups
  }

  get epoch(): string {
    return this.#options.store.epoch
  }

  /** Aborted when it closes; connections that serve nothing else end then. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /**
   * Follows what a read call would show. The listener hears of a snapshot, or, with `since`, of all that happened after
   * that position; where the log cannot tell, of a reset and a snapshot. With a standing it follows for whoever its
   * caller is by then. Throws ApiError where nothing can be followed.
   */
  async subscribe(
    call: Call,
    listener: Listener,
    since: string | null = null,
    mode: Mode = 'every',
    standing: Standing | null = null,
  ): Promise<Subscription> {
    if (this.closing.aborted) throw closed()
    const { gate, charge, clock } = this.#options
    const ended = endedFor(call, clock())
    if (ended) throw ended
    gate.pass(call, true)
    await charge?.(call)
    for (let asked = call; ;) {
      const { key, interest, item } = interestOf(asked, gate.closes(call.resource))
      const group = this.#hub.group(key, () => interest)
      const subscription = new Subscription(key, group, listener, mode, this.#resyncing)
      // Keeps the group while its first member is on the way.
      const holding = { deliver: () => {}, reset: () => {} }
      this.#hub.join(group, holding)
      this.#feed.start()
      try {
        const other = await this.#feed.at(snapshot =>
          this.#begin(snapshot, { call: asked, subscription, item, since, standing }),
        )
        if (other === null) return subscription
        asked = askedBy(call, other)
        gate.pass(asked, true)
      } finally {
        this.#hub.leave(key, group, holding)
        this.#rest()
      }
    }
  }

  /** What a subscription follows is asked for by another caller from now on: the difference is told. */
  async become(subscription: Subscription, call: Call, standing: Standing | null): Promise<void> {
    subscription.hold()
    await this.#feed.at(snapshot => this.#followers.become(snapshot, subscription, call, standing))
  }

  /** The position of now: who begins there hears of what comes, and nothing of what is. */
  async now(): Promise<string> {
    const { store } = this.#options
    // oxlint-disable-next-line require-yield -- nothing needs to be waited for
    const seq = await store.read(function* (snapshot) {
      return snapshot.position
    })
    return formatPosition(store.epoch, seq)
  }

  unsubscribe(subscription: Subscription): void {
    if (subscription.closed) return
    subscription.close()
    this.#followers.remove(subscription)
    this.#subscriptions.delete(subscription)
    this.#hub.leave(subscription.key, subscription.group, subscription)
    this.#rest()
  }

  /**
   * Follows the log itself, from after `since` or from now. The listener hears of commits in order, and of null where
   * the log cannot tell what happened: everything must be read anew. Returns how to stop.
   */
  async follow(
    listener: (commits: readonly Commit[] | null, position: string) => void,
    since: string | null,
  ): Promise<() => void> {
    if (this.closing.aborted) throw closed()
    const tell = (commits: readonly Commit[] | null): void =>
      listener(commits, formatPosition(this.epoch, commits?.at(-1)?.position ?? this.#feed.position))
    const stop = await this.#feed.at(snapshot => this.#tap(snapshot, tell, since))
    return () => {
      stop()
      this.#rest()
    }
  }

  /** Commits after a position (null = the beginning), about `limit` changes, and where the log is; null if it no longer reaches back. */
  async commits(since: string | null, limit: number): Promise<{ commits: Commit[] | null; position: string }> {
    const { store } = this.#options
    return store.read(snapshot => commitPage(store, snapshot, since, limit))
  }

  /** Tells subscribers of everything that is committed by now: before an answer, so that it comes after its own effects. */
  advance(): Promise<void> {
    return this.#hub.isIdle ? Promise.resolve() : this.#feed.advance()
  }

  /** Resolves when a position is here that a caller has seen elsewhere; ApiError `unavailable` if it takes too long. */
  reached(position: string, place: { header?: string; pointer?: string }): Promise<void> {
    return reached(this.#options.store, position, place)
  }

  /** Ends all subscriptions. */
  close(): void {
    if (this.closing.aborted) return
    this.#closing.abort()
    this.#feed.stop()
    for (const subscription of this.#subscriptions) {
      this.unsubscribe(subscription)
      subscription.listener.end(closed())
    }
  }

  /** Nobody listens: the log need not be read. */
  #rest(): void {
    if (this.#hub.isIdle) this.#feed.stop()
  }

  /** A subscription's first words, and its place among those who hear of what comes; or who its caller is by now. */
  *#begin(snapshot: Snapshot, { call, subscription, item, since, standing }: Beginning): Work<Principal | null> {
    if (this.closing.aborted) throw closed()
    const { group, listener } = subscription
    if (standing) {
      const now = yield* standing.at(snapshot)
      if (now === null) throw new ApiError('unauthenticated', { detail: 'the session has ended' })
      if (now !== call.principal) return now
    }
    yield* checkParent(snapshot, call, group.interest.permissions)
    if (since === null || !(yield* replay(this.#replaying, snapshot, subscription, item, since, standing))) {
      const rows = yield* this.#take(snapshot, group)
      if (item !== null && rows.length === 0) throw missing(call)
      listener.snapshot(rows, formatPosition(this.epoch, snapshot.position), since !== null)
    }
    this.#hub.join(group, subscription)
    this.#subscriptions.add(subscription)
    if (standing) this.#followers.add(subscription, call, standing)
    return null
  }

  *#tap(snapshot: Snapshot, tell: (commits: readonly Commit[] | null) => void, since: string | null): Work<() => void> {
    const missed = since === null ? [] : yield* commitsSince(this.#options.store, snapshot, since, 10 * REPLAY)
    if (missed === null || missed.length > 0) tell(missed)
    const stop = this.#hub.tap(tell)
    this.#feed.start()
    return stop
  }

  *#again(snapshot: Snapshot, subscription: Subscription): Work<void> {
    if (subscription.closed) return
    const rows = yield* this.#take(snapshot, subscription.group)
    subscription.listener.snapshot(rows, formatPosition(this.epoch, snapshot.position), true)
    subscription.caughtUp()
  }

  *#take(snapshot: Snapshot, group: Group): Work<readonly Shown[]> {
    const at = `${snapshot.position} ${snapshot.fleeting ?? ''}`
    if (this.#recent?.group === group && this.#recent.at === at) return this.#recent.rows
    const most = this.#options.limits.snapshotRows
    const { rows, bodies } = yield* group.take(snapshot, most)
    if (rows.length > most)
      throw new ApiError('too_complex', {
        detail: `more than ${most} rows match; filter more, or follow a window with limit`,
      })
    const shown = rows.map((row, i) => ({ id: row[ID] as Id, seq: row[SEQ] as number, body: bodies[i]!, row }))
    if (!this.#recent) setImmediate(() => (this.#recent = null))
    this.#recent = { group, at, rows: shown }
    return shown
  }

  async #resync(subscription: Subscription): Promise<void> {
    try {
      await this.#feed.at(snapshot => this.#again(snapshot, subscription))
    } catch (error) {
      this.#end(subscription, ApiError.from(error))
    }
  }

  #end(subscription: Subscription, error: ApiError): void {
    if (subscription.closed) return
    this.unsubscribe(subscription)
    subscription.listener.end(error)
  }
}

const missing = (call: Call): ApiError =>
  new ApiError('not_found', { detail: `there is no ${call.resource.name} ${call.id}` })

const closed = (): ApiError => new ApiError('unavailable', { detail: 'the server is closing' })
