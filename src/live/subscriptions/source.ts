import type { Principal } from '../../auth/principal.ts'
import type { Call } from '../../engine/call/call.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Batch } from '../event.ts'
import type { Group } from '../views/group.ts'
import type { Shown, Subscription } from './subscription.ts'

/** The types of a kind of subscription: rows of a query (`Rows`), or what functions publish at a URI (`Values`). */
export interface Kind {
  /** What is there at a position. */
  readonly state: unknown
  /** A change of it. */
  readonly step: unknown
  /** What subscriptions to the same thing share. */
  readonly followed: unknown
  /** What a caller asks to follow. */
  readonly asked: { readonly principal: Principal | null }
}

/** The kind for the rows of a query. */
export interface RowsKind extends Kind {
  readonly state: readonly Shown[]
  readonly step: Batch
  readonly followed: Group
  readonly asked: Call
}

/** Where subscriptions of a kind get their snapshots and steps from. */
export interface SubscriptionSource<K extends Kind> {
  /** Tells a new snapshot, or ends the subscription if there cannot be one. */
  renew(subscription: Subscription<K>): Promise<void>
  /**
   * From now on, a held subscription follows `asked`, because its caller changed or may have changed. Tells the difference.
   * `isSure` = there was no other state in between.
   */
  reconsider(snapshot: Snapshot, subscription: Subscription<K>, asked: K['asked'], isSure: boolean): Work<void>
  /** The seq of what is followed after a step. */
  positionOf(step: K['step']): number
  /** Called when a subscription is closed. */
  leave(subscription: Subscription<K>): void
}

/** Holds steps back and merges them; for rows this is `Pace`. */
export interface Pacing<Step> {
  take(step: Step): void
  drained(): void
  /** Tells what is held back. */
  flush(): void
  takePending(): Step | null
  close(): void
}
