import { ApiError, type NamedAt } from '../protocol/error.ts'
import type { Credentials, Principal, Standing } from '../auth/principal.ts'
import { visitsInTurn } from '../engine/rules/authorize.ts'
import type { Call } from '../engine/call/call.ts'
import { printQuery } from '../query/predicate.ts'
import type { Commit, Snapshot } from '../store/store.ts'
import type { Terms } from '../store/terms.ts'
import type { Work } from '../store/work.ts'
import { commitPage, commitsSince } from './resume/commits-since.ts'
import { followedQuery, type FollowedQuery, type ViewExplanation } from './explain.ts'
import { Feed } from './feed.ts'
import { ChangedCallers } from './subscriptions/changed-callers.ts'
import { Hub } from './views/hub.ts'
import type { LiveOptions } from './live-options.ts'
import { Postman } from './subscriptions/backpressure.ts'
import { Queries, type FollowingOptions } from './views/queries.ts'
import { awaitPosition } from './resume/await-position.ts'
import type { Kind } from './subscriptions/source.ts'
import type { Listener, Subscription } from './subscriptions/subscription.ts'

/** The most changes that are replayed to a client that follows the log itself. */
const MOST_FOLLOWED = 100_000

/** How many queries are listed in metrics. */
const LISTED = 20

/**
 * Live queries: a snapshot at a position, then every later commit, once and in order. Subscriptions can resume from a position.
 * What a step means is computed once for all subscriptions with the same query.
 */
export class Live {
  readonly postman: Postman = new Postman()
  /** The clients that are connected by sockets and streams, and since when, in milliseconds since the epoch. */
  readonly connections: Map<Connected, number> = new Map()
  readonly #options: LiveOptions
  readonly #hub: Hub
  readonly #feed: Feed
  readonly #followers: ChangedCallers
  readonly #queries: Queries
  readonly #closing = new AbortController()

  constructor(options: LiveOptions) {
    const { limits, clock, store } = options
    // A step that exceeds a limit is no fault: its followers begin anew.
    const onFault: LiveOptions['onFault'] = thrown => {
      if (ApiError.from(thrown).isFault) options.onFault(thrown)
    }
    this.#options = options
    const { relatedIds: ids, maxPage: rows, snapshotBytes } = limits
    const bounds = { ids, rows, total: Infinity, bytes: snapshotBytes, computed: snapshotBytes }
    this.#hub = new Hub(
      {
        clock,
        sortedRows: limits.sortedRows,
        visits: visitsInTurn(limits),
        turn: limits.turn,
        bounds,
        snapshotBytes,
        terms: store.terms,
      },
      onFault,
    )
    this.#followers = new ChangedCallers({ changedIn: options.changedIn ?? (() => new Map()), onFault })
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

  /** How many of them are kept up to date in each way. */
  get upkeep(): Hub['upkeep'] {
    return this.#hub.upkeep
  }

