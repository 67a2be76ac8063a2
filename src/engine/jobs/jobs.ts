import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Action, Id, Resource, Value } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Maybe } from '../../store/work.ts'
import { ownCall, type Call, type Outcome, type Principal } from '../call/call.ts'
import type { ContextEnvironment } from '../call/context.ts'
import { findAction } from '../call/database.ts'
import { uuid7 } from '../call/ids.ts'
import type { Invocation, NextStep } from '../call/invocation.ts'
import { plainJson } from '../call/plain-json.ts'
import { reply, type Reply } from '../call/reply.ts'
import type { Ending, StoredCall, Task } from './attempt.ts'
import { jobsName } from './job-resource.ts'
import type { JobsEnvironment } from './jobs-environment.ts'
import { JobRows } from './job-rows.ts'
import { newTask, Queue } from './durable-queue.ts'
import { readAsync } from './respond-async.ts'
import { withTimeout } from './timeout.ts'

/**
 * A job that was started.
 *
 * @example
 * const { id, result } = await app.run('film', 'index', undefined, { me })
 */
export interface BegunJob {
  readonly id: string
  /** The job's return value. Rejects with ApiError if the job fails or is cancelled. */
  readonly result: Promise<unknown>
}

/** The jobs of one API in one process: starts, answers, follows and cancels them. */
export class Jobs {
  readonly resource: Resource
  readonly #rows: JobRows
  readonly #queue: Queue
  readonly #environment: JobsEnvironment
  #around: ContextEnvironment | null = null

  constructor(environment: JobsEnvironment) {
    this.resource = getOrThrow(environment.model.resources, jobsName)
    this.#environment = environment
    this.#rows = new JobRows(environment.store, this.resource)
    this.#queue = new Queue(this.#rows, environment)
  }

  /** Sets what jobs work with. The engine is made later than this object. */
  attach(around: ContextEnvironment): void {
    this.#around = around
    this.#queue.attach(around)
  }

  /** Begins to look for jobs that earlier processes left unfinished. */
  start(): Promise<void> {
    return this.#queue.start()
  }

  close(): Promise<void> {
    return this.#queue.close()
  }

  /** Starts an action that is a job. Resolves to its result, or to 202 with the job's URI if the client does not want to wait. */
  async begin(call: Call, action: Action, input: unknown, row: Task['row']): Promise<unknown> {
    const wanted = readAsync(call.credentials?.header('prefer'))
    // An anonymous caller could not be shown the job later, so the request waits for the result.
    const mayFollow = !this.#environment.secured || call.principal !== null || call.trusted === true
    const isAsync = mayFollow && (action.job!.always || wanted !== null)
    const task = await this.#keep(call, action, input, row)
    // Made before the job starts, so the response shows it as `queued`; the job itself tells the rest.
    const accepted = isAsync ? await this.#accepted(task, wanted !== null) : null
    this.#queue.add(task)
    if (!accepted) return answerOf(await task.ended.promise)
    const ending = wanted && wanted.wait > 0 ? await withTimeout(task.ended.promise, wanted.wait * 1000) : null
    return ending ? answerOf(ending) : accepted
  }

  /** Starts a job for the application or, with `me`, for a caller. */
  async run(
    name: string,
    action: string,
    input: unknown,
    target: { id?: Id; me?: Principal | null },
  ): Promise<BegunJob> {
    const found = findAction({ model: this.#environment.model }, name, action)
    if (!found.job) throw new ApiError('unknown_op', { detail: `${name}.${action} is not a job` })
    const me = target.me ?? null
    const task = await this.#keep({ principal: me, id: target.id ?? null, trusted: me === null }, found, input, null)
    this.#queue.add(task)
    const result = task.ended.promise.then(ending => valueOf(answerOf(ending)))
    result.catch(() => {}) // if nobody awaits it, the error is still in the job's row
    return { id: task.id, result }
  }

  /** DELETE of a job: cancels a job that is not finished, and deletes one that is. `next` reads or deletes its row. */
  async remove(invocation: Invocation, next: NextStep): Promise<Outcome> {
    const { call } = invocation
    const ask = (asked: Partial<Call>): Maybe<Outcome> =>
      next({ ...invocation, call: { ...call, conditions: null, ...asked } })
    // Reading first answers 404 for jobs of others, before anything is cancelled.
    const seen = await ask({ operation: 'get' })
    if (seen.kind !== 'item') return seen
    const id = String(call.id)
    if (await this.#queue.cancel(id)) {
      const after = await ask({ operation: 'get', trusted: true })
      if (after.kind !== 'item') return after
      const value: unknown = JSON.parse(after.body)
      return { ...answered, resource: this.resource, status: 202, value, body: after.body }
    }
    return ask({ trusted: true, conditions: call.conditions })
  }

  async #keep(
    call: Pick<Call, 'principal' | 'id' | 'auth' | 'trusted'>,
    action: Action,
    input: unknown,
    row: Task['row'],
  ): Promise<Task> {
    if (!this.#queue.isOpen) throw new ApiError('unavailable', { detail: 'no more jobs are taken' })
    const given = plainJson(input)
    if (given === undefined)
      throw new ApiError('internal', { cause: new TypeError(`${action.name}: the input of a job must be plain data`) })
    const { clock, random } = this.#environment
    const id = uuid7(clock(), random)
    const stored: StoredCall = {
      resource: action.resource.name,
      action: action.name,
      id: call.id,
      input: given,
      principal: call.principal,
      trusted: call.trusted ?? false,
    }
    const task = newTask(id, action, stored, row)
    await this.#rows.insert({
      ...untouched,
      id,
      action: `${action.resource.name}.${action.name}`,
      created: new Date(clock()).toISOString(),
      owner: call.principal?.id ?? (this.#environment.secured ? false : null),
      call: JSON.parse(JSON.stringify(stored, setsAsLists)) as Value,
      runner: this.#queue.runner,
    })
    return task
  }

  /** A 202 response with the job and its location. */
  async #accepted({ id }: Task, asked: boolean): Promise<Reply> {
    const { engine, url } = this.#around!
    const read: Call = { ...ownCall, operation: 'get', resource: this.resource, id }
    const outcome = await engine.handle(read)
    if (outcome.kind === 'failure') throw outcome.error
    const value: unknown = outcome.kind === 'item' ? JSON.parse(outcome.body) : { id }
    const location = this.resource.paths.length > 0 ? { location: url(jobsName, { id }) } : {}
    const headers = { ...location, 'retry-after': '1', ...(asked ? { 'preference-applied': 'respond-async' } : {}) }
    return reply(value, { status: 202, headers })
  }
}

const answered = { kind: 'value', action: null, headers: [] } as const

const untouched = {
  status: 'queued',
  progress: null,
  note: null,
  result: null,
  location: null,
  error: null,
  attempts: 0,
  started: null,
  finished: null,
  due: null,
  expires: null,
} as const

function answerOf(ending: Ending): Reply {
  switch (ending.kind) {
    case 'succeeded':
      return reply(ending.value, { status: ending.status, headers: ending.headers })
    case 'failed':
      throw ending.error
    case 'cancelled':
      throw new ApiError('conflict', { error: 'cancelled', detail: 'the job was cancelled' })
  }
}

const valueOf = (answer: Reply): unknown => answer.value

const setsAsLists = (_: string, value: unknown): unknown => (value instanceof Set ? [...value] : value)
