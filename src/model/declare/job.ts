import type { AnySchema, GivenOf, ValueOf } from '../../schema/infer.ts'
import type { Me } from '../../schema/types.ts'
import type { ActionContext, Returned } from './action-context.ts'
import type { ActionOptions, CallOf, DeclaredAction } from './action.ts'
import type { ActionDef, JobSettings } from './declaration.ts'

/** The argument of a job's function. */
// oxlint-disable-next-line typescript/no-explicit-any -- as in ActionCall
export interface JobCall<I = unknown, R = any> {
  /** The arguments as the input schema read them. After a restart they are read back from JSON. */
  readonly input: I
  /** The row as the caller sees it. Only jobs on a row have it. */
  readonly row: R
  /** The caller who began the job. null = anonymous. */
  readonly me: Me | null
  /** Acts for the caller who began the job. Header fields and files of the request are gone. */
  readonly ctx: ActionContext
  /** The id of the job. */
  readonly id: string
  /** 1 the first time, and one more for each repetition. */
  readonly attempt: number
  /** Aborted when the job is cancelled, exceeds its timeout, or the server closes. */
  readonly signal: AbortSignal
  /** Reports how much is done, from 0 to 1, and what is being done. Subscribers of the job see it at most four times a second. */
  readonly progress: (done: number, note?: string) => void
}

/** The options of a job, beside those of an action. */
export interface JobOptions<I, O, P = 'list' | 'row'> extends Omit<ActionOptions<I, O, P>, 'transaction'> {
  /**
   * How often the job may be repeated after a failure or a restart. Only a job that can safely run twice should be repeated.
   * Default: 0. An interrupted job then ends as failed, because nobody knows how far it got.
   */
  readonly retries?: number
  /** How many of these jobs run at the same time. Default: as many as the API allows (`jobs.concurrency`). */
  readonly concurrency?: number
  /** After how many milliseconds the job is aborted. Default: never. */
  readonly timeout?: number
  /**
   * Whether the answer is always 202, even if the client did not ask for it (`Prefer: respond-async`). A job that ends within
   * the client's `wait` is still answered directly.
   */
  readonly always?: boolean
}

/**
 * Declares an action that takes long. It runs in the background, and clients follow it as a resource at `/jobs/…` (RFC 9110
 * §15.3.3, RFC 7240 §4.1). Its results are those of actions. `reply(value, { headers: { location } })` states where the result
 * can be found.
 *
 * A job named `create` replaces the resource's own POST: its result is the new row, which is created when the job is done.
 *
 * @example
 * report.actions({ build: job(async ({ progress }) => { progress(0.5, 'half'); return { pages: 12 } }) })
 */
// oxlint-disable-next-line typescript/no-explicit-any -- as for `action`
export function job<const I = unknown, const O = unknown, P extends 'list' | 'row' = 'list', R = any>(
  run: (call: JobCall<ValueOf<I>, R>) => Returned,
  options: JobOptions<I & AnySchemaOr<I>, O & AnySchemaOr<O>, P> = {},
): DeclaredAction<CallOf<GivenOf<I>, ValueOf<O>, NoInfer<P>>, R> {
  const { retries = 0, concurrency = null, timeout = null, always = false, ...rest } = options
  const settings: JobSettings = Object.freeze({ retries, concurrency, timeout, always })
  return Object.freeze({ '~action': Object.freeze({ ...rest, strict: true, job: settings, run } as ActionDef) })
}

type AnySchemaOr<S> = unknown extends S ? unknown : AnySchema
