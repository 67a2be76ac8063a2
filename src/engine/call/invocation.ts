import type { Transaction } from '../../store/store.ts'
import type { Maybe } from '../../store/work.ts'
import type { Call, HeaderLines, Outcome } from './call.ts'
import type { Context } from './context.ts'
import type { WriteEnvironment } from './call-environment.ts'
import type { RepeatablePart } from '../batch/repeat-batch.ts'

/**
 * Where a call comes from. It decides which steps of the pipeline apply.
 *
 *   - `outside`: a client, on any face.
 *   - `code`: the application: `app.*`, `ctx.db` in actions and hooks, jobs.
 *   - `transaction`: the same code inside a transaction.
 *   - `batch`: a client, several of whose calls share a transaction.
 *   - `upkeep`: the engine itself, when it deletes expired rows.
 */
export type Origin = 'outside' | 'code' | 'transaction' | 'batch' | 'upkeep'

/** A call on its way through the pipeline. */
export interface Invocation {
  /** Steps may replace it, for instance by one with a decoded body. */
  call: Call
  /** The call subscribes: instead of answering with what a read would show, the engine follows it. */
  readonly isFollowed: boolean
  /** The transaction that the call is part of; null if it has its own unit of work. */
  readonly tx: Transaction | null
  /** The `ctx` of hooks and actions. The first step that needs it makes it. */
  context: Context | null
  /** The caller's permissions and everything else that reading and writing need. Set by the step `authorise`. */
  writing: WriteEnvironment | null
  /** For a call of a batch with an idempotency key: what it came to when the batch was first done, or comes to now. */
  readonly part: RepeatablePart | null
  /** Header fields that the response gets, even if it is an error. */
  lines: HeaderLines
}

export type NextStep = (invocation: Invocation) => Maybe<Outcome>

/** A step that wraps all later steps. It decides when, and whether, they run. */
export type PipelineStep = (invocation: Invocation, next: NextStep) => Maybe<Outcome>

/** A step that lets a call pass, or throws ApiError. */
export type PipelineCheck = (invocation: Invocation) => Maybe<void>
