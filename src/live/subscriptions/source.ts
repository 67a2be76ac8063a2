import type { Principal } from '../../auth/principal.ts'
import type { Call } from '../../engine/call/call.ts'
import type { Snapshot } from '../../store/store.ts'
import type { Work } from '../../store/work.ts'
import type { Batch } from '../event.ts'
import type { Group } from '../views/group.ts'
import type { Shown, Subscription } from './subscription.ts'

/** What there is to follow: a query's rows, or what functions publish at a URI (`Values`). */
export interface Kind {
  /** What there is at a position. */
  readonly state: unknown
  /** What became of it. */
  readonly step: unknown
  /** What equal subscriptions share. */
  readonly followed: unknown
  /** What a caller asks for. */
  readonly asked: { readonly principal: Principal | null }
}

/** The rows of a query. */
export interface Rows extends Kind {
  readonly state: readonly Shown[]
  readonly step: Batch
  readonly followed: Group
  readonly asked: Call
}

/** Where subscriptions of a kind get what they tell. */
export interface Source<K extends Kind> {
  /** Tells a new snapshot, or ends the subscription where there can be none. */
  renew(subscription: Subscription<K>): Promise<void>
  /**
   * Tells what it comes to that `asked` is what a held subscription follows from now on: its caller is another one, or
   * perhaps was meanwhile (`isSure` = was not).
   */
  reconsider(snapshot: Snapshot, subscription: Subscription<K>, asked: K['asked'], isSure: boolean): Work<void>
  /** It is closed. */
  leave(subscription: Subscription<K>): void
}

/** Holds steps back; `Pace` of rows. */
export interface Pacing<Step> {
  take(step: Step): void
  drained(): void
  untold(): Step | null
  close(): void
}
