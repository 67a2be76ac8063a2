import type { Action, Value } from '../../model/model.ts'
import { ApiError, problemOf } from '../../protocol/error.ts'
import type { Surroundings } from '../call/context.ts'
import { findAction } from '../call/database.ts'
import { attempt, keepResult, type Ending, type StoredCall, type Task } from './attempt.ts'
import type { JobRecord, JobRows } from './job-rows.ts'
import type { JobsEnvironment } from './jobs-environment.ts'
import { Runner } from './job-owner.ts'
import { within } from './timeout.ts'

/** Milliseconds between looks for jobs that dead processes left, and for those that are kept no longer. */
const SWEEP = 60_000
/** Milliseconds that work may go on after its job ended, before its place is given away. */
const LINGER = 10_000
/** Milliseconds that jobs have to stop when the server closes. */
const GRACE = 5_000

/** Runs jobs, a bounded number at once and each from commit to commit, and picks up what a restart left. */
export class Queue {
  readonly #rows: JobRows
  readonly #runner: Runner
  readonly #environment: JobsEnvironment
  readonly #concurrency: number
  readonly #keep: number
  #around: Surroundings | null = null
  /** In the order in which they were begun. */
  readonly #waiting = new Set<Task>()
  readonly #running = new Map<string, Task>()
  readonly #runningOf = new Map<Action, number>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #sweep: NodeJS.Timeout | undefined
  #places = 0
  #closing = false

  constructor(rows: JobRows, environment: JobsEnvironment) {
    this.#rows = rows
    this.#environment = environment
    this.#runner = new Runner(environment.random)
    this.#concurrency = environment.concurrency ?? 4
    this.#keep = environment.keep ?? 86_400_000
  }

  /** Who runs what is added here. */
  get runner(): string {
    return this.#runner.name
  }

  get isOpen(): boolean {
    return this.#around !== null && !this.#closing
  }

  /** Takes what jobs work with. */
  attach(around: Surroundings): void {
    this.#around = around
  }

