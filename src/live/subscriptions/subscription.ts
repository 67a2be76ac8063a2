import type { ApiError } from '../../protocol/error.ts'
import type { Id, Row } from '../../model/model.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Kind, Pacing, Rows, Source } from './source.ts'

/** A row of a snapshot. */
export interface Shown {
  readonly id: Id
  readonly seq: number
  /** JSON text. */
  readonly body: string
  readonly row: Row
}

/** What a face makes of a subscription: it turns these into frames of its dialect. */
export interface Listener<K extends Kind = Rows> {
  /** What there is at a position; rows in the order of the query. `reset` = discard what you have first. */
  snapshot(state: K['state'], position: string, reset: boolean): void
  /** It continues behind the position that it was resumed from; what happened since follows. */
  resumed(position: string): void
  /** What one step did. False if it was left out because the connection is slow. */
  batch(step: K['step']): boolean
  /** What was handed over earlier has not been taken yet; `drained` of the subscription tells when it is. */
  isBusy?(): boolean
  /** It is over: what was followed or the right to see it is gone, or there can be no new snapshot. */
  end(error: ApiError): void
}

/** What becomes of a step that comes. */
type Phase =
  /** It is told. */
  | 'following'
  /** A snapshot is being taken: it waits. */
  | 'starting'
  /** It is not known who listens: it waits. */
  | 'held'
  /** Something was left out, so it is, too. A new snapshot is asked for once the connection has taken what it was given. */
  | 'behind'
  /** A new snapshot was asked for, and will contain it. */
  | 'renewing'
  | 'closed'

/** Steps that wait at most; beyond it a new snapshot is cheaper. */
const KEPT = 1_000

/** One connection's interest: a snapshot, then every step after it, in order, once. There are very many: it is kept small. */
export class Subscription<K extends Kind = Rows> {
  readonly listener: Listener<K>
  readonly #source: Source<K>
  #key: string
  #followed: K['followed']
  #phase: Phase = 'starting'
  /** What waits to be told; null = nothing does, or too much did. */
  #waiting: K['step'][] | null = []
  readonly #pace: Pacing<K['step']> | null

  /** `pace` where not every step is told. */
  constructor(
    source: Source<K>,
    key: string,
    followed: K['followed'],
    listener: Listener<K>,
    pace: ((to: Subscription<K>) => Pacing<K['step']>) | null = null,
  ) {
    this.#source = source
    this.#key = key
    this.#followed = followed
    this.listener = listener
    this.#pace = pace && pace(this)
  }

  /** The same for those that follow the same. */
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

  /** Something was left out: nothing more is told until a new snapshot. */
  get behind(): boolean {
    const phase = this.#phase
    return phase === 'behind' || phase === 'renewing' || (phase === 'held' && this.#waiting === null)
  }

  deliver(step: K['step']): void {
    if (this.#phase === 'following') {
      if (this.#pace) this.#pace.take(step)
      else if (!this.listener.batch(step)) this.#leaveBehind()
    } else if (this.#phase === 'starting' || this.#phase === 'held') {
      if (this.#waiting && this.#waiting.push(step) > KEPT) this.#waiting = null
    }
  }

  /** Tells a step at once. */
  tell(step: K['step']): void {
    if (this.#phase === 'following' && !this.listener.batch(step)) this.#leaveBehind()
  }

  /** What happened cannot be told. */
  reset(): void {
    if (this.#phase === 'closed' || this.#phase === 'renewing') return
    if (this.#phase === 'starting' || this.#phase === 'held') this.#waiting = null
    else {
      this.#leaveBehind()
      this.#renew()
    }
  }

  /** Nothing is told until `release` or `switchTo`: whoever listens may not be who began it. What starts finds out itself. */
  hold(): void {
    if (this.#phase === 'following') this.#waiting = []
    else if (this.#phase === 'behind' || this.#phase === 'renewing') this.#waiting = null
    else return
    this.#phase = 'held'
  }

  /** It is still the same who listens: what came meanwhile is told. */
  release(): void {
    if (this.#phase === 'held') this.#proceed()
  }

  /** What came and was not told, in order; it will not be. */
  untold(): K['step'][] {
    const paced = this.#pace?.untold() ?? null
    const waiting = this.#waiting ?? []
    this.#waiting &&= []
    return paced === null ? waiting : [paced, ...waiting]
  }

  /** It follows something else from now on, to which a step leads; null = what leads there cannot be told. */
  switchTo(key: string, followed: K['followed'], step: K['step'] | null): void {
    this.#key = key
    this.#followed = followed
    if (this.#phase !== 'held') return
    this.#waiting = step === null ? null : []
    this.#proceed()
    if (step !== null) this.tell(step)
  }

  /** A snapshot is about to be taken, and what comes meanwhile waits for it. False if none is wanted any more. */
  start(): boolean {
    if (this.#phase !== 'starting' && this.#phase !== 'renewing') return false
    this.#phase = 'starting'
    this.#waiting = []
    return true
  }

  /** A snapshot was told, or what else comes first; `steps` happened behind it, then what waits. */
  begin(steps: readonly K['step'][] = []): void {
    if (this.#phase !== 'starting') return
    if (this.#waiting && steps.length > 0) this.#waiting.unshift(...steps)
    this.#proceed()
  }

  /** The connection has taken what it was given: whoever was left behind starts anew, what was held back is told. */
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

  /** Closes it, and says why. */
  end(error: ApiError): void {
    if (this.#phase === 'closed') return
    this.close()
    this.listener.end(error)
  }

  /** Tells what it comes to that its caller is, or may have been, another one. */
  reconsider(snapshot: Snapshot, asked: K['asked'], isSure: boolean): Work<void> {
    return this.#source.reconsider(snapshot, this, asked, isSure)
  }

  /** What waits is told. */
  #proceed(): void {
    const waiting = this.#waiting
    this.#phase = 'following'
    this.#waiting = null
    if (waiting === null) return this.reset()
    for (const step of waiting) this.deliver(step)
    this.drained()
  }

  #leaveBehind(): void {
    this.#phase = 'behind'
    this.#pace?.untold()
  }

  /** One snapshot at a time, and none on top of what the connection has not taken. */
  #renew(): void {
    if (this.#phase !== 'behind' || this.isBusy) return
    this.#phase = 'renewing'
    void this.#source.renew(this)
  }
}