  /**
   * The queries that run again after commits, the most expensive first, with the average milliseconds per run. A query of several
   * callers or windows is listed once, with the highest.
   */
  get requeries(): { readonly resource: string; readonly query: string; readonly cost: number }[] {
    const all = Array.from(this.#hub.requeries, ({ group: { interest }, cost }) => ({ interest, cost }))
    const first = all.toSorted((a, b) => b.cost - a.cost).slice(0, LISTED)
    const listed = new Map<string, Live['requeries'][number]>()
    for (const { interest, cost } of first) {
      const one = { resource: interest.resource.name, query: printQuery(interest), cost }
      const name = `${one.resource} ${one.query}`
      if (!listed.has(name)) listed.set(name, one)
    }
    return [...listed.values()]
  }

  /** The queries that are followed, those with the most subscriptions first, at most `most`. */
  queriesFollowed(most: number): FollowedQuery[] {
    const all = Array.from(this.#hub.followed(), ([key, group]) => ({ group, cost: this.#hub.costBy(key) }))
    return all
      .map(({ group, cost }) => followedQuery(group, cost, this.terms))
      .toSorted((a, b) => b.subscriptions - a.subscriptions)
      .slice(0, most)
  }

  /** Up to where subscribers were told, `epoch.seq`; null = nobody follows anything. */
  get toldUpTo(): string | null {
    return this.#feed.position < 0 ? null : this.terms.position(this.#feed.position)
  }

  /** What it would cost to follow a read call, and why. Throws ApiError if it cannot be followed. */
  explain(call: Call): ViewExplanation {
    this.#options.callerChecks.check(call, true)
    return this.#queries.explain(call)
  }

  /** Which positions are ones of the log, and how they are written. */
  get terms(): Terms {
    return this.#options.store.terms
  }

  /** The subscriptions whose callers may change. Used for rows and for published URIs. */
  get followers(): ChangedCallers {
    return this.#followers
  }

  /** Aborted when the API closes. Connections that only serve subscriptions end then. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /**
   * Follows what a read call would show. The listener receives a snapshot. With `since` it receives everything that happened
   * after that position, or, if the log cannot tell, a reset and a snapshot. With a `standing`, the subscription follows its
   * caller when the caller's rights change. Throws ApiError if the call cannot be followed.
   */
  async subscribe(
    call: Call,
    listener: Listener,
    { since = null, mode = 'every', standing = null, waits = false }: HowToFollow = {},
  ): Promise<Subscription> {
    this.checkOpen()
    await this.#options.enter(call)
    return this.#queries.subscribe(call, listener, { since, mode, standing, waits })
  }

  /** The current position. A subscription that starts there receives only what happens later. */
  async now(): Promise<string> {
    const { store } = this.#options
    // oxlint-disable-next-line require-yield -- nothing needs to be waited for
    const seq = await store.read(function* (snapshot) {
      return snapshot.position
    })
    return store.terms.position(seq)
  }

  /**
   * Sends subscribers everything that is committed by now, and returns its position. null if queries that run again are late.
   */
  async told(): Promise<string | null> {
    if (this.#hub.isIdle) return this.now()
    await this.#feed.settle()
    const hub = this.#hub
    // oxlint-disable-next-line require-yield -- nothing needs to be waited for
    const seq = await this.#feed.at(function* ({ position }) {
      return hub.isBehind ? null : position
    })
    return seq === null ? null : this.terms.position(seq)
  }

  /** Whether nothing was told yet of what was committed after a position. */
  isLast(position: string): boolean {
    const told = this.#feed.position
    return told >= 0 && this.terms.position(told) === position
  }

  unsubscribe(subscription: Subscription): void {
    subscription.close()
  }

  /** Gives a subscription to another caller, and sends what changes by that. */
  handOver<K extends Kind>(subscription: Subscription<K>, asked: K['asked'], standing: Standing | null): Promise<void> {
    subscription.hold()
    return this.#feed.at(snapshot => this.#followers.handOver(snapshot, subscription, asked, standing))
  }

  /**
   * Does work at a position up to which everything was sent. A subscription that starts inside it misses nothing and receives
   * nothing twice.
   */
  at<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    return this.#feed.at(work)
  }

  /**
   * Follows the log itself, after `since` or from now on. The listener receives commits in order, or null if the log cannot
   * tell what happened and everything must be read anew. Resolves to a function that stops it.
   */
  async follow(
    listener: (commits: readonly Commit[] | null, position: string) => void,
    since: string | null,
  ): Promise<() => void> {
    this.checkOpen()
    const tell = (commits: readonly Commit[] | null): void =>
      listener(commits, this.terms.position(commits?.at(-1)?.position ?? this.#feed.position))
    const stop = await this.#feed.at(snapshot => this.#tap(snapshot, tell, since))
    return () => {
      stop()
      this.#rest()
    }
  }

  /**
   * A page of commits after a position (null = the beginning), with about `limit` changes, and the current position. `commits`
   * is null if the log no longer reaches back.
   */
  async commits(since: string | null, limit: number): Promise<{ commits: Commit[] | null; position: string }> {
    const { store } = this.#options
    return store.read(snapshot => commitPage(store, snapshot, since, limit))
  }

  /**
   * Sends subscribers everything that is committed by now. Called before a write is answered, so that its effects come before
   * its answer.
   */
  advance(): Promise<void> {
    return this.#hub.isIdle ? Promise.resolve() : this.#feed.settle()
  }

  /**
   * Resolves when this process has reached a position that a client has seen elsewhere. Throws ApiError `unavailable` if that
   * takes too long.
   */
  awaitPosition(position: string, place: NamedAt): Promise<void> {
    return awaitPosition(this.#options.store, position, place)
  }

  /** Throws ApiError `unavailable` once the API is closing. */
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

  /** Stops reading the log if nobody follows anything. */
  #rest(): void {
    if (this.#hub.isIdle) this.#feed.stop()
  }

  *#tap(snapshot: Snapshot, tell: (commits: readonly Commit[] | null) => void, since: string | null): Work<() => void> {
    const missed = since === null ? [] : yield* commitsSince(this.#options.store, snapshot, since, MOST_FOLLOWED)
    if (missed === null || missed.length > 0) tell(missed)
    const stop = this.#hub.tap(tell)
    this.#feed.start()
    return stop
  }
}

/** A client that is connected by a socket or a stream. */
export interface Connected {
  readonly principal: Principal | null
  readonly credentials: Credentials
  /** The session with whose token it came. null = it came with none of ours. */
  readonly session: string | null
  readonly subscriptions: { readonly size: number }
  /** What waits until the client takes it, in bytes. */
  readonly mailbox: { readonly waiting: number }
}

/** How a query is followed. Default: from a snapshot on, every step, by a caller who stays the same. */
export type HowToFollow = { readonly [K in keyof FollowingOptions]?: FollowingOptions[K] | undefined }

/** The error that ends subscriptions when the API closes. */
export const closed = (): ApiError => new ApiError('unavailable', { detail: 'the server is closing' })
