import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { Action, Value } from '../../model/model.ts'
import { ApiError, problemOf } from '../../protocol/error.ts'
import type { ContextEnvironment } from '../call/context.ts'
import { findAction } from '../call/database.ts'
import { attempt, isOurs, keepResult, type Ending, type StoredCall, type Task } from './attempt.ts'
import type { JobRecord, JobRows } from './job-rows.ts'
import type { JobsEnvironment } from './jobs-environment.ts'
import { endingOf } from './ending.ts'
import { withTimeout } from './timeout.ts'

/** Milliseconds between two searches for jobs of dead nodes and for expired jobs. */
const SWEEP = 60_000
/** The same if other nodes use the database. */
const SWEEP_BESIDE_OTHERS = 5_000
/** Milliseconds between two looks at a job that another node runs now. */
const FOLLOW = 1_000
/** Milliseconds for which a function may continue after its job has ended before another job gets its place. */
const LINGER = 10_000
/** Milliseconds that running jobs get to stop when the server closes. */
const GRACE = 5_000

/**
 * Runs jobs: a limited number at the same time, each step of a job committed. After a restart it continues with the unfinished
 * jobs.
 */
export class Queue {
  readonly #rows: JobRows
  readonly #environment: JobsEnvironment
  readonly #concurrency: number
  readonly #keep: number
  #around: ContextEnvironment | null = null
  /** Jobs that wait for a place, in the order in which they were started. */
  readonly #waiting = new Set<Task>()
  readonly #running = new Map<string, Task>()
  readonly #runningOf = new Map<Action, number>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #sweep: NodeJS.Timeout | undefined
  #unlisten: () => void = () => {}
  /** How many of the `concurrency` places are taken. */
  #places = 0
  #closing = false

  constructor(rows: JobRows, environment: JobsEnvironment) {
    this.#rows = rows
    this.#environment = environment
    this.#concurrency = environment.concurrency ?? 4
    this.#keep = environment.keep ?? 86_400_000
  }

  /** The name of the node that runs the jobs of this queue. */
  get runner(): string {
    return this.#environment.node.name
  }

  get isOpen(): boolean {
    return this.#around !== null && !this.#closing
  }

  /** Sets what jobs work with. The engine is made later than this object. */
  attach(around: ContextEnvironment): void {
    this.#around = around
  }

  /** Takes over unfinished jobs of dead nodes, now and again and again. */
  async start(): Promise<void> {
    if (this.#closing) return
    const { node, store } = this.#environment
    // Others may run its jobs once this node was taken for dead.
    this.#unlisten = node.onLapse(() => this.#stopAll())
    const every = store.hasNodes === true ? SWEEP_BESIDE_OTHERS : SWEEP
    this.#sweep = setInterval(() => void this.#clear().catch(this.#fault), every)
    this.#sweep.unref()
    try {
      await node.join()
      await this.#clear()
    } catch (error) {
      if (!this.#closing) throw error
    }
  }

  #stopAll(): void {
    for (const task of this.#running.values()) task.controller.abort(interrupted())
  }

  /** Runs a stored job when a place is free. */
  add(task: Task): void {
    this.#waiting.add(task)
    this.#pump()
  }

  /** Stops the running jobs. Those that may be repeated continue at the next start. */
  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#sweep)
    this.#unlisten()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#stopAll()
    await withTimeout(Promise.allSettled(Array.from(this.#running.values(), task => task.settled)), GRACE)
  }

  /** Cancels a job. False if it is already finished. */
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
    this.#pump() // if the job was waiting, its turn comes and it finds that it is cancelled
    return true
  }

  /** Starts waiting jobs while there are free places. */
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
      // A function that ignores its signal keeps its place a little longer, so that not too many run at once.
      void task.settled
        .then(() => withTimeout(task.work, LINGER))
        .then(() => {
          this.#places--
          this.#runningOf.set(task.action, getOrThrow(this.#runningOf, task.action) - 1)
          this.#pump()
        })
    }
  }

  /** One attempt, from the commit that marks the job as running to the commit that records its end. */
  async #execute(task: Task): Promise<void> {
    const { clock } = this.#environment
    const claimed = await this.#rows.update(task.id, job =>
      job.status === 'queued' && job.runner === this.runner
        ? {
            status: 'running',
            started: new Date(clock()).toISOString(),
            attempts: job.attempts + 1,
            progress: null,
            due: null,
          }
        : null,
    )
    // Somebody else changed the job since it was queued: it was cancelled, or another node runs it.
    if (!claimed) return this.#follow(task)
    task.attempt = claimed.attempts
    task.controller = new AbortController()
    this.#running.set(task.id, task)
    try {
      const how = { rows: this.#rows, around: this.#around!, runner: this.runner, clock, keep: this.#keep }
      const ending = await keepResult(task, await attempt(task, how), how)
      if (ending.kind === 'failed') await this.#failed(task, claimed, ending.error)
      else if (ending.kind === 'cancelled') this.#follow(task)
      else task.ended.resolve(ending)
    } finally {
      this.#running.delete(task.id)
    }
  }

