import { AT, FIRST, ID, SEQ, type Resource, type Row, type Value } from '../../model/model.ts'
import { anyOf, type Predicate } from '../../query/predicate.ts'
import type { RowChange, Store, Transaction } from '../../store/store.ts'
import { wait, type Work } from '../../store/work.ts'
import { equal } from '../write/unit-of-work.ts'

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

/** A job as it is stored. The members are those of job-resource.ts. */
export interface JobRecord {
  readonly id: string
  readonly action: string
  readonly status: JobStatus
  readonly progress: number | null
  readonly note: string | null
  readonly result: Value
  readonly location: string | null
  readonly error: Value
  readonly attempts: number
  readonly created: string
  readonly started: string | null
  readonly finished: string | null
  readonly owner: Value
  readonly call: Value
  readonly runner: string | null
  readonly due: number | null
  readonly expires: number | null
}

/** Computes a change of a job from its current state; null = no change. */
export type JobTransition = (job: JobRecord) => Partial<JobRecord> | null

/** The jobs in the store. Every change is a commit of its own, so a crash loses none and subscribers see all of them. */
export class JobRows {
  readonly resource: Resource
  readonly #store: Store
  readonly #slots: ReadonlyMap<string, number>

  constructor(store: Store, resource: Resource) {
    this.#store = store
    this.resource = resource
    this.#slots = new Map(resource.columns.map(({ name, slot }) => [name, slot]))
  }

  async insert(job: JobRecord): Promise<void> {
    const row = this.#rowOf(job)
    const change: RowChange = {
      resource: this.resource,
      id: job.id,
      op: 'create',
      before: null,
      after: row,
      changed: [],
      lists: [],
    }
    await this.#store.write(function* (tx) {
      yield* wait(tx.apply([change], []))
    })
  }

  /** Changes a job. Resolves to the job afterwards, or null if it does not exist or was not changed. */
  update(id: string, step: JobTransition): Promise<JobRecord | null> {
    return this.#store.write(tx => this.step(tx, id, step))
  }

  /** The same inside a unit of work. */
  *step(tx: Transaction, id: string, step: JobTransition): Work<JobRecord | null> {
    const before = yield* wait(tx.get(this.resource, id))
    if (!before) return null
    const job = this.#jobOf(before)
    const given = step(job)
    if (given === null) return null
    const after = this.#rowOf({ ...job, ...given })
    const changed: number[] = []
    // Only real changes are logged: the step may repeat the stored values.
    for (let slot = FIRST; slot < after.length; slot++) if (!equal(before[slot], after[slot])) changed.push(slot)
    if (changed.length > 0) {
      const change: RowChange = { resource: this.resource, id, op: 'patch', before, after, changed, lists: [] }
      yield* wait(tx.apply([change], []))
    }
    return { ...job, ...given }
  }

  async get(id: string): Promise<JobRecord | null> {
    const { resource } = this
    const row = await this.#store.read(function* (snapshot) {
      return yield* wait(snapshot.get(resource, id))
    })
    return row ? this.#jobOf(row) : null
  }

  /** The jobs that are not finished, oldest first: ids are ordered by time. */
  async unfinished(): Promise<JobRecord[]> {
    const is = (value: JobStatus): Predicate => ({ kind: 'compare', op: 'eq', field: 'status', value })
    return this.#select(anyOf(is('queued'), is('running')), null)
  }

  /** Deletes expired jobs, 500 at a time. Resolves to how many were deleted. */
  async forget(now: number): Promise<number> {
    const { resource } = this
    const where: Predicate = { kind: 'compare', op: 'lt', field: 'expires', value: now }
    return this.#store.write(function* (tx) {
      const rows = yield* wait(tx.select(resource, { where, sort: [], limit: 500, offset: 0, cursor: null }))
      const changes = rows.map((before): RowChange => ({
        resource,
        id: before[ID] as string,
        op: 'delete',
        before,
        after: null,
        changed: [],
        lists: [],
      }))
      if (changes.length > 0) yield* wait(tx.apply(changes, []))
      return changes.length
    })
  }

  async #select(where: Predicate, limit: number | null): Promise<JobRecord[]> {
    const { resource } = this
    const rows = await this.#store.read(function* (snapshot) {
      return yield* wait(snapshot.select(resource, { where, sort: [], limit, offset: 0, cursor: null }))
    })
    return rows.map(row => this.#jobOf(row))
  }

  #jobOf(row: Row): JobRecord {
    const job: Record<string, Value> = {}
    for (const [name, slot] of this.#slots) job[name] = row[slot]!
    return job as unknown as JobRecord
  }

  #rowOf(job: JobRecord): Row {
    const row: Row = Array.from<Value>({ length: FIRST + this.resource.columns.length - 1 }).fill(null)
    row[SEQ] = 0
    row[AT] = 0
    for (const [name, slot] of this.#slots)
      row[slot] = (job as unknown as Readonly<Record<string, Value>>)[name] ?? null
    return row
  }
}
