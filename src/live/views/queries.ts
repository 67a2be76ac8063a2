import { ApiError } from '../../protocol/error.ts'
import { ID, SEQ, type Id } from '../../model/model.ts'
import type { Principal, Standing } from '../../auth/principal.ts'
import type { Call } from '../../engine/call/call.ts'
import type { Permissions } from '../../engine/rules/permissions.ts'
import { checkParent } from '../../engine/read/check-parent.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { callAs } from './call-as.ts'
import type { Batch } from '../event.ts'
import type { Mode } from '../subscriptions/coalesce.ts'
import { difference } from './changed-rights.ts'
import { explainView, type ViewExplanation } from '../explain.ts'
import type { Feed } from '../feed.ts'
import type { ChangedCallers } from '../subscriptions/changed-callers.ts'
import type { Group, Member } from './group.ts'
import type { Hub } from './hub.ts'
import { interestOf, nothingOf, type Keyed } from './interest.ts'
import type { LiveOptions } from '../live-options.ts'
import { Pace } from '../subscriptions/pace.ts'
import { MOST_REPLAYED } from '../resume/commits-since.ts'
import { replay, type ReplayOptions } from '../resume/replay.ts'
import type { RowsKind, SubscriptionSource } from '../subscriptions/source.ts'
import { Subscription, type Listener, type Shown } from '../subscriptions/subscription.ts'

/** What queries are followed with. */
export interface QueryFeeds {
  readonly hub: Hub
  readonly feed: Feed
  readonly followers: ChangedCallers
  /** Throws ApiError once the API is closing. */
  readonly checkOpen: () => void
}

/** How a query is followed. */
export interface FollowingOptions {
  /** The position to continue after; null = begin with a snapshot. */
  readonly since: string | null
  readonly mode: Mode
  /** Tells who the caller is at a position. null if the caller cannot change. */
  readonly standing: Standing | null
  /** A single row need not be there yet: the subscription begins empty, and the row enters when it is created. */
  readonly waits: boolean
}

/** A subscription that begins. */
interface Begun {
  readonly call: Call
  readonly subscription: Subscription
  /** The id of the row that is followed, if it is a single one. */
  readonly item: Id | null
}

/**
 * Follows the rows of queries. Subscriptions with the same query share a group, whose view is read and told once for all of
 * them.
 */
export class Queries implements SubscriptionSource<RowsKind> {
  readonly #options: LiveOptions
  readonly #feeds: QueryFeeds
  readonly #replaying: ReplayOptions
  readonly #subscriptions = new Set<Subscription>()
  /** The last snapshot, for subscriptions that begin with the same query in the same turn. */
  #recent: { readonly group: Group; readonly at: string; readonly rows: readonly Shown[] } | null = null

  constructor(options: LiveOptions, feeds: QueryFeeds) {
    this.#options = options
    this.#feeds = feeds
    const { store, limits, onFault } = options
    this.#replaying = { store, hub: feeds.hub, changes: MOST_REPLAYED, rows: limits.snapshotRows, onFault }
  }

  positionOf({ position }: Batch): number {
    return position
  }

  get subscriptions(): ReadonlySet<Subscription> {
    return this.#subscriptions
  }

