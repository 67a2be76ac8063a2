import type { Action, Id, Value } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { run } from '../../store/work.ts'
import { answered } from '../actions/run-action.ts'
import { contextOf as contextFor, type Principal } from '../call/call.ts'
import { Context, type Surroundings } from '../call/context.ts'
import { actionCall, database } from '../call/database.ts'
import { isReply } from '../call/reply.ts'
import type { JobRecord, JobRows } from './job-rows.ts'
import { Progress } from './progress.ts'

/** What a job was asked, as it is kept. */
export interface StoredCall {
  readonly resource: string
  readonly action: string
  readonly id: Id | null
  readonly input: unknown
  readonly principal: Principal | null
  readonly trusted: boolean
}

/** A job while this process has it. */
export interface Task {
  readonly id: string
  readonly action: Action
  readonly call: StoredCall
  /** The row of an action on a row; null where it has to be read again. */
  readonly row: Readonly<Record<string, unknown>> | null
  /** How it ended, after all attempts. */
  readonly ended: PromiseWithResolvers<Ending>
  /** Ends the attempt that runs. */
  controller: AbortController
  /** The function itself, which may go on after its job ended. */
  work: Promise<unknown>
  /** The attempt, and all that it takes. */
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

/** What came of an attempt. What is `made` is for the row that the job creates. */
export type Attempted = Ending | { readonly kind: 'made'; readonly data: unknown }

interface How {
  readonly rows: JobRows
  readonly around: Surroundings
  readonly clock: () => number
  /** Milliseconds that it is kept when it is finished. */
  readonly keep: number
}

/** Runs the function of a job once. Settles when it has an answer or was stopped; it never rejects. */
export async function attempt(task: Task, number: number, { rows, around, clock }: How): Promise<Attempted> {
  const { action, controller, id } = task
  const { signal } = controller
  const progress = new Progress(async (done, note) => {
    const job = await rows.update(id, one => (one.status === 'running' ? { progress: done, note } : null))
    // Another process cancelled it.
    if (!job) controller.abort(new ApiError('conflict', { error: 'cancelled', detail: 'it was cancelled' }))
  })
  const stopped = Promise.withResolvers<never>()
  stopped.promise.catch(() => {})
  signal.addEventListener('abort', () => stopped.reject(signal.reason))
  const { timeout } = action.job!
  const timer = timeout === null ? undefined : setTimeout(() => controller.abort(late(timeout)), timeout)
  const context = contextOf(task, around, clock())
  const work = async (): Promise<unknown> => {
    const row = action.on === 'row' ? (task.row ?? (await context.db.get(task.call.resource, task.call.id!))) : {}
    const { input } = task.call
    const tell = (done: number, note?: string): void => progress.tell(done, note)
    const given = { input, row, me: context.me, ctx: context, id, attempt: number, signal, progress: tell }
    return (action.run as (call: unknown) => unknown)(given)
  }
  const working = work()
  task.work = working.catch(() => {})
  try {
    const answer = await Promise.race([working, stopped.promise])
    if (action.name === 'create' && !isReply(answer)) return { kind: 'made', data: answer }
    const { value, status, headers } = await answered(action.resource, action, answer, {
      ctx: contextFor(task.call.principal, undefined, clock()),
    })
    if (value instanceof Response)
      throw new ApiError('internal', { cause: new TypeError('a job cannot answer with a Response') })
    return { kind: 'succeeded', value, status, headers: Object.fromEntries(headers) }
  } catch (thrown) {
    return { kind: 'failed', error: ApiError.from(signal.aborted ? signal.reason : thrown) }
  } finally {
    clearTimeout(timer)
    await progress.end()
  }
}

function contextOf({ action, call }: Task, around: Surroundings, now: number): Context {
  const { resource } = action
  const asked = actionCall({ resource, action, id: call.id, input: call.input, principal: call.principal })
  return new Context(around, { ...asked, trusted: call.trusted }, now)
}

const late = (timeout: number): ApiError =>
  new ApiError('unavailable', { error: 'timeout', detail: `it took longer than ${timeout} ms` })

/** Keeps what an attempt came to, unless it failed. Rejects where that cannot be written. */
export async function keepResult(task: Task, attempted: Attempted, how: How): Promise<Ending> {
  if (attempted.kind === 'made') return createRow(task, attempted.data, how)
  if (attempted.kind !== 'succeeded') return attempted
  const job = await how.rows.update(task.id, one => (one.status === 'running' ? finished(attempted, how) : null))
  return job ? attempted : { kind: 'cancelled' }
}

/** The row and the end of the job are one commit, so that neither is there without the other. */
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
        how.rows.step(tx, task.id, one => (one.status === 'running' ? finished(ending, how) : null)),
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
