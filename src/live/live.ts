import { ApiError } from '../protocol/error.ts'
import { formatPosition } from '../protocol/position.ts'
import type { Standing } from '../auth/principal.ts'
import type { Call } from '../engine/call/call.ts'
import { printQuery } from '../query/print.ts'
import type { Commit, Snapshot } from '../store/store.ts'
import type { Work } from '../store/work.ts'
import type { Mode } from './subscriptions/coalesce.ts'
import { commitPage, commitsSince } from './resume/commits-since.ts'
import type { Explanation } from './explain.ts'
import { Feed } from './feed.ts'
import { Followers } from './subscriptions/changed-callers.ts'
import { Hub } from './views/hub.ts'
import type { LiveOptions } from './live-options.ts'
import { Postman } from './subscriptions/mailbox.ts'
import { Queries } from './views/queries.ts'
import { reached } from './resume/await-position.ts'
import type { Kind } from './subscriptions/source.ts'
import type { Listener, Subscription } from './subscriptions/subscription.ts'

/** Changes that are replayed to whoever follows the log itself. */
const REPLAY = 100_000

/** Queries that are listed for those who look after a server. */
const LISTED = 20

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
  readonly #queries: Queries
  readonly #closing = new AbortController()

  constructor(options: LiveOptions) {
    const { limits, clock, store, onFault } = options
    this.#options = options
    const bounds = { ids: limits.relatedIds, rows: limits.maxPage, total: Infinity }
    this.#hub = new Hub({ clock, sortedRows: limits.sortedRows, turn: limits.turn, bounds }, onFault)
    this.#followers = new Followers({ changedIn: options.changedIn ?? (() => new Map()), onFault })
    this.#feed = new Feed(store, this.#hub, this.#followers, onFault)
    this.#queries = new Queries(options, {
      hub: this.#hub,
      feed: this.#feed,
      followers: this.#followers,
      checkOpen: () => this.checkOpen(),
    })
  }

  get subscriptions(): number {
    return this.#queries.subscriptions.size
  }

  /** How many different queries are followed. */
  get groups(): number {
    return this.#hub.groups
  }

  /** The same by how their views are kept up to date. */
  get upkeep(): Hub['upkeep'] {
    return this.#hub.upkeep
  }

  /** The queries that are asked again after commits, the most expensive first: what they ask, and milliseconds a time. */
  get requeries(): { readonly resource: string; readonly query: string; readonly cost: number }[] {
    const all = Array.from(this.#hub.requeries, ({ group: { interest }, cost }) => ({ interest, cost }))
    const first = all.toSorted((a, b) => b.cost - a.cost).slice(0, LISTED)
    return first.map(({ interest, cost }) => ({ resource: interest.resource.name, query: printQuery(interest), cost }))
  }

  /** What following a read call would cost, and why. Throws ApiError where it cannot be followed. */
  explain(call: Call): Explanation {
    this.#options.gate.pass(call, true)
    return this.#queries.explain(call)
  }

  get epoch(): string {
    return this.#options.store.epoch
  }

  /** Whose subscriptions may become another caller's; of rows, and of whatever else goes by the log. */
  get followers(): Followers {
    return this.#followers
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
    this.checkOpen()
    await this.#options.enter(call)
    return this.#queries.subscribe(call, listener, { since, mode, standing })
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
    subscription.close()
  }

  /** A subscription is asked for by another caller from now on: tells what that comes to. */
  handOver<K extends Kind>(subscription: Subscription<K>, asked: K['asked'], standing: Standing | null): Promise<void> {
    subscription.hold()
    return this.#feed.at(snapshot => this.#followers.handOver(snapshot, subscription, asked, standing))
  }

  /** Work at a position up to which everything was told: whoever joins in it misses nothing and hears nothing twice. */
  at<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    return this.#feed.at(work)
  }

  /**
   * Follows the log itself, from after `since` or from now. The listener hears of commits in order, and of null where
   * the log cannot tell what happened: everything must be read anew. Returns how to stop.
   */
  async follow(
    listener: (commits: readonly Commit[] | null, position: string) => void,
    since: string | null,
  ): Promise<() => void> {
    this.checkOpen()
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
    return this.#hub.isIdle ? Promise.resolve() : this.#feed.settle()
  }

  /** Resolves when a position is here that a caller has seen elsewhere; ApiError `unavailable` if it takes too long. */
  reached(position: string, place: { header?: string; pointer?: string }): Promise<void> {
    return reached(this.#options.store, position, place)
  }

  /** Throws ApiError `unavailable` once it is closing: nothing new is followed. */
  checkOpen(): void {
    if (this.closing.aborted) throw closed()
  }

  /** Ends all subscriptions. */
  close(): void {
    if (this.closing.aborted) return
    this.#closing.abort()
    this.#feed.stop()
    for (const subscription of this.#queries.subscriptions) subscription.end(closed())
  }

  /** Nobody listens: the log need not be read. */
  #rest(): void {
    if (this.#hub.isIdle) this.#feed.stop()
  }

  *#tap(snapshot: Snapshot, tell: (commits: readonly Commit[] | null) => void, since: string | null): Work<() => void> {
    const missed = since === null ? [] : yield* commitsSince(this.#options.store, snapshot, since, REPLAY)
    if (missed === null || missed.length > 0) tell(missed)
    const stop = this.#hub.tap(tell)
    this.#feed.start()
    return stop
  }
}

/** Why what is followed ends with the Api. */
export const closed = (): ApiError => new ApiError('unavailable', { detail: 'the server is closing' })
