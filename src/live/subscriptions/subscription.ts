import type { ApiError } from '../../protocol/error.ts'
import type { Id, Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Presented, FollowingClient, SubscriptionState } from '../event.ts'
import type { Work } from '../../store/work.ts'
import type { Kind, Pacing, RowsKind, SubscriptionSource } from './source.ts'

/** A row of a snapshot. */
export interface Shown extends Presented {
  readonly id: Id
  readonly seq: number
  readonly row: Row
}

/** The face's side of a subscription, which turns these calls into frames of its dialect. */
export interface Listener<K extends Kind = RowsKind> {
  /** What is there at a position; rows come in the order of the query. `reset` = the client must discard what it has. */
  snapshot(state: K['state'], position: string, reset: boolean): void
  /** The subscription continues after the position that it was resumed from. What has happened since follows. */
  resumed(position: string): void
  /** One step of what is followed. False if it was left out because the connection is slow. */
  batch(step: K['step'], followed: K['followed']): boolean
  /** Something was left out. Nothing more is told until the next snapshot, which is a reset. */
  behind?(): void
  /** Whether the connection still has to take what it was given. `drained` of the subscription is called when it has. */
  isBusy?(): boolean
  /** The client that listens; absent if it is a function. */
  reader?(): FollowingClient
  /** The subscription is over: what it followed or the right to see it is gone, or no new snapshot is possible. */
  end(error: ApiError): void
}

/** What happens to a step that arrives. */
type Phase =
  // It is told.
  | 'following'
  // It waits, because a snapshot is being taken.
  | 'starting'
  // It waits, because the caller's rights are being looked up.
  | 'held'
  // It is left out, because an earlier one was. A new snapshot is requested once the connection has taken what it was given.
  | 'behind'
  // It is dropped, because a new snapshot was requested and will contain it.
  | 'renewing'
  | 'closed'

/** The most steps that wait. With more, a new snapshot is cheaper. */
const KEPT = 1_000

/** One subscription: a snapshot, then every later step, once and in order. A process may have very many, so it is kept small. */
export class Subscription<K extends Kind = RowsKind> {
  readonly listener: Listener<K>
  readonly #source: SubscriptionSource<K>
  #key: string
  #followed: K['followed']
  #phase: Phase = 'starting'
  /** Steps that wait to be told. null = none may wait, or there were too many. */
  #waiting: K['step'][] | null = []
  /** The seq up to which it was told; -1 = nothing yet. */
  #told = -1
  readonly #pace: Pacing<K['step']> | null

  /** `key` is equal for subscriptions to the same thing. `pace` is given if not every step shall be told. */
  constructor(
    source: SubscriptionSource<K>,
    { key, followed }: { readonly key: string; readonly followed: K['followed'] },
    listener: Listener<K>,
    pace: ((to: Subscription<K>) => Pacing<K['step']>) | null = null,
  ) {
    this.#source = source
    this.#key = key
    this.#followed = followed
    this.listener = listener
    this.#pace = pace && pace(this)
  }

  /** Equal for subscriptions to the same thing. */
  get key(): string {
    return this.#key
  }

  get followed(): K['followed'] {
    return this.#followed
  }

  get isClosed(): boolean {
    return this.#phase === 'closed'
  }

  get isFollowing(): boolean {
    return this.#phase === 'following'
  }

  get isBusy(): boolean {
    return this.listener.isBusy?.() ?? false
  }