  async #failed(task: Task, { attempts }: JobRecord, error: ApiError): Promise<void> {
    const { retries } = task.action.job!
    if (error.status >= 500 && !this.#closing) this.#environment.onFault(error)
    // A refusal (4xx) would be the same next time, so only faults are retried.
    if (attempts > retries || error.status < 500) {
      const job = await this.#rows.update(task.id, one =>
        isOurs(one, task, this.runner) ? this.#failure(error) : null,
      )
      return job ? task.ended.resolve({ kind: 'failed', error }) : this.#follow(task)
    }
    const { clock, random } = this.#environment
    // Exponential back-off with jitter, at most 90 seconds.
    const delay = Math.round(Math.min(60_000, 1_000 * 2 ** (attempts - 1)) * (0.5 + random(1)[0]! / 512))
    const job = await this.#rows.update(task.id, one =>
      isOurs(one, task, this.runner)
        ? { status: 'queued', due: clock() + delay, error: problemOf(error) as unknown as Value }
        : null,
    )
    if (!job) this.#follow(task)
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

  /** The store failed in the middle of a job. Looks again every second, and continues or ends the job when the store works. */
  #recover(task: Task, error: unknown): void {
    this.#fault(error)
    const look = async (): Promise<void> => {
      const job = await this.#rows.get(task.id)
      if (job?.status === 'queued' && job.runner === this.runner) this.add(task)
      else if (job && isOurs(job, task, this.runner)) await this.#failed(task, job, interrupted())
      else this.#follow(task)
    }
    this.#later(1_000, () => void look().catch((again: unknown) => this.#recover(task, again)))
  }

  /** Waits for the end of a job that this node does not run (any more). */
  #follow(task: Task): void {
    const look = async (): Promise<void> => {
      const ending = endingOf(await this.#rows.get(task.id))
      if (ending) task.ended.resolve(ending)
      else this.#later(FOLLOW, again)
    }
    const again = (): void => void look().catch(() => this.#later(FOLLOW, again))
    again()
  }

  /** Takes over the jobs of nodes that have ended, and deletes expired jobs. This is where a job goes on after a restart. */
  async #clear(): Promise<void> {
    const { node } = this.#environment
    for (const job of await this.#rows.unfinished()) {
      // Its runner is alive, perhaps this one: leave the job to it.
      if (job.runner === this.runner || (job.runner !== null && (await node.isAlive(job.runner)))) continue
      await this.#adopt(job)
    }
    while ((await this.#rows.forget(this.#environment.clock())) > 0);
    // Other nodes may have cancelled what runs here.
    for (const task of this.#running.values()) {
      const job = await this.#rows.get(task.id)
      if (job && !isOurs(job, task, this.runner)) task.controller.abort(interrupted())
    }
  }

  /** Queues a job of a dead node here, if it may run again. */
  async #adopt({ id, runner }: JobRecord): Promise<void> {
    const found: Task[] = []
    const job = await this.#rows.update(id, one => {
      // Another node may have taken it over since it was read.
      if (one.runner !== runner || (one.status !== 'queued' && one.status !== 'running')) return null
      const stored = one.call as unknown as StoredCall
      const action = this.#actionOf(stored)
      const isBegun = one.status === 'running'
      // Nobody knows how far it got. It is repeated only if its declaration allows retries.
      if (!action || (isBegun && one.attempts > action.job!.retries)) return this.#failure(interrupted())
      found.push(newTask(id, action, stored, null))
      return { status: 'queued', runner: this.runner }
    })
    if (job)
      // The update may run more than once in the store; its last run is the one that was committed.
      for (const task of found.slice(-1)) this.#again(task, Math.max(0, (job.due ?? 0) - this.#environment.clock()))
  }

  #actionOf({ resource, action }: StoredCall): Action | null {
    try {
      const found = findAction({ model: this.#environment.model }, resource, action)
      return found.job ? found : null
    } catch {
      return null // its declaration is gone
    }
  }

  readonly #fault = (error: unknown): void => {
    if (!this.#closing) this.#environment.onFault(ApiError.from(error))
  }
}

/** Makes a task: a job that this process is responsible for. */
export function newTask(id: string, action: Action, call: StoredCall, row: Task['row']): Task {
  const ended = Promise.withResolvers<Ending>()
  const done = Promise.resolve()
  return { id, action, call, row, ended, attempt: 0, controller: new AbortController(), work: done, settled: done }
}

const interrupted = (): ApiError =>
  new ApiError('unavailable', { error: 'interrupted', detail: 'the server stopped while it ran' })
