import type { Model, Resource } from '../../model/model.ts'
import { RecentCommits } from '../log/recent-commits.ts'
import type { Layouts } from '../sql/layout.ts'
import type { Commit, StoreEnvironment } from '../store.ts'
import { newTerm, readTerms, withTerm, type Terms } from '../terms.ts'
import type { Connection, Statement } from './connection.ts'
import type { LogTable } from './log/log.ts'
import type { MetaTable } from './log/meta.ts'
import { SHAPE_NUMBER } from './migrate/read-shape.ts'
import type { Positions } from './read/snapshot.ts'
import { CapturedWrites } from './write/captured-writes.ts'
import type { IdCounters } from './write/ids.ts'

/** After this many changes, old records of the log are removed. */
const TRIM_EVERY = 256

export interface StateOptions {
  readonly connection: Connection
  readonly layouts: Layouts
  readonly model: Model
  readonly environment: StoreEnvironment
  readonly log: LogTable
  readonly meta: MetaTable
  readonly terms: Terms
  /** Called when another process has changed the tables. */
  readonly onReshaped: () => void
}

/** What is known about the file in memory: the committed position, when each resource last changed, and the newest commits. */
export class SqliteState implements Positions {
  /** The seq of the last commit that is known. */
  position: number
  readonly connection: Connection
  readonly layouts: Layouts
  readonly model: Model
  readonly clock: () => number
  /** 32 random bytes that were made with the file. */
  readonly secret: Uint8Array
  /** Tables of other programs check their foreign keys at once unless that is deferred. We write in any order. */
  readonly deferring: boolean
  readonly recent: RecentCommits
  readonly captured: CapturedWrites
  readonly #terms: Terms
  #termsText: string | undefined
  readonly #random: StoreEnvironment['random']
  readonly #log: LogTable
  readonly #meta: MetaTable
  readonly #onReshaped: () => void
  #shapeNumber: string | undefined
  #touched: string | undefined
  /** Whether `touch` was called for a commit that may have failed. */
  #isTouching = false
  readonly #version: Statement
  readonly #changed = new Map<Resource, number>()
  #everything: number
  #seen: unknown
  #trimmed = 0
  /** The position at which we last looked for commits of others, advanced by our own. */
  #accounted: number
  #idsUnsure = false
  /** The term that has to begin: after the newest position that is left, or for all positions. */
  #due: 'after what is left' | 'of all' | null = null
  /** The newest position that was sent to clients before an earlier state was put back. */
  #told = 0

  constructor({ connection, layouts, model, environment, log, meta, terms, onReshaped }: StateOptions) {
    this.connection = connection
    this.layouts = layouts
    this.model = model
    this.clock = environment.clock
    this.secret = Buffer.from(meta.get('secret')!, 'hex')
    this.deferring = [...layouts.values()].some(layout => layout.baseline !== null)
    this.#random = environment.random
    this.#log = log
    this.#meta = meta
    this.#onReshaped = onReshaped
    this.#shapeNumber = meta.get(SHAPE_NUMBER)
    this.#touched = meta.touched
    this.#version = connection.prepare('PRAGMA data_version')
    this.#seen = this.#version.get()?.[0]
    this.position = this.#everything = this.#accounted = log.head()
    this.recent = new RecentCommits(this.position)
    this.captured = new CapturedWrites(connection, layouts, model)
    this.#terms = terms
    this.learn(meta.termsText)
  }