  /** How it is doing. */
  get state(): SubscriptionState {
    const told = this.#told < 0 ? null : this.#told
    return { phase: this.#phase, told, steps: this.#waiting?.length ?? 0, reader: this.listener.reader?.() ?? null }
  }

  /** Whether something was left out. Nothing more is told until a new snapshot. */
  get behind(): boolean {
    const phase = this.#phase
    return phase === 'behind' || phase === 'renewing' || (phase === 'held' && this.#waiting === null)
  }

  /** Called with each step, in order. */
  deliver(step: K['step']): void {
    if (this.#phase === 'following') {
      if (this.#pace) this.#pace.take(step)
      else this.tell(step)
    } else if (this.#phase === 'starting' || this.#phase === 'held') {
      if (this.#waiting && this.#waiting.push(step) > KEPT) this.#waiting = null
    }
  }

  /** Tells what is held back for the sake of its pace. */
  flush(): void {
    if (this.#phase === 'following') this.#pace?.flush()
  }

  /** Tells a step without waiting. */
  tell(step: K['step']): void {
    if (this.#phase !== 'following') return
    if (this.listener.batch(step, this.#followed)) this.#told = this.#source.positionOf(step)
    else this.#leaveBehind()
  }

  /** Called when it cannot be told what happened: requests a new snapshot. */
  reset(): void {
    if (this.#phase === 'closed' || this.#phase === 'renewing') return
    if (this.#phase === 'starting' || this.#phase === 'held') this.#waiting = null
    else {
      this.#leaveBehind()
      this.#renew()
    }
  }

  /**
   * Holds steps back until `release` or `switchTo`, while it is not known who the caller is. A subscription that is starting
   * looks that up itself.
   */
  hold(): void {
    if (this.#phase === 'following') this.#waiting = []
    else if (this.#phase === 'behind' || this.#phase === 'renewing') this.#waiting = null
    else return
    this.#phase = 'held'
  }

  /** Ends the hold: the caller has not changed, and the steps that waited are told. */
  release(): void {
    if (this.#phase === 'held') this.#proceed()
  }

  /** Takes the steps that came but were not told, in order; the caller takes care of them. */
  takePending(): K['step'][] {
    const paced = this.#pace?.takePending() ?? null
    const waiting = this.#waiting ?? []
    this.#waiting &&= []
    return paced === null ? waiting : [paced, ...waiting]
  }

  /**
   * Follows something else from now on. `steps` lead there from what was told; null = that is not possible, and a reset
   * follows.
   */
  switchTo(key: string, followed: K['followed'], steps: readonly K['step'][] | null): void {
    this.#key = key
    this.#followed = followed
    if (this.#phase !== 'held') return
    this.#waiting = steps === null ? null : []
    this.#proceed()
    for (const step of steps ?? []) this.tell(step)
  }

  /** Called before a snapshot is taken. Steps wait from now on. False if no snapshot is wanted any more. */
  start(): boolean {
    if (this.#phase !== 'starting' && this.#phase !== 'renewing') return false
    this.#phase = 'starting'
    this.#waiting = []
    return true
  }

  /**
   * Called after the snapshot of the seq `at` was told, or whatever comes first. Tells `steps`, which the client has missed, and
   * then what waits.
   */
  begin(at: number, steps: readonly K['step'][] = []): void {
    if (this.#phase !== 'starting') return
    this.#told = at
    if (this.#waiting && steps.length > 0) this.#waiting.unshift(...steps)
    this.#proceed()
  }

  /**
   * Called when the connection has taken what it was given: a subscription that is behind starts again, and what was held back
   * is told.
   */
  drained(): void {
    if (this.#phase === 'behind') this.#renew()
    else if (this.#phase === 'following') this.#pace?.drained()
  }

  close(): void {
    if (this.#phase === 'closed') return
    this.#phase = 'closed'
    this.#waiting = null
    this.#pace?.close()
    this.#source.leave(this)
  }

  /** Closes the subscription and tells the client why. */
  end(error: ApiError): void {
    if (this.#phase === 'closed') return
    this.close()
    this.listener.end(error)
  }

  /** Follows `asked` from now on, because the caller changed or may have changed, and tells the difference. */
  reconsider(snapshot: Snapshot, asked: K['asked'], isSure: boolean): Work<void> {
    return this.#source.reconsider(snapshot, this, asked, isSure)
  }

  /** Tells what waits, or requests a new snapshot if too much did. */
  #proceed(): void {
    const waiting = this.#waiting
    this.#phase = 'following'
    this.#waiting = null
    if (waiting === null) return this.reset()
    // Delivered and not told: a step that the connection does not take any more leaves the rest behind, as at any other time.
    for (const step of waiting) this.deliver(step)
    this.drained()
  }

  #leaveBehind(): void {
    if (this.#phase !== 'behind') this.listener.behind?.()
    this.#phase = 'behind'
    this.#pace?.takePending()
  }

  /** Requests a new snapshot: one at a time, and only when the connection has taken everything before. */
  #renew(): void {
    if (this.#phase !== 'behind' || this.isBusy) return
    this.#phase = 'renewing'
    void this.#source.renew(this)
  }
}
