import type { Transaction } from '../../store/store.ts'
import type { Maybe } from '../../store/work.ts'
import type { Call, HeaderLines, Outcome } from './call.ts'
import type { Context } from './context.ts'
import type { Writing } from './call-environment.ts'

/**
 * Where a call comes from. It decides which steps of the pipeline the call goes through.
 *
 * - `outside`: a client, over any face.
 * - `code`: the application itself: `app.*`, `ctx.db` of actions and hooks, jobs.
 * - `transaction`: the same code within a transaction.
 * - `upkeep`: the engine itself, when it deletes rows whose time is over.
 */
export type Origin = 'outside' | 'code' | 'transaction' | 'upkeep'

/** A call on its way through the pipeline. */
export interface Invocation {
  /** A step may put another one in its place. */
  call: Call
  /** It subscribes: what a read would show is not answered but followed. */
  readonly isFollowed: boolean
  /** The transaction that the call is part of; null if it has a unit of work of its own. */
  readonly tx: Transaction | null
  /** What hooks and actions know of the call; made by the first step that needs it. */
  context: Context | null
  /** What the caller may do, and all that reading and writing need; there from the step `authorise` on. */
  writing: Writing | null
  /** Header fields that the answer will have, be it an error. */
  lines: HeaderLines
}

export type Next = (invocation: Invocation) => Maybe<Outcome>

/** A step that stands around the steps behind it. */
export type Step = (invocation: Invocation, next: Next) => Maybe<Outcome>

/** A step that lets a call pass, or throws. */
export type Check = (invocation: Invocation) => Maybe<void>