  /** Looks for jobs that were left behind, now and every minute. */
  async start(): Promise<void> {
    if (this.#closing) return
    this.#sweep = setInterval(() => void this.#clear().catch(this.#fault), SWEEP)
    this.#sweep.unref()
    await this.#clear()
  }

  /** Runs a job that is kept, when it is its turn. */
  add(task: Task): void {
    this.#waiting.add(task)
    this.#pump()
  }

  /** Stops what runs; what can be done again is for the next start. */
  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#sweep)
    for (const timer of this.#timers) clearTimeout(timer)
    for (const task of this.#running.values()) task.controller.abort(interrupted())
    await within(Promise.allSettled(Array.from(this.#running.values(), task => task.settled)), GRACE)
    this.#runner.close()
  }

  /** Cancels a job that is not finished; false if it is. */
  async cancel(id: string): Promise<boolean> {
    const now = this.#environment.clock()
    const job = await this.#rows.update(id, one =>
      one.status === 'queued' || one.status === 'running'
        ? { status: 'cancelled', finished: new Date(now).toISOString(), expires: now + this.#keep, due: null }
        : null,
    )
    if (!job) return false
    this.#running
      .get(id)
      ?.controller.abort(new ApiError('conflict', { error: 'cancelled', detail: 'it was cancelled' }))
    this.#pump() // one that waited finds that there is nothing to do
    return true
  }

  /** Begins what may run. */
  #pump(): void {
    if (this.#closing) return
    for (const task of this.#waiting) {
      if (this.#places >= this.#concurrency) return
      const { job } = task.action
      const same = this.#runningOf.get(task.action) ?? 0
      if (same >= (job!.concurrency ?? Infinity)) continue
      this.#waiting.delete(task)
      this.#places++
      this.#runningOf.set(task.action, same + 1)
      task.settled = this.#execute(task).catch((error: unknown) => this.#recover(task, error))
      void task.settled
        .then(() => within(task.work, LINGER))
        .then(() => {
          this.#places--
          this.#runningOf.set(task.action, this.#runningOf.get(task.action)! - 1)
          this.#pump()
        })
    }
  }

  /** One attempt, from the commit that says that it runs to the one that says how it ended. */
  async #execute(task: Task): Promise<void> {
    const { clock } = this.#environment
    const claimed = await this.#rows.update(task.id, job =>
      job.status === 'queued'
        ? {
            status: 'running',
            runner: this.#runner.name,
            started: new Date(clock()).toISOString(),
            attempts: job.attempts + 1,
            progress: null,
            due: null,
          }
        : null,
    )
    if (!claimed) return task.ended.resolve({ kind: 'cancelled' })
    task.controller = new AbortController()
    this.#running.set(task.id, task)
    try {
      const how = { rows: this.#rows, around: this.#around!, clock, keep: this.#keep }
      const ending = await keepResult(task, await attempt(task, claimed.attempts, how), how)
      if (ending.kind === 'failed') await this.#failed(task, claimed, ending.error)
      else task.ended.resolve(ending)
    } finally {
      this.#running.delete(task.id)
    }
  }

  async #failed(task: Task, { attempts }: JobRecord, error: ApiError): Promise<void> {
    const { retries } = task.action.job!
    if (error.status >= 500 && !this.#closing) this.#environment.onFault(error)
    // What was refused will be refused again.
    if (attempts > retries || error.status < 500) {
      const job = await this.#rows.update(task.id, one => (one.status === 'running' ? this.#failure(error) : null))
      return task.ended.resolve(job ? { kind: 'failed', error } : { kind: 'cancelled' })
    }
    const { clock, random } = this.#environment
    const delay = Math.round(Math.min(60_000, 1_000 * 2 ** (attempts - 1)) * (0.5 + random(1)[0]! / 512))
    const job = await this.#rows.update(task.id, one =>
      one.status === 'running'
        ? { status: 'queued', due: clock() + delay, error: problemOf(error) as unknown as Value }
        : null,
    )
    if (!job) task.ended.resolve({ kind: 'cancelled' })
    else if (!this.#closing) this.#again(task, delay)
  }

  #failure(error: ApiError): Partial<JobRecord> {
    const now = this.#environment.clock()
    return {
      status: 'failed',
      error: JSON.parse(JSON.stringify(problemOf(error))) as Value,
      finished: new Date(now).toISOString(),
      expires: now + this.#keep,
      due: null,
    }
  }

  #again(task: Task, delay: number): void {
    this.#later(delay, () => this.add(task))
  }

  #later(delay: number, work: () => void): void {
    if (this.#closing) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, delay)
    this.#timers.add(timer)
  }

  /** The store failed between two steps of a job: when it works again, the job goes on or ends. */
  #recover(task: Task, error: unknown): void {
    this.#fault(error)
    const look = async (): Promise<void> => {
      const job = await this.#rows.get(task.id)
      if (job?.status === 'queued') this.add(task)
      else if (job?.status === 'running') await this.#failed(task, job, interrupted())
      else task.ended.resolve({ kind: 'cancelled' })
    }
    this.#later(1_000, () => void look().catch((again: unknown) => this.#recover(task, again)))
  }

  /** Takes over what processes left that are no more, and forgets what is kept no longer. */
  async #clear(): Promise<void> {
    for (const job of await this.#rows.unfinished()) {
      if (job.runner === this.#runner.name || (job.runner !== null && this.#runner.isAlive(job.runner))) continue
      await this.#adopt(job)
    }
    while ((await this.#rows.forget(this.#environment.clock())) > 0);
  }

  async #adopt({ id, runner }: JobRecord): Promise<void> {
    const found: Task[] = []
    const job = await this.#rows.update(id, one => {
      if (one.runner !== runner || (one.status !== 'queued' && one.status !== 'running')) return null
      const stored = one.call as unknown as StoredCall
      const action = this.#actionOf(stored)
      const isBegun = one.status === 'running'
      // How far it came nobody knows: only what bears being done twice is done again.
      if (!action || (isBegun && one.attempts > action.job!.retries)) return this.#failure(interrupted())
      found.push(newTask(id, action, stored, null))
      return { status: 'queued', runner: this.#runner.name }
    })
    if (job)
      for (const task of found.slice(-1)) this.#again(task, Math.max(0, (job.due ?? 0) - this.#environment.clock()))
  }

  #actionOf({ resource, action }: StoredCall): Action | null {
    try {
      const found = findAction({ model: this.#environment.model }, resource, action)
      return found.job ? found : null
    } catch {
      return null // it was declared no longer
    }
  }

  readonly #fault = (error: unknown): void => {
    if (!this.#closing) this.#environment.onFault(ApiError.from(error))
  }
}

/** A job that this process has. */
export function newTask(id: string, action: Action, call: StoredCall, row: Task['row']): Task {
  const ended = Promise.withResolvers<Ending>()
  const done = Promise.resolve()
  return { id, action, call, row, ended, controller: new AbortController(), work: done, settled: done }
}

const interrupted = (): ApiError =>
  new ApiError('unavailable', { error: 'interrupted', detail: 'the server stopped while it ran' })
