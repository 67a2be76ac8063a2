import type { Principal, Standing } from '../auth/principal.ts'
import type { Id } from '../model/model.ts'
import { ApiError } from '../protocol/error.ts'
import { formatPosition } from '../protocol/position.ts'
import { listOf } from '../model/uri-pattern.ts'
import type { Commit, Published, Store } from '../store/store.ts'
import { commitsSince } from './commits-since.ts'
import type { Live } from './live.ts'

/** What a face makes of a subscription to a handled resource. */
export interface PublishedListener {
  /** What there is, as JSON text; null = nothing. `reset` = what happened meanwhile cannot be told. */
  state(body: string | null, position: string, reset: boolean): void
  /** It continues behind the position that it was resumed from; what happened since follows. */
  resumed(position: string): void
  /** What became of it or, for a list, of an item of it. False if it was left out because the connection is slow. */
  published(record: Published): boolean
  /** What was handed over earlier has not been taken yet; `drained` tells when it is. */
  isBusy(): boolean
  /** It is over. */
  end(error: ApiError): void
}

/** A URI that is followed. */
export interface Followed {
  /** Canonical. */
  readonly uri: string
  /** What is there now; throws where it may not be followed. */
  readonly read: () => Promise<string | null>
  /** Who hears of a record once, however many of its subscriptions it concerns: the connection. */
  readonly owner: object
  readonly listener: PublishedListener
  /** Who follows it, and how to find out whether it still is who it was; null = it cannot change. */
  readonly caller?: { readonly principal: Principal | null; readonly standing: Standing } | null
}

/** Records that are replayed at most. */
const REPLAY = 10_000

/** One connection's interest in a URI that functions serve, or that nothing serves but what is published there. */
export class PublishedSubscription {
  readonly followed: Followed
  readonly #resync: (subscription: PublishedSubscription) => Promise<void>
  /** What waits to be told; null = what comes is told at once. */
  #early: Published[] | null = []
  /** seq that the state contains; null = it is on its way. */
  #after: number | null = null
  #behind = false
  #resyncing = false
  #suspended = false
  closed = false

  constructor(followed: Followed, resync: (subscription: PublishedSubscription) => Promise<void>) {
    this.followed = followed
    this.#resync = resync
  }

  /** Something was left out: nothing more is told until a new state. */
  get behind(): boolean {
    return this.#behind
  }

