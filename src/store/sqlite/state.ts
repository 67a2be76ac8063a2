import type { Model, Resource } from '../../model/model.ts'
import type { Layouts } from '../sql/layout.ts'
import type { Commit, Environment } from '../store.ts'
import type { Connection, Statement } from './connection.ts'
import type { Log } from './log/log.ts'
import type { Meta } from './log/meta.ts'
import { Recent } from './log/recent-commits.ts'
import type { Positions } from './read/snapshot.ts'

/** After this many changes, old records of the log are removed. */
const TRIM_EVERY = 256

export interface StateOptions {
  readonly connection: Connection
  readonly layouts: Layouts
  readonly model: Model
  readonly environment: Environment
  readonly log: Log
  readonly meta: Meta
  readonly epoch: string
}

/** What is known about the file in memory: the committed position, when each resource last changed, and the newest commits. */
export class State implements Positions {
  readonly connection: Connection
  readonly layouts: Layouts
  readonly model: Model
  readonly clock: () => number
  /** Tables of other programs check their foreign keys at once unless that is deferred. We write in any order. */
  readonly deferring: boolean
  readonly recent: Recent
  readonly #random: Environment['random']
  readonly #log: Log
  readonly #meta: Meta
  readonly #version: Statement
  readonly #changed = new Map<Resource, number>()
  #everything: number
  #head: number
  #epoch: string
  #seen: unknown
  #trimmed = 0
  /** The position at which we last looked for commits of others, advanced by our own. */
  #accounted: number
  #idsUnsure = false
  #orphan = false

  constructor({ connection, layouts, model, environment, log, meta, epoch }: StateOptions) {
    this.connection = connection
    this.layouts = layouts
    this.model = model
    this.clock = environment.clock
    this.deferring = [...layouts.values()].some(layout => layout.baseline !== null)
    this.#random = environment.random
    this.#log = log
    this.#meta = meta
    this.#version = connection.prepare('PRAGMA data_version')
    this.#seen = this.#version.get()![0]
    this.#epoch = epoch
    this.#head = this.#everything = this.#accounted = log.head()
    this.recent = new Recent(this.#head)
  }

  /** The seq of the last commit that is known. */
  get head(): number {
    return this.#head
  }

  get position(): number {
    return this.#head
  }

  get epoch(): string {
    return this.#epoch
  }

  changed(resource: Resource): number {
    return Math.max(this.#changed.get(resource) ?? 0, this.#everything)
  }

  committed(commits: readonly Commit[]): void {
    for (const commit of commits) {
      this.recent.push(commit)
      for (const { resource, seq } of commit.changes) this.#changed.set(resource, seq)
      this.#head = this.#accounted = commit.position
    }
  }

  /** Called when a snapshot was opened. If it is ahead of what we know, another process has written. */
  opened(position: number): void {
    if (position === this.#head) return
    this.#head = this.#everything = position
    this.recent.restart(position)
  }

  /** Called when rows were loaded without records. */
  moved(position: number): void {
    this.opened(position)
    this.#accounted = position
  }

  /**
   * Finds out whether another process has committed; true if so. If it left no record in the log, positions have lost their
   * meaning and a new epoch must begin. The query takes 4 µs, so it runs once per group of writes and never per request.
   */
  look(): boolean {
    const version = this.#version.get()![0]
    if (version === this.#seen) return false
    this.#seen = version
    this.#idsUnsure = true
    const head = this.#log.head()
    const epoch = this.#meta.get('epoch')!
    this.#orphan ||= head === this.#accounted && epoch === this.#epoch
    this.#epoch = epoch
    this.#head = this.#accounted = this.#everything = head
    this.recent.restart(head)
    return true
  }

  /** Whether other processes may have handed out ids since the last call. */
  takeUnsure(): boolean {
    const unsure = this.#idsUnsure
    this.#idsUnsure = false
    return unsure
  }

  /** Whether a change without a record was found, so that a new epoch has to begin. */
  get isOrphan(): boolean {
    return this.#orphan
  }

  /** Begins a new epoch, inside a write transaction. */
  renew(): void {
    this.#orphan = false
    this.#epoch = newEpoch(this.#random)
    this.#meta.set('epoch', this.#epoch)
  }

  /** Trims the log from time to time, inside a write transaction. */
  trim(log: Log): void {
    if (this.#head - this.#trimmed < TRIM_EVERY) return
    this.#trimmed = this.#head
    log.trim(this.#head, this.clock())
  }
}

/** A new name for a history of positions: six characters. */
export function newEpoch(random: Environment['random']): string {
  return [...random(6)].map(byte => (byte % 36).toString(36)).join('')
}
