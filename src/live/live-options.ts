import type { Call } from '../engine/call/call.ts'
import type { Gate } from '../engine/rules/gate.ts'
import type { Limits } from '../protocol/limits.ts'
import type { Id } from '../model/model.ts'
import type { Commit, Store } from '../store/store.ts'
import type { Maybe } from '../store/work.ts'

/** What live queries are made of. */
export interface LiveOptions {
  readonly store: Store
  readonly limits: Limits
  readonly clock: () => number
  /** Anonymous callers may do nothing where a resource is not public. */
  readonly gate: Gate
  /** The users of whom commits changed something that may make other callers of them, and how often; null = nobody can change. */
  readonly changedIn?: ((commits: readonly Commit[]) => ReadonlyMap<Id, number>) | null
  /** Lets a call pass the steps that come before it is followed, or throws. */
  readonly enter: (call: Call) => Maybe<void>
  /** Hears of what an evaluation or a face threw; the others are not disturbed. */
  readonly onFault: (error: unknown) => void
}