  deliver(record: Published): void {
    if (this.closed || this.#behind || record.seq <= (this.#after ?? -1)) return
    if (this.#early) this.#early.push(record)
    else this.#tell(record)
  }

  /** From here on it is told what comes after a seq, beginning with what came already. */
  begin(after: number, replayed: readonly Published[] = []): void {
    this.#after = after
    this.#early = [...replayed, ...(this.#early ?? []).filter(record => record.seq > after)]
    this.#proceed()
  }

  /** Holds back what comes until `begin`. */
  hold(): void {
    this.#after = null
    this.#early ??= []
    this.#behind = false
  }

  /** Tells nothing until it is known who follows. */
  suspend(): void {
    this.#suspended = true
    this.#early ??= []
  }

  /** It is the same who follows; `isSure` = and was all the time. */
  resume(isSure: boolean): void {
    this.#suspended = false
    if (isSure && !this.#behind) this.#proceed()
    else this.reset()
  }

  /** Tells what waits, unless the state is on its way, or it is not known who follows. */
  #proceed(): void {
    if (this.#after === null || this.#suspended) return
    const early = this.#early ?? []
    this.#early = null
    for (const record of early) this.#tell(record)
  }

  #tell(record: Published): void {
    if (!this.closed && !this.#behind && !this.followed.listener.published(record)) this.#behind = true
  }

  /** Something is missing: nothing more is told until a new state. */
  reset(): void {
    this.#behind = true
    this.#startAnew()
  }

  /** The connection has taken what waited. */
  drained(): void {
    if (this.#behind) this.#startAnew()
  }

  #startAnew(): void {
    if (this.closed || this.#suspended || this.#resyncing || this.followed.listener.isBusy()) return
    this.#resyncing = true
    void this.#resync(this).finally(() => {
      this.#resyncing = false
      // What went missing meanwhile may not be in the state that was told.
      this.drained()
    })
  }
}

export interface PublishedOptions {
  readonly live: Live
  readonly store: Store
  /** Work that no write to the URI's list overtakes. */
  readonly still: <T>(uri: string, work: () => Promise<T>) => Promise<T>
  /** The users of whom commits changed something; null = nobody can change. */
  readonly changedIn?: ((commits: readonly Commit[]) => ReadonlyMap<Id, number>) | null
}

/** Subscriptions to handled resources: a state, then every record of the log about it, in order, once. */
export class PublishedFeed {
  readonly #options: PublishedOptions
  readonly #byUri = new Map<string, Set<PublishedSubscription>>()
  #count = 0
  #tap: Promise<() => void> | null = null

  constructor(options: PublishedOptions) {
    this.#options = options
  }

  get subscriptions(): number {
    return this.#count
  }

  /** Begins with the state or, with `since`, with what happened after that position if the log can tell. */
  async subscribe(followed: Followed, since: string | null = null): Promise<PublishedSubscription> {
    const { live, still } = this.#options
    if (live.closing.aborted) throw new ApiError('unavailable', { detail: 'the server is closing' })
    const subscription = new PublishedSubscription(followed, one => this.#resync(one))
    this.#place(subscription)
    try {
      await (this.#tap ??= live.follow(commits => this.#tell(commits), null))
      await still(followed.uri, async () => {
        const { at, missed } = await this.#now(followed.uri, since)
        if (missed === null) await this.#state(subscription, at, since !== null)
        else {
          followed.listener.resumed(since!)
          subscription.begin(at, missed)
        }
      })
    } catch (error) {
      this.unsubscribe(subscription)
      throw error
    }
    return subscription
  }

  /** Tells subscribers of everything that is recorded by now: before the answer to a write, so that it comes after it. */
  advance(): Promise<void> {
    return this.#options.live.advance()
  }

  unsubscribe(subscription: PublishedSubscription): void {
    if (subscription.closed) return
    subscription.closed = true
    const { uri } = subscription.followed
    const all = this.#byUri.get(uri)
    all?.delete(subscription)
    if (all?.size === 0) this.#byUri.delete(uri)
    if (--this.#count > 0) return
    const tap = this.#tap
    this.#tap = null
    void tap?.then(
      stop => stop(),
      () => undefined,
    )
  }

  #place(subscription: PublishedSubscription): void {
    const { uri } = subscription.followed
    let all = this.#byUri.get(uri)
    if (!all) this.#byUri.set(uri, (all = new Set()))
    all.add(subscription)
    this.#count++
  }

  #tell(commits: readonly Commit[] | null): void {
    if (!commits) {
      for (const all of this.#byUri.values()) for (const one of all) one.reset()
      return
    }
    const doubtful = this.#concerned(commits)
    for (const one of doubtful.keys()) one.suspend()
    for (const { published } of commits) for (const record of published) this.#dispatch(record)
    for (const [one, times] of doubtful) void this.#settle(one, times === 1)
  }

  /** Subscriptions of whose callers commits changed something, and how often. */
  #concerned(commits: readonly Commit[]): Map<PublishedSubscription, number> {
    const concerned = new Map<PublishedSubscription, number>()
    const users = this.#options.changedIn?.(commits)
    if (!users || users.size === 0) return concerned
    for (const all of this.#byUri.values())
      for (const one of all) {
        const { caller } = one.followed
        const times = caller && users.get(caller.standing.user)
        if (times) concerned.set(one, times)
      }
    return concerned
  }

  /** Whoever is another caller by now is renewed by the connection. */
  async #settle(subscription: PublishedSubscription, isSure: boolean): Promise<void> {
    const { standing, principal } = subscription.followed.caller!
    const now = await this.#options.store.read(snapshot => standing.at(snapshot))
    if (now === principal && !subscription.closed) subscription.resume(isSure)
  }

  /** Those of the item, then those of its list; each owner once. */
  #dispatch(record: Published): void {
    const { uri } = record
    const own = this.#byUri.get(uri) ?? none
    const above = uri.endsWith('/') ? none : (this.#byUri.get(listOf(uri)) ?? none)
    const told = own.size + above.size > 1 ? new Set<object>() : null
    for (const one of [...own, ...above]) {
      const { owner } = one.followed
      if (told?.has(owner)) continue
      told?.add(owner)
      one.deliver(record)
    }
  }

  async #resync(subscription: PublishedSubscription): Promise<void> {
    const { listener, uri } = subscription.followed
    try {
      await this.#options.still(uri, async () => {
        subscription.hold()
        const { at } = await this.#now(uri, null)
        await this.#state(subscription, at, true)
      })
    } catch (error) {
      if (subscription.closed) return
      this.unsubscribe(subscription)
      listener.end(ApiError.from(error))
    }
  }

  async #state(subscription: PublishedSubscription, at: number, reset: boolean): Promise<void> {
    const { read, listener } = subscription.followed
    const body = await read()
    if (subscription.closed) return
    listener.state(body, formatPosition(this.#options.store.epoch, at), reset)
    subscription.begin(at)
  }

  /** Where the log is, and its records about a URI after a position; null if it cannot tell, or would tell too much. */
  async #now(uri: string, since: string | null): Promise<{ at: number; missed: Published[] | null }> {
    const { store } = this.#options
    return store.read(function* (snapshot) {
      const commits = since === null ? null : yield* commitsSince(store, snapshot, since, REPLAY)
      const records = commits && commits.flatMap(commit => commit.published)
      return {
        at: snapshot.position,
        missed: records && records.filter(one => one.uri === uri || (uri.endsWith('/') && listOf(one.uri) === uri)),
      }
    })
  }
}

const none: ReadonlySet<PublishedSubscription> = new Set()
