import type { AnySchema, GivenOf, ValueOf } from '../../schema/infer.ts'
import type { Me } from '../../schema/types.ts'
import type { ActionContext } from './action-context.ts'
import type { ActionOptions, DeclaredAction } from './action.ts'
import type { ActionDef, JobSettings } from './declaration.ts'

/** What the function of a job gets. */
export interface JobCall<I = unknown> {
  /** The arguments as the input schema gave them; after a restart they are read back from JSON. */
  readonly input: I
  /** The representation that the caller sees, of jobs on a row alone. */
  readonly row: Readonly<Record<string, any>> // oxlint-disable-line typescript/no-explicit-any -- the resource is not known here
  /** Who began it, or null. */
  readonly me: Me | null
  /** Acts for whoever began it. The header fields and files of the request are gone. */
  readonly ctx: ActionContext
  /** Of the job. */
  readonly id: string
  /** 1, and one more for each time that it is done again. */
  readonly attempt: number
  /** Aborted when it is cancelled, takes longer than its timeout, or the server closes. */
  readonly signal: AbortSignal
  /** Tells how much is done, from 0 to 1, and what is being done. Subscribers of the job see it at most four times a second. */
  readonly progress: (done: number, note?: string) => void
}

/** What a job declares beside what an action does. */
export interface JobOptions<I, O> extends Omit<ActionOptions<I, O>, 'transaction'> {
  /**
   * How often it may be done again after a failure or a restart; default 0: what was interrupted ends as failed, since
   * nobody knows how far it came. What it does must then bear being done twice.
   */
  readonly retries?: number
  /** How many of it run at once; default: as many as the API allows (`jobs.concurrency`). */
  readonly concurrency?: number
  /** Milliseconds; default: none. */
  readonly timeout?: number
  /** Answers with 202 although the client did not ask for it (`Prefer: respond-async`), unless it is done within `wait`. */
  readonly always?: boolean
}

/**
 * Declares an action that takes its time: it runs in the background, and clients follow it as a resource at `/jobs/…`
 * (RFC 9110 §15.3.3, RFC 7240 §4.1). Called `create`, it takes the place of the resource's own: what it answers with is
 * created when it is done. It answers as actions do; `reply(value, { headers: { location } })` names where its result is.
 */
export function job<const I = unknown, const O = unknown>(
  run: (call: JobCall<ValueOf<I>>) => unknown,
  options: JobOptions<I & AnySchemaOr<I>, O & AnySchemaOr<O>> = {},
): DeclaredAction<GivenOf<I>, ValueOf<O>> {
  const { retries = 0, concurrency = null, timeout = null, always = false, ...rest } = options
  const settings: JobSettings = Object.freeze({ retries, concurrency, timeout, always })
  return Object.freeze({ '~action': Object.freeze({ ...rest, strict: true, job: settings, run } as ActionDef) })
}

type AnySchemaOr<S> = unknown extends S ? unknown : AnySchema
