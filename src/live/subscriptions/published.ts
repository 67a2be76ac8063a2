import type { Principal, Standing } from '../../auth/principal.ts'
import { ApiError } from '../../protocol/error.ts'
import { uriNotFound, type HandledResources } from '../../engine/actions/handled-resources.ts'
import { listOf } from '../../model/declare/uri-pattern.ts'
import type { Commit, Published, Snapshot, Store } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { commitsSince, MOST_REPLAYED } from '../resume/commits-since.ts'
import type { Live } from '../live.ts'
import type { Kind, SubscriptionSource } from './source.ts'
import { Subscription, type Listener } from './subscription.ts'

/** The kind of what functions serve at a URI, or what is published there. */
export interface ValuesKind extends Kind {
  /** JSON text; null = nothing is there. */
  readonly state: string | null
  readonly step: Published
  readonly followed: FollowedUri
  readonly asked: FollowedUri
}

/** A URI that is followed, and its caller. */
export interface FollowedUri {
  /** In canonical form. */
  readonly uri: string
  readonly principal: Principal | null
  /** Refuse to begin with 404 if the getter says that nothing is there. If it disappears later, that is told. */
  readonly mustExist: boolean
  /** The connection. It receives a record once, even if the record concerns several of its subscriptions. */
  readonly owner: object
}

export interface PublishedOptions {
  readonly live: Live
  readonly store: Store
  readonly handled: HandledResources
}

/** Follows what functions serve: the state, then every log record about the URI, once and in order. */
export class PublishedFeed implements SubscriptionSource<ValuesKind> {
  readonly #options: PublishedOptions
  readonly #byUri = new Map<string, Set<Subscription<ValuesKind>>>()
  #count = 0
  #tap: Promise<() => void> | null = null

  constructor(options: PublishedOptions) {
    this.#options = options
  }

  positionOf({ seq }: Published): number {
    return seq
  }

  get subscriptions(): number {
    return this.#count
  }

  /** Begins with the state or, with `since`, with what happened after that position, if the log can tell. */
  async subscribe(
    followed: FollowedUri,
    listener: Listener<ValuesKind>,
    since: string | null = null,
    standing: Standing | null = null,
  ): Promise<Subscription<ValuesKind>> {
    const { live } = this.#options
    live.checkOpen()
    const subscription = new Subscription(this, { key: followed.uri, followed }, listener)
    this.#place(subscription)
    try {
      await (this.#tap ??= live.follow(commits => this.#tell(commits), null))
      if (standing) await live.at(snapshot => this.#settle(snapshot, subscription, standing))
      await this.#start(subscription, { since, standing })
    } catch (error) {
      subscription.close()
      throw error
    }
    return subscription
  }

  /**
   * Tells subscribers everything that is recorded by now. Called before a write is answered, so that its effects come before
   * its answer.
   */
  advance(): Promise<void> {
    return this.#options.live.advance()
  }

  async renew(subscription: Subscription<ValuesKind>): Promise<void> {
    try {
      await this.#start(subscription, null)
    } catch (error) {
      subscription.end(ApiError.from(error))
    }
  }

  /**
   * Reads the URI again for the new caller. Rules of handled resources are functions, which only decide when something is read.
   */
  // oxlint-disable-next-line require-yield -- reading is not the store's
  *reconsider(_snapshot: Snapshot, subscription: Subscription<ValuesKind>, followed: FollowedUri): Work<void> {
    subscription.switchTo(followed.uri, { ...followed }, null)
  }

  leave(subscription: Subscription<ValuesKind>): void {
    this.#options.live.followers.remove(subscription)
    const all = this.#byUri.get(subscription.key)
    all?.delete(subscription)
    if (all?.size === 0) this.#byUri.delete(subscription.key)
    if (--this.#count > 0) return
    const tap = this.#tap
    this.#tap = null
    void tap?.then(
      stop => stop(),
      () => undefined,
    )
  }

  #place(subscription: Subscription<ValuesKind>): void {
    let all = this.#byUri.get(subscription.key)
    if (!all) this.#byUri.set(subscription.key, (all = new Set()))
    all.add(subscription)
    /** Passes on what commits published; null = the log cannot tell, and everybody reads again. */
    this.#count++
  }

  #tell(commits: readonly Commit[] | null): void {
    if (commits) for (const { published } of commits) for (const record of published) this.#dispatch(record)
    else for (const all of this.#byUri.values()) for (const one of all) one.reset()
  }

  /** Delivers a record to subscriptions of the item and then of its list, once per owner. */
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

  *#settle(snapshot: Snapshot, subscription: Subscription<ValuesKind>, standing: Standing): Work<void> {
    const { followers } = this.#options.live
    const followed = yield* followers.settle(snapshot, subscription, subscription.followed, standing)
    subscription.switchTo(followed.uri, followed, null)
  }

  /** Reads the state while no write is in progress, and tells it. Starts over if the caller changes in the meantime. */
  async #start(subscription: Subscription<ValuesKind>, first: First | null): Promise<void> {
    const { listener, key } = subscription
    const { live, handled } = this.#options
    await handled.still(key, async () => {
      while (subscription.start()) {
        const { followed } = subscription
        handled.permitFollowing(key, followed.principal)
        const { at, missed } = await live.at(snapshot => this.#join(snapshot, subscription, first))
        const body = missed === null ? await this.#read(followed, first !== null) : null
        if (subscription.followed !== followed) continue
        if (subscription.isClosed) return
        if (missed !== null) listener.resumed(first!.since!)
        else listener.snapshot(body, live.terms.position(at), first === null || first.since !== null)
        return subscription.begin(at, missed ?? [])
      }
    })
  }

  /** What the getter returns, as JSON text. Throws 404 if nothing is there at the beginning. */
  async #read({ uri, principal, mustExist }: FollowedUri, isNew: boolean): Promise<string | null> {
    const found = await this.#options.handled.get({ uri, principal })
    if (found && found.value != null) return found.body
    if (found && isNew && mustExist) throw uriNotFound(uri)
    return null
  }

  /**
   * The current position, and the records about the URI after the given one; null if the log cannot tell or there are too many.
   */
  *#join(
    snapshot: Snapshot,
    subscription: Subscription<ValuesKind>,
    first: First | null,
  ): Work<{ at: number; missed: Published[] | null }> {
    const { store } = this.#options
    const { key: uri } = subscription
    const at = snapshot.position
    // What has arrived up to this position is part of the state, so waiting steps are dropped.
    subscription.start()
    if (first === null || first.since === null) return { at, missed: null }
    const commits = yield* commitsSince(store, snapshot, first.since, MOST_REPLAYED)
    if (!commits || first.standing?.changedBy(commits)) return { at, missed: null }
    const records = commits.flatMap(commit => commit.published)
    return { at, missed: records.filter(one => one.uri === uri || (uri.endsWith('/') && listOf(one.uri) === uri)) }
  }
}

/** Options of a new subscription. */
interface First {
  readonly since: string | null
  readonly standing: Standing | null
}

const none: ReadonlySet<Subscription<ValuesKind>> = new Set()
