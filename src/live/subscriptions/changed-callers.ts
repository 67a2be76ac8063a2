import { getOrThrow } from '../../protocol/get-or-throw.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Id } from '../../model/model.ts'
import type { Principal, Standing } from '../../auth/principal.ts'
import type { Commit, Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import { forEachMember, withoutMember, withMember, type CompactSet } from '../incremental/routing/group-index.ts'
import type { CommitInterceptor } from '../feed.ts'
import type { Kind } from './source.ts'
import type { Subscription } from './subscription.ts'

interface Following<K extends Kind = Kind> {
  readonly standing: Standing
  /** What is followed, for the last known caller. */
  asked: K['asked']
}

export interface ChangedCallersOptions {
  /** The users whose rows or sessions commits changed, and how many commits did. */
  readonly changedIn: (commits: readonly Commit[]) => ReadonlyMap<Id, number>
  readonly onFault: (error: unknown) => void
}

/** A subscription of any kind. */
type Any = Subscription<Kind>

/**
 * The subscriptions whose callers may change. A change of a caller takes effect at its position in the log: later events are
 * held back until the caller has been looked up again, and then only what the caller may see is sent.
 */
export class ChangedCallers implements CommitInterceptor {
  readonly #options: ChangedCallersOptions
  readonly #followings = new Map<Any, Following>()
  readonly #byUser = new Map<Id, CompactSet<Any>>()
  /** Subscriptions whose caller may have changed, and how many commits changed the caller. */
  readonly #doubtful = new Map<Any, number>()

  constructor(options: ChangedCallersOptions) {
    this.#options = options
  }

  add<K extends Kind>(subscription: Subscription<K>, asked: K['asked'], standing: Standing): void {
    this.#followings.set(subscription, { standing, asked })
    this.#byUser.set(standing.user, withMember(this.#byUser.get(standing.user) ?? null, subscription))
  }

  remove<K extends Kind>(subscription: Subscription<K>): void {
    const following = this.#followings.get(subscription)
    if (!following) return
    this.#followings.delete(subscription)
    this.#doubtful.delete(subscription)
    const { user } = following.standing
    const others = withoutMember(this.#byUser.get(user) ?? null, subscription)
    if (others === null) this.#byUser.delete(user)
    else this.#byUser.set(user, others)
  }

  /**
   * Before commits are sent: holds back the subscriptions of callers that they change. null = it is not known what happened, so
   * all are held back.
   */
  before(commits: readonly Commit[] | null): void {
    if (this.#byUser.size === 0) return
    const changed = commits && this.#options.changedIn(commits)
    for (const user of (changed ?? this.#byUser).keys())
      forEachMember(this.#byUser.get(user), subscription => {
        subscription.hold()
        this.#doubtful.set(subscription, (this.#doubtful.get(subscription) ?? 0) + (changed?.get(user) ?? Infinity))
      })
  }

  /** After commits were sent: looks up the callers that were held back, and sends their subscriptions what the change means. */
  *after(snapshot: Snapshot): Work<void> {
    for (const [subscription, times] of this.#doubtful) {
      this.#doubtful.delete(subscription)
      const following = getOrThrow(this.#followings, subscription)
      try {
        const principal = yield* principalOf(following.standing, snapshot)
        // A caller who changed more than once may have had fewer rights in between, so the difference is sent in any case.
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

  /**
   * Looks up the current caller of a new subscription, and returns what that caller follows. Throws ApiError if the session has
   * ended.
   */
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

  /** Gives a subscription, which is held, to another caller and sends what changes by that. */
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
