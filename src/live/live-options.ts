import type { Call } from '../engine/call/call.ts'
import type { CallerChecks } from '../engine/rules/caller-checks.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Id } from '../model/model.ts'
import type { Commit, Store } from '../store/store.ts'
import type { Maybe } from '../store/work.ts'

/** What live queries need. */
export interface LiveOptions {
  readonly store: Store
  readonly limits: Limits
  readonly clock: () => number
  /** Decides whether a caller may attempt an operation at all. */
  readonly callerChecks: CallerChecks
  /** The users whose rows or sessions commits changed, and how many commits did; null if callers cannot change. */
  readonly changedIn?: ((commits: readonly Commit[]) => ReadonlyMap<Id, number>) | null
  /** Runs the checks of the pipeline for a call that will be followed. Throws ApiError if it is refused. */
  readonly enter: (call: Call) => Maybe<void>
  /** Receives what an evaluation or a face threw. Other subscriptions are not affected. */
  readonly onFault: (error: unknown) => void
}