  changed(resource: Resource): number {
    return Math.max(this.#changed.get(resource) ?? 0, this.#everything)
  }

  committed(commits: readonly Commit[]): void {
    if (this.#isTouching) this.#touched = this.#meta.touched
    this.#isTouching = false
    for (const commit of commits) {
      this.recent.push(commit)
      for (const { resource, seq } of commit.changes) this.#changed.set(resource, seq)
      this.position = this.#accounted = commit.position
    }
  }

  /** Called after a commit with changes that no record tells: no tag stays valid, and everybody gets the state anew. */
  unrecorded(): void {
    this.#due = 'of all'
    this.#told = Math.max(this.#told, this.position)
    this.#everything = this.position
    this.recent.restart(this.position)
  }

  /** Called when a snapshot was opened. If its position is not the one we know, another process has written. */
  opened(position: number): void {
    if (position === this.position) return
    this.learn(this.#meta.termsText)
    if (position < this.position) this.#told = Math.max(this.#told, this.position)
    this.position = this.#everything = position
    this.recent.restart(position)
  }

  /** Called when rows were loaded without records. */
  moved(position: number): void {
    this.opened(position)
    this.#accounted = position
  }

  /**
   * Finds out whether another process has committed; true if so. If it left no record in the log, or put an earlier state
   * back, a new term must begin. The query takes 4 µs, so it runs once per group of writes and never per request.
   */
  look(): boolean {
    const version = this.#version.get()?.[0]
    if (version === this.#seen) return false
    this.#seen = version
    this.#idsUnsure = true
    const shapeNumber = this.#meta.get(SHAPE_NUMBER)
    if (shapeNumber !== this.#shapeNumber) {
      this.#shapeNumber = shapeNumber
      this.#onReshaped()
    }
    this.captured.isLeft = this.captured.look()
    const isCaptured = this.captured.isLeft && this.captured.isComplete
    const head = this.#log.head()
    const { history } = this.#terms
    // Both are taken over, whatever the other one says.
    const isTouched = this.#isTouched()
    const isNews = this.learn(this.#meta.termsText) || isTouched
    // Another process opened the file and wrote nothing yet, or nothing that is recorded.
    if (isNews && head === this.#accounted && this.#terms.history === history) return true
    if (head < this.#accounted || this.#terms.history !== history) this.#due ??= 'after what is left'
    else if (!isNews && head === this.#accounted && !isCaptured) this.#due = 'of all'
    this.#told = Math.max(this.#told, this.position)
    this.position = this.#accounted = this.#everything = head
    this.recent.restart(head)
    return true
  }

  /** Whether another process has committed something of ours that has no record in the log. */
  #isTouched(): boolean {
    const { touched } = this.#meta
    const isNew = touched !== this.#touched
    this.#touched = touched
    return isNew
  }

  /** Called before a commit that has no record in the log, so that other processes do not take it for one of another program. */
  touch(): void {
    this.#meta.touch()
    this.#isTouching = true
  }

  /** Takes over the list of terms as it is stored in the file. True if it has changed. */
  learn(text: string | undefined): boolean {
    if (text === undefined || text === this.#termsText) return false
    this.#termsText = text
    this.#terms.replace(readTerms(text), this.position)
    return true
  }

  /**
   * Whether a transaction has to begin for what others have done: it begins a new term if they left a change without a record
   * or an earlier state, and records what triggers have captured.
   */
  get isDue(): boolean {
    return this.#due !== null || this.captured.isLeft
  }

  /** Called when a write transaction has begun: takes into account what other processes have done. */
  begin(ids: IdCounters): void {
    this.look()
    // They may have handed out ids.
    if (this.#idsUnsure) ids.forget()
    this.#idsUnsure = false
    if (this.#due !== null) this.#beginTerm()
  }

  #beginTerm(): void {
    const { list } = this.#terms
    // Without a record nobody knows which rows have changed, so no tag of any row may stay valid.
    const former = this.#due === 'of all' ? [] : list
    const from = this.#due === 'of all' ? 0 : this.position
    const terms = withTerm(former, newTerm(list, from, this.#random))
    this.#due = null
    this.#meta.terms = terms
    this.#termsText = this.#meta.termsText
    this.#terms.replace(terms, Math.max(this.#told, this.position))
    this.#told = 0
  }

  /** Trims the log from time to time, inside a write transaction. */
  trim(log: LogTable): void {
    if (this.position - this.#trimmed < TRIM_EVERY) return
    this.#trimmed = this.position
    log.trim(this.position, this.clock())
  }
}
