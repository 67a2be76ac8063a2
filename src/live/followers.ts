import { ApiError } from '../protocol/error.ts'
import type { Id } from '../model/model.ts'
import type { Call } from '../engine/call.ts'
import type { Principal, Standing } from '../auth/principal.ts'
import type { Commit, Snapshot } from '../store/store.ts'
import type { Work } from '../store/work.ts'
import { askedBy } from './asked-by.ts'
import { checkParent } from './check-parent.ts'
import { difference } from './difference.ts'
import { each, minus, plus, type Few } from './few.ts'
import type { Around } from './feed.ts'
import type { Group } from './group.ts'
import type { Hub } from './hub.ts'
import { nothingOf, type Keyed } from './interest.ts'
import type { Shown, Subscription } from './subscription.ts'

interface Following {
  readonly standing: Standing
  /** What is followed, by whoever was the caller last. */
  call: Call
}

export interface FollowersOptions {
  readonly hub: Hub
  /** Rows of a view whose difference is told; beyond it a new snapshot is. */
  readonly most: number
  /** The users of whom commits changed something, and how often. */
  readonly changedIn: (commits: readonly Commit[]) => ReadonlyMap<Id, number>
  /** What a caller follows with a call. Throws where it may not. */
  readonly interestOf: (call: Call) => Keyed
  /** A group's view, and from now on what is watched is compared with it. */
  readonly take: (snapshot: Snapshot, group: Group) => Work<readonly Shown[]>
  readonly end: (subscription: Subscription, error: ApiError) => void
  readonly onFault: (error: unknown) => void
}

/**
 * Whose subscriptions they are, as long as their callers may become others. What commits change of a caller counts from
 * their position on: nothing behind it is told before it is known who listens, and then only what they may see.
 */
export class Followers implements Around {
  readonly #options: FollowersOptions
  readonly #followings = new Map<Subscription, Following>()
  readonly #byUser = new Map<Id, Few<Subscription>>()
  /** With how often their callers changed. */
  readonly #doubtful = new Map<Subscription, number>()

  constructor(options: FollowersOptions) {
    this.#options = options
  }

  add(subscription: Subscription, call: Call, standing: Standing): void {
    this.#followings.set(subscription, { standing, call: askedBy(call, call.principal) })
    this.#byUser.set(standing.user, plus(this.#byUser.get(standing.user) ?? null, subscription))
  }

  remove(subscription: Subscription): void {
    const following = this.#followings.get(subscription)
    if (!following) return
    this.#followings.delete(subscription)
    this.#doubtful.delete(subscription)
    const { user } = following.standing
    const others = minus(this.#byUser.get(user) ?? null, subscription)
    if (others === null) this.#byUser.delete(user)
    else this.#byUser.set(user, others)
  }

  /** Before commits are told: whoever they may concern is told nothing yet. Null = it is not known what happened. */
  before(commits: readonly Commit[] | null): void {
    if (this.#byUser.size === 0) return
    const changed = commits && this.#options.changedIn(commits)
    for (const user of (changed ?? this.#byUser).keys())
      each(this.#byUser.get(user), subscription => {
        subscription.hold()
        this.#doubtful.set(subscription, changed?.get(user) ?? Infinity)
      })
  }

  /** After commits were told: those who were told nothing hear what it comes to for whoever they are by now. */
  *after(snapshot: Snapshot): Work<void> {
    for (const [subscription, times] of this.#doubtful) {
      this.#doubtful.delete(subscription)
      const following = this.#followings.get(subscription)!
      try {
        const principal = yield* following.standing.at(snapshot)
        // Who changed more than once may have been somebody else meanwhile.
        if (times === 1 && principal === following.call.principal) subscription.release()
        else yield* this.#become(snapshot, subscription, following, principal, times === 1)
      } catch (thrown) {
        this.#fail(subscription, thrown)
      }
    }
  }

  /** A subscription is another caller's from now on: the difference is told. */
  *become(snapshot: Snapshot, subscription: Subscription, call: Call, standing: Standing | null): Work<void> {
    if (subscription.closed) return
    this.remove(subscription)
    try {
      if (!standing) return yield* this.#turn(snapshot, subscription, call)
      this.add(subscription, call, standing)
      const principal = yield* standing.at(snapshot)
      yield* this.#become(snapshot, subscription, this.#followings.get(subscription)!, principal)
    } catch (thrown) {
      this.#fail(subscription, thrown)
    }
  }

  *#become(
    snapshot: Snapshot,
    subscription: Subscription,
    following: Following,
    principal: Principal | null,
    isSure = true,
  ): Work<void> {
    if (principal === null) throw new ApiError('unauthenticated', { detail: 'the session has ended' })
    following.call = askedBy(following.call, principal)
    yield* this.#turn(snapshot, subscription, following.call, isSure)
  }

  #fail(subscription: Subscription, thrown: unknown): void {
    const error = ApiError.from(thrown)
    if (error.status >= 500) this.#options.onFault(thrown)
    this.#options.end(subscription, error)
  }

  /** What leads to what the call asks for is told; where nothing does and it is sure that nothing did, what came is. */
  *#turn(snapshot: Snapshot, subscription: Subscription, call: Call, isSure = true): Work<void> {
    const { hub, most, take } = this.#options
    const { key, interest } = yield* this.#wanted(snapshot, call)
    const from = { group: subscription.group, key: subscription.key }
    if (key === from.key && isSure) return subscription.release()
    const to = hub.group(key, () => interest)
    hub.join(to, subscription)
    try {
      const rows = subscription.behind ? null : yield* take(snapshot, to)
      const told = { group: from.group, untold: subscription.untold() }
      const batch = rows && (yield* difference(snapshot, told, to, rows, most))
      subscription.become(key, to, batch)
      if (to !== from.group) hub.leave(from.key, from.group, subscription)
    } catch (error) {
      if (to !== from.group) hub.leave(key, to, subscription)
      throw error
    }
  }

  /** Who may not follow it any more follows nothing, until they may again. */
  *#wanted(snapshot: Snapshot, call: Call): Work<Keyed> {
    try {
      const keyed = this.#options.interestOf(call)
      yield* checkParent(snapshot, call, keyed.interest.permissions)
      return keyed
    } catch (error) {
      if (ApiError.from(error).status >= 500) throw error
      return nothingOf(call)
    }
  }
}