  /** Begins to follow what a read call shows. Throws ApiError if that is not possible. */
  async subscribe(call: Call, listener: Listener, how: FollowingOptions): Promise<Subscription> {
    const { hub, feed } = this.#feeds
    const { callerChecks } = this.#options
    const { mode } = how
    const pace = mode === 'every' ? null : (to: Subscription): Pace => new Pace(mode, to)
    // If the caller has changed since the request came in, it begins again with the new one.
    for (let asked = call; ;) {
      const { key, interest, item } = interestOf(asked, callerChecks)
      const group = hub.group(key, () => interest)
      const subscription = new Subscription(this, { key, followed: group }, listener, pace)
      const begun: Begun = { call: asked, subscription, item }
      const holding = nobody()
      hub.join(group, holding)
      feed.start()
      try {
        const other = await feed.at(snapshot => this.#begin(snapshot, begun, how))
        if (other === null) return subscription
        asked = callAs(call, other)
        callerChecks.check(asked, true)
      } finally {
        hub.leave(key, group, holding)
        this.#rest()
      }
    }
  }

  /** What it would cost to follow a read call, and why. Throws ApiError if it cannot be followed. */
  explain(call: Call): ViewExplanation {
    const { hub } = this.#feeds
    const { key, interest } = interestOf(call, this.#options.callerChecks)
    return explainView(interest, hub.costBy(key))
  }

  async renew(subscription: Subscription): Promise<void> {
    try {
      await this.#feeds.feed.at(snapshot => this.#again(snapshot, subscription))
    } catch (error) {
      subscription.end(ApiError.from(error))
    }
  }

  /**
   * Tells the difference between what a subscription has seen and what the call now shows. If nothing changed, and certainly
   * not in between, the steps that waited are told instead.
   */
  *reconsider(snapshot: Snapshot, subscription: Subscription, call: Call, isSure: boolean): Work<void> {
    const { hub } = this.#feeds
    const { key, interest } = yield* this.#wanted(snapshot, call)
    const from = { group: subscription.followed, key: subscription.key }
    if (key === from.key && isSure) return subscription.release()
    // The difference is taken from what was told, so everything up to the snapshot must be waiting to be told.
    yield* hub.catchUp(snapshot, from.group)
    const to = hub.group(key, () => interest)
    const holding = nobody()
    hub.join(to, holding)
    try {
      const rows = subscription.behind ? null : yield* this.#take(snapshot, to)
      const told = { group: from.group, pending: subscription.takePending() }
      const most = this.#options.limits.snapshotRows
      const batch = rows && (yield* difference(snapshot, told, { group: to, rows }, most))
      // It joins only now: what the followers of the new view were told above is no step of the former one.
      if (to !== from.group && !subscription.isClosed) {
        hub.join(to, subscription)
        hub.leave(from.key, from.group, subscription)
      }
      subscription.switchTo(key, to, batch && (isEmpty(batch) ? [] : [batch]))
    } finally {
      hub.leave(key, to, holding)
    }
  }

  leave(subscription: Subscription): void {
    const { hub, followers } = this.#feeds
    followers.remove(subscription)
    this.#subscriptions.delete(subscription)
    hub.leave(subscription.key, subscription.followed, subscription)
    this.#rest()
  }

  /** Stops reading the log if nobody follows anything. */
  #rest(): void {
    if (this.#feeds.hub.isIdle) this.#feeds.feed.stop()
  }

  /**
   * Begins a subscription: checks its caller, sends replay or snapshot, and joins the group. Returns another principal if the
   * caller has changed and it must begin again; otherwise null.
   */
  *#begin(
    snapshot: Snapshot,
    { call, subscription, item }: Begun,
    { since, standing, waits }: FollowingOptions,
  ): Work<Principal | null> {
    const { hub, followers, checkOpen } = this.#feeds
    const { followed: group, listener } = subscription
    checkOpen()
    if (standing) {
      const now = yield* standing.at(snapshot)
      if (now === null) throw new ApiError('unauthenticated', { detail: 'the session has ended' })
      if (now !== call.principal) return now
    }
    if (call.parent) yield* checkParent(snapshot, call, group.interest.permissions)
    const isReplayed =
      since !== null && (yield* replay(this.#replaying, snapshot, subscription, { item, since, standing }))
    if (!isReplayed) {
      const rows = yield* this.#take(snapshot, group)
      if (item !== null && rows.length === 0 && !waits) throw missing(call)
      listener.snapshot(rows, this.#positionOf(snapshot), since !== null)
      subscription.begin(snapshot.position)
    }
    hub.join(group, subscription)
    this.#subscriptions.add(subscription)
    if (standing) followers.add(subscription, callAs(call, call.principal), standing)
    return null
  }

  *#again(snapshot: Snapshot, subscription: Subscription): Work<void> {
    if (!subscription.start()) return
    const rows = yield* this.#take(snapshot, subscription.followed)
    subscription.listener.snapshot(rows, this.#positionOf(snapshot), true)
    subscription.begin(snapshot.position)
  }

  *#take(snapshot: Snapshot, group: Group): Work<readonly Shown[]> {
    const at = `${snapshot.position} ${snapshot.fleeting ?? ''}`
    if (this.#recent?.group === group && this.#recent.at === at) return this.#recent.rows
    const most = this.#options.limits.snapshotRows
    const taken = yield* this.#feeds.hub.take(snapshot, group, most)
    if (!taken)
      throw new ApiError('too_complex', {
        detail: `more than ${most} rows match; filter more, or follow a window with limit`,
      })
    const { rows, presented } = taken
    const shown = rows.map((row, i): Shown => {
      const { body = '', version = null } = presented[i] ?? {}
      return { id: row[ID] as Id, seq: row[SEQ] as number, body, version, row }
    })
    // Only for this turn: thousands of clients that reconnect at once then share one snapshot.
    if (!this.#recent) setImmediate(() => (this.#recent = null))
    this.#recent = { group, at, rows: shown }
    return shown
  }

  /**
   * What a call is interested in under the caller's present rights. A caller who may not follow it any more follows nothing,
   * until that changes.
   */
  *#wanted(snapshot: Snapshot, given: Call): Work<Keyed> {
    const { callerChecks } = this.#options
    const call = callAs(given, given.principal)
    try {
      callerChecks.check(call, true)
      const keyed = interestOf(call, callerChecks)
      // A rule that is a predicate is part of what is followed, so the list lives on while its parent is out of sight.
      if (isOpaque(call, keyed.interest.permissions)) yield* checkParent(snapshot, call, keyed.interest.permissions)
      return keyed
    } catch (error) {
      if (ApiError.from(error).status >= 500) throw error
      return nothingOf(call)
    }
  }

  #positionOf(snapshot: Snapshot): string {
    return this.#options.store.terms.position(snapshot.position)
  }
}

/** Whether only a function can say if the caller may see the parent of a nested list. */
function isOpaque({ parent }: Call, permissions: Permissions): boolean {
  if (!parent) return false
  const guards = [permissions.read(parent.resource), permissions.field(parent.resource, parent.field.name, 'read')]
  return guards.some(({ opaque }) => opaque !== null)
}

const isEmpty = ({ events, order }: Batch): boolean => events.length === 0 && !order

/** A member without effect keeps a group alive until the subscription joins it. */
const nobody = (): Member => ({ deliver: () => {}, reset: () => {} })

const missing = (call: Call): ApiError =>
  new ApiError('not_found', { detail: `there is no ${call.resource.name} ${call.id}` })
