import type { Principal, Standing } from '../../auth/principal.ts'
import { ApiError } from '../../protocol/error.ts'
import { formatPosition } from '../../protocol/position.ts'
import { missing, type Handled } from '../../engine/actions/handled-resources.ts'
import { listOf } from '../../model/declare/uri-pattern.ts'
import type { Commit, Published, Snapshot, Store } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { commitsSince } from '../resume/commits-since.ts'
import type { Live } from '../live.ts'
import type { Kind, Source } from './source.ts'
import { Subscription, type Listener } from './subscription.ts'

/** What functions serve at a URI, or what is published there. */
export interface Values extends Kind {
  /** JSON text; null = there is nothing. */
  readonly state: string | null
  readonly step: Published
  readonly followed: FollowedUri
  readonly asked: FollowedUri
}

/** A URI that is followed, and by whom. */
export interface FollowedUri {
  /** Canonical. */
  readonly uri: string
  readonly principal: Principal | null
  /** Where the getter says that there is nothing, there is nothing to begin with; what goes meanwhile is told. */
  readonly mustExist: boolean
  /** Who hears of a record once, however many of its subscriptions it concerns: the connection. */
  readonly owner: object
}

/** Records that are replayed at most. */
const REPLAY = 10_000

export interface PublishedOptions {
  readonly live: Live
  readonly store: Store
  readonly handled: Handled
}

/** Follows what functions serve: a state, then every record of the log about the URI, in order, once. */
export class PublishedFeed implements Source<Values> {
  readonly #options: PublishedOptions
  readonly #byUri = new Map<string, Set<Subscription<Values>>>()
  #count = 0
  #tap: Promise<() => void> | null = null

  constructor(options: PublishedOptions) {
    this.#options = options
  }

  get subscriptions(): number {
    return this.#count
  }

  /** Begins with the state or, with `since`, with what happened after that position if the log can tell. */
  async subscribe(
    followed: FollowedUri,
    listener: Listener<Values>,
    since: string | null = null,
    standing: Standing | null = null,
  ): Promise<Subscription<Values>> {
    const { live } = this.#options
    live.checkOpen()
    const subscription = new Subscription(this, followed.uri, followed, listener)
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

  /** Tells subscribers of everything that is recorded by now: before the answer to a write, so that it comes after it. */
  advance(): Promise<void> {
    return this.#options.live.advance()
  }

  async renew(subscription: Subscription<Values>): Promise<void> {
    try {
      await this.#start(subscription, null)
    } catch (error) {
      subscription.end(ApiError.from(error))
    }
  }

  /** It is asked for anew: rules of functions are asked when something is read. */
  // oxlint-disable-next-line require-yield -- reading is not the store's
  *reconsider(_snapshot: Snapshot, subscription: Subscription<Values>, followed: FollowedUri): Work<void> {
    subscription.switchTo(followed.uri, { ...followed }, null)
  }

  leave(subscription: Subscription<Values>): void {
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

  #place(subscription: Subscription<Values>): void {
    let all = this.#byUri.get(subscription.key)
    if (!all) this.#byUri.set(subscription.key, (all = new Set()))
    all.add(subscription)
    this.#count++
  }

  #tell(commits: readonly Commit[] | null): void {
    if (commits) for (const { published } of commits) for (const record of published) this.#dispatch(record)
    else for (const all of this.#byUri.values()) for (const one of all) one.reset()
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

  *#settle(snapshot: Snapshot, subscription: Subscription<Values>, standing: Standing): Work<void> {
    const { followers } = this.#options.live
    const followed = yield* followers.settle(snapshot, subscription, subscription.followed, standing)
    subscription.switchTo(followed.uri, followed, null)
  }

  /** Takes the state while no write overtakes it, and tells it: again, if meanwhile it is another caller who follows. */
  async #start(subscription: Subscription<Values>, first: First | null): Promise<void> {
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
        else listener.snapshot(body, formatPosition(live.epoch, at), first === null || first.since !== null)
        return subscription.begin(missed ?? [])
      }
    })
  }

  /** What the getter says, as JSON text. */
  async #read({ uri, principal, mustExist }: FollowedUri, isNew: boolean): Promise<string | null> {
    const found = await this.#options.handled.get({ uri, principal })
    if (found && found.value != null) return found.body
    if (found && isNew && mustExist) throw missing(uri)
    return null
  }

  /** Where the log is, and its records about the URI after a position; null if it cannot tell, or would tell too much. */
  *#join(
    snapshot: Snapshot,
    subscription: Subscription<Values>,
    first: First | null,
  ): Work<{ at: number; missed: Published[] | null }> {
    const { store } = this.#options
    const { key: uri } = subscription
    const at = snapshot.position
    // What waits so far is in the state.
    subscription.start()
    if (first === null || first.since === null) return { at, missed: null }
    const commits = yield* commitsSince(store, snapshot, first.since, REPLAY)
    if (!commits || first.standing?.changedBy(commits)) return { at, missed: null }
    const records = commits.flatMap(commit => commit.published)
    return { at, missed: records.filter(one => one.uri === uri || (uri.endsWith('/') && listOf(one.uri) === uri)) }
  }
}

/** How a subscription begins. */
interface First {
  readonly since: string | null
  readonly standing: Standing | null
}

const none: ReadonlySet<Subscription<Values>> = new Set()
