import type { Action, Id, Value } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { run } from '../../store/work.ts'
import { answered } from '../actions/run-action.ts'
import { contextOf as contextFor, type Principal } from '../call/call.ts'
import { Context, type ContextEnvironment } from '../call/context.ts'
import { actionCall, database } from '../call/database.ts'
import { isReply } from '../call/reply.ts'
import type { JobRecord, JobRows } from './job-rows.ts'
import { Progress } from './progress.ts'

/** The call that started a job, as it is stored. */
export interface StoredCall {
  readonly resource: string
  readonly action: string
  readonly id: Id | null
  readonly input: unknown
  readonly principal: Principal | null
  readonly trusted: boolean
}

/** A job that this process is responsible for. */
export interface Task {
  readonly id: string
  readonly action: Action
  readonly call: StoredCall
  /** The row, for an action on a row. null after a restart: it is read again. */
  readonly row: Readonly<Record<string, unknown>> | null
  /** Settles with the job's end, after all attempts. */
  readonly ended: PromiseWithResolvers<Ending>
  /** The number of the current attempt. */
  attempt: number
  /** Aborts the current attempt. */
  controller: AbortController
  /** The promise of the job's function. It may continue after the job has ended, for instance if it ignores its signal. */
  work: Promise<unknown>
  /** Settles when the current attempt is over and its result is stored. */
  settled: Promise<unknown>
}

export type Ending =
  | {
      readonly kind: 'succeeded'
      readonly value: unknown
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
    }
  | { readonly kind: 'failed'; readonly error: ApiError }
  | { readonly kind: 'cancelled' }

/** The result of an attempt. `made` is the data of the row that a `create` job produces. */
export type Attempted = Ending | { readonly kind: 'made'; readonly data: unknown }

interface How {
  readonly rows: JobRows
  readonly around: ContextEnvironment
  /** The name of this node. */
  readonly runner: string
  readonly clock: () => number
  /** Milliseconds for which a finished job is kept. */
  readonly keep: number
}

/** Runs a job's function once. Resolves when it returned, threw or was stopped; never rejects. */
export async function attempt(task: Task, { rows, around, runner, clock }: How): Promise<Attempted> {
  const { action, controller, id } = task
  const { signal } = controller
  const progress = new Progress(async (done, note) => {
    const job = await rows.update(id, one => (isOurs(one, task, runner) ? { progress: done, note } : null))
    // Another node has cancelled the job, or taken it over.
    if (!job) controller.abort(new ApiError('conflict', { error: 'cancelled', detail: 'it was cancelled' }))
  })
  const stopped = Promise.withResolvers<never>()
  stopped.promise.catch(() => {}) // it is only raced below, and may reject without a listener
  signal.addEventListener('abort', () => stopped.reject(signal.reason))
  const { timeout } = action.job!
  const timer = timeout === null ? undefined : setTimeout(() => controller.abort(late(timeout)), timeout)
  const context = contextOf(task, around, clock())
  const work = async (): Promise<unknown> => {
    const row = action.on === 'row' ? (task.row ?? (await context.db.get(task.call.resource, task.call.id!))) : {}
    const { input } = task.call
    const tell = (done: number, note?: string): void => progress.tell(done, note)
    const given = { input, row, me: context.me, ctx: context, id, attempt: task.attempt, signal, progress: tell }
    return (action.run as (call: unknown) => unknown)(given)
  }
  const working = work()
  task.work = working.catch(() => {})
  try {
    const answer = await Promise.race([working, stopped.promise])
    if (action.name === 'create' && !isReply(answer)) return { kind: 'made', data: answer }
    const ctx = contextFor(task.call.principal, undefined, clock())
    const { value, status, headers } = await answered(action.resource, action, answer, ctx)
    if (value instanceof Response)
      throw new ApiError('internal', { cause: new TypeError('a job cannot answer with a Response') })
    return { kind: 'succeeded', value, status, headers: Object.fromEntries(headers) }
  } catch (thrown) {
    return { kind: 'failed', error: ApiError.from(signal.aborted ? signal.reason : thrown) }
  } finally {
    // The timer and the progress must not outlive the attempt.
    clearTimeout(timer)
    await progress.end()
  }
}

function contextOf({ action, call }: Task, around: ContextEnvironment, now: number): Context {
  const { resource } = action
  const asked = actionCall({ resource, action, id: call.id, input: call.input, principal: call.principal })
  return new Context(around, { ...asked, trusted: call.trusted }, now)
}

const late = (timeout: number): ApiError =>
  new ApiError('unavailable', { error: 'timeout', detail: `it took longer than ${timeout} ms` })

/** Whether a job is still in this attempt. Another node may have taken it over while this one hung. */
export function isOurs({ status, runner, attempts }: JobRecord, { attempt }: Task, me: string): boolean {
  return status === 'running' && runner === me && attempts === attempt
}

/** Stores the result of an attempt, unless it failed. Rejects if the store cannot be written. */
export async function keepResult(task: Task, attempted: Attempted, how: How): Promise<Ending> {
  if (attempted.kind === 'made') return createRow(task, attempted.data, how)
  if (attempted.kind !== 'succeeded') return attempted
  const job = await how.rows.update(task.id, one => (isOurs(one, task, how.runner) ? finished(attempted, how) : null))
  return job ? attempted : { kind: 'cancelled' }
}

/** Creates the row of a `create` job. The row and the end of the job are one commit: neither exists without the other. */
async function createRow(task: Task, data: unknown, how: How): Promise<Ending> {
  const { engine, store, url } = how.around
  const { resource } = task.action
  const me = task.call.trusted ? undefined : task.call.principal
  try {
    return await store.transaction<Ending>(async tx => {
      const row = await database(engine, call => engine.within(tx, call), me).post(resource.name, data)
      const location = url(resource.name, { id: row[resource.id.name] as Id })
      const ending = { kind: 'succeeded', value: row, status: 201, headers: { location } } as const
      const job = await run(
        how.rows.step(tx, task.id, one => (isOurs(one, task, how.runner) ? finished(ending, how) : null)),
      )
      if (!job) throw cancelledMeanwhile
      return ending
    })
  } catch (error) {
    return error === cancelledMeanwhile ? { kind: 'cancelled' } : { kind: 'failed', error: ApiError.from(error) }
  }
}

const cancelledMeanwhile = new Error('the job was cancelled')

function finished({ value, headers }: Ending & { kind: 'succeeded' }, { clock, keep }: How): Partial<JobRecord> {
  const now = clock()
  return {
    status: 'succeeded',
    progress: 1,
    result: value as Value,
    location: headers['location'] ?? null,
    error: null,
    finished: new Date(now).toISOString(),
    expires: now + keep,
  }
}
