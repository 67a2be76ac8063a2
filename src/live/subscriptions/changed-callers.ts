import { ApiError } from '../../protocol/error.ts'
import type { Id } from '../../model/model.ts'
import type { Principal, Standing } from '../../auth/principal.ts'
import type { Commit, Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { each, minus, plus, type Few } from '../views/compact-set.ts'
import type { Around } from '../feed.ts'
import type { Kind } from './source.ts'
import type { Subscription } from './subscription.ts'

interface Following<K extends Kind = Kind> {
  readonly standing: Standing
  /** What is followed, by whoever was the caller last. */
  asked: K['asked']
}

export interface FollowersOptions {
  /** The users of whom commits changed something, and how often. */
  readonly changedIn: (commits: readonly Commit[]) => ReadonlyMap<Id, number>
  readonly onFault: (error: unknown) => void
}

/** Of whatever kind. */
type Any = Subscription<Kind>

/**
 * Whose subscriptions they are, as long as their callers may become others. What commits change of a caller counts from
 * their position on: nothing behind it is told before it is known who listens, and then only what they may see.
 */
export class Followers implements Around {
  readonly #options: FollowersOptions
  readonly #followings = new Map<Any, Following>()
  readonly #byUser = new Map<Id, Few<Any>>()
  /** With how often their callers changed. */
  readonly #doubtful = new Map<Any, number>()

  constructor(options: FollowersOptions) {
    this.#options = options
  }

  add<K extends Kind>(subscription: Subscription<K>, asked: K['asked'], standing: Standing): void {
    this.#followings.set(subscription, { standing, asked })
    this.#byUser.set(standing.user, plus(this.#byUser.get(standing.user) ?? null, subscription))
  }

  remove<K extends Kind>(subscription: Subscription<K>): void {
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
        this.#doubtful.set(subscription, (this.#doubtful.get(subscription) ?? 0) + (changed?.get(user) ?? Infinity))
      })
  }

  /** After commits were told: those who were told nothing hear what it comes to for whoever they are by now. */
  *after(snapshot: Snapshot): Work<void> {
    for (const [subscription, times] of this.#doubtful) {
      this.#doubtful.delete(subscription)
      const following = this.#followings.get(subscription)!
      try {
        const principal = yield* principalOf(following.standing, snapshot)
        // Who changed more than once may have been somebody else meanwhile.
        if (times === 1 && principal === following.asked.principal) subscription.release()
        else {
          following.asked = { ...following.asked, principal }
          yield* subscription.reconsider(snapshot, following.asked, times === 1)
        }
      } catch (thrown) {
        this.#fail(subscription, thrown)
      }
    }
  }

  /** It follows for whoever its caller is by now: gives back what that one asks for. Throws ApiError where that is nobody. */
  *settle<K extends Kind>(
    snapshot: Snapshot,
    subscription: Subscription<K>,
    asked: K['asked'],
    standing: Standing,
  ): Work<K['asked']> {
    const settled = { ...asked, principal: yield* principalOf(standing, snapshot) }
    this.add(subscription, settled, standing)
    return settled
  }

  /** A subscription, which is held, is another caller's from now on: what that comes to is told. */
  *handOver<K extends Kind>(
    snapshot: Snapshot,
    subscription: Subscription<K>,
    asked: K['asked'],
    standing: Standing | null,
  ): Work<void> {
    if (subscription.isClosed) return
    this.remove(subscription)
    try {
      const settled = standing ? yield* this.settle(snapshot, subscription, asked, standing) : asked
      yield* subscription.reconsider(snapshot, settled, true)
    } catch (thrown) {
      this.#fail(subscription, thrown)
    }
  }

  #fail(subscription: Any, thrown: unknown): void {
    const error = ApiError.from(thrown)
    if (error.status >= 500) this.#options.onFault(thrown)
    subscription.end(error)
  }
}

function* principalOf(standing: Standing, snapshot: Snapshot): Work<Principal> {
  const principal = yield* standing.at(snapshot)
  if (principal === null) throw new ApiError('unauthenticated', { detail: 'the session has ended' })
  return principal
}
