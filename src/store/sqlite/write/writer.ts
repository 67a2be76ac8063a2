import { AT, SEQ, type Resource } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import type { WriteResult } from '../../queued-write.ts'
import type { LinkChange, Published, RowChange, Transaction } from '../../store.ts'
import type { Work } from '../../work.ts'
import { CommitDrafts } from '../../log/commit-drafts.ts'
import { conflictOf, isConstraint, isMachine } from './conflict.ts'
import type { Statement } from '../connection.ts'
import { readBack } from '../../captured/read-back.ts'
import type { IdCounters } from './ids.ts'
import { ExpiringTexts } from '../expiring-texts.ts'
import type { LogTable } from '../log/log.ts'
import { RowWriter } from './rows.ts'
import { SideEffects } from './side-effects.ts'
import { Reader } from '../read/snapshot.ts'
import type { SqliteState } from '../state.ts'

/** A unit failed after it had written something, and there was no savepoint to undo it alone. */
export class Spoiled extends Error {}

/** Writes through the connection, inside the transaction that `begin` opens. */
export class Writer extends Reader implements Transaction {
  readonly #state: SqliteState
  readonly #log: LogTable
  readonly #ids: IdCounters
  readonly #rows: RowWriter
  readonly #effects: SideEffects
  readonly #kept: ExpiringTexts
  readonly #begin: Statement
  readonly #commit: Statement
  readonly #rollback: Statement
  readonly #savepoint: Statement
  readonly #release: Statement
  readonly #undo: Statement
  /** The committed seq when the transaction began. */
  #base = 0
  /** The seq of the newest change, committed or not. */
  #head = 0
  readonly #commits = new CommitDrafts()
  /** About the current unit: its first seq, the time of its changes (-1 = none yet), and whether a savepoint protects it. */
  #tx = 0
  #at = -1
  #safe = false
  /** It has stored a text. That has no position, so the head does not show it. */
  #keeps = false
  #open = false
  /** Not all that other programs have written could be recorded. */
  #isUnrecorded = false

  constructor(state: SqliteState, log: LogTable, ids: IdCounters) {
    super(state.connection, state.layouts, state)
    this.#state = state
    this.#log = log
    this.#ids = ids
    this.#rows = new RowWriter(state.connection, state.layouts)
    this.#effects = new SideEffects(state.connection, state.layouts, (resource, id) => this.get(resource, id))
    this.#kept = new ExpiringTexts(state.connection)
    const { connection } = state
    this.#begin = connection.prepare('BEGIN IMMEDIATE')
    this.#commit = connection.prepare('COMMIT')
    this.#rollback = connection.prepare('ROLLBACK')
    this.#savepoint = connection.prepare('SAVEPOINT unit')
    this.#release = connection.prepare('RELEASE unit')
    this.#undo = connection.prepare('ROLLBACK TO unit')
  }

  override get position(): number {
    return this.#open ? this.#head : this.#state.position
  }

  override changed(resource: Resource): number {
    const own = this.#commits.all.some(commit => commit.changes.some(change => change.resource === resource))
    return own ? this.#head : this.#state.changed(resource)
  }

  /** Takes the write lock. Throws BUSY at once if another process has it. */
  begin(): void {
    this.#begin.run()
    this.#open = true
    this.#kept.hasNew = false
    try {
      this.#state.begin(this.#ids)
      if (this.#state.deferring) this.connection.exec('PRAGMA defer_foreign_keys=ON')
      this.#base = this.#head = this.#state.position
      this.#commits.clear()
      if (this.#state.captured.isInstalled) this.#recordCaptured()
    } catch (error) {
      this.rollback()
      throw error
    }
  }

  /** What other programs have written comes first, as a commit of its own. */
  #recordCaptured(): void {
    this.start(true)
    try {
      if (this.#state.captured.begin(this)) return
    } catch (error) {
      // One of their triggers does not let us keep a version, and nobody should be kept from writing by it.
      if (!isConstraint(error) && !(error instanceof ApiError)) throw error
    }
    this.#isUnrecorded = true
  }

  /** Commits, and tells the store what was written. True if anything was. */
  commit(): boolean {
    if (this.#state.captured.isInstalled) this.#state.captured.end()
    if (this.#head > this.#base) this.#state.trim(this.#log)
    else if (this.#kept.hasNew) this.#state.touch()
    this.#commit.run()
    this.#open = false
    const commits = this.#commits.all
    this.#commits.clear()
    this.#state.committed(commits)
    if (this.#effects.takeUnrecorded() || this.#isUnrecorded) this.#state.unrecorded()
    this.#isUnrecorded = false
    this.connection.ahead?.committed(commits.length)
    return commits.length > 0
  }

  rollback(): void {
    this.#open = false
    this.#commits.clear()
    this.#effects.takeUnrecorded()
    this.#isUnrecorded = false
    this.#ids.forget()
    // After errors such as a full disk, SQLite has already rolled back.
    if (this.connection.db.isTransaction) this.#rollback.run()
  }

  /**
   * Runs one unit to its end. With `safe`, a savepoint protects the other units. Without it, a unit that fails after it has
   * written throws `Spoiled`; the whole transaction must then be rolled back and run again.
   */
  unit(work: (tx: Transaction) => Work<unknown>, safe: boolean): WriteResult {
    this.start(safe)
    const at = this.#head
    if (safe) this.#savepoint.run()
    try {
      const begun = work(this)
      const step = begun.next()
      if (!step.done) {
        // Everybody else would wait with it, and it must not continue later, in the middle of another unit.
        begun.return(undefined)
        throw new Error('a unit waited for something else than the store; transaction() is for that')
      }
      if (safe) this.#release.run()
      return { value: step.value }
    } catch (error) {
      if (!this.connection.db.isTransaction) throw error
      if (safe) {
        this.#undo.run()
        this.#release.run()
        this.#withdraw(at)
        this.#ids.forget()
      } else if (this.#head !== at || this.#keeps) throw new Spoiled('', { cause: error })
      return { error: isMachine(error) ? this.failure(error) : error }
    }
  }

  /** The error for the caller of a transaction that could not be committed. */
  failure(error: unknown): ApiError {
    if (error instanceof ApiError) return error
    return isConstraint(error)
      ? conflictOf(error as Error, this.#state.model)
      : new ApiError('unavailable', { detail: 'the write could not be committed', cause: error })
  }

  /** Begins a unit. Its changes form one commit of the log. */
  start(safe: boolean): void {
    this.#tx = this.#head + 1
    this.#at = -1
    this.#safe = safe
    this.#keeps = false
  }

  nextId(resource: Resource): number {
    return this.#ids.next(resource)
  }

  reserve(resource: Resource, id: number): void {
    this.#ids.reserve(resource, id)
  }

  recall(key: string): string | undefined {
    return this.#kept.get(key, this.#state.clock())
  }

  keep(key: string, text: string, until: number): void {
    if (!this.#open) throw new ApiError('unavailable', { detail: 'the transaction has ended' })
    this.#keeps = true
    this.#kept.put(key, text, until, this.#state.clock())
  }

  apply(changes: readonly RowChange[], links: readonly LinkChange[]): void {
    if (!this.#open) throw new ApiError('unavailable', { detail: 'the transaction has ended' })
    if (this.#at < 0) this.#at = this.#state.clock()
    // A single row without effects on others is one statement, which undoes itself if it fails. What follows can only fail with the whole transaction.
    const [first] = changes
    if (first && changes.length === 1 && links.length === 0 && !this.#safe) {
      const { hasEffects, readsBack } = this.layouts.get(first.resource)!
      if (!hasEffects && !readsBack) return this.#applyOne(first)
    }
    const at = this.#head
    this.connection.exec('SAVEPOINT apply')
    try {
      this.#applyAll(changes, links)
    } catch (error) {
      this.#withdraw(at)
      if (this.connection.db.isTransaction) this.connection.exec('ROLLBACK TO apply; RELEASE apply')
      throw this.#named(error)
    }
    this.connection.exec('RELEASE apply')
  }

  #applyOne(change: RowChange): void {
    const seq = this.#head + 1
    stamp(change, seq, this.#at)
    if (change.op === 'delete') this.#ids.mark(change)
    try {
      this.#rows.write(change)
    } catch (error) {
      throw this.#named(error)
    }
    this.#record(change)
  }

  #applyAll(changes: readonly RowChange[], links: readonly LinkChange[]): void {
    let seq = this.#head
    for (const change of changes) {
      stamp(change, ++seq, this.#at)
      if (change.op === 'delete') this.#ids.mark(change)
    }
    const effects = this.#effects.of(changes, () => this.#rows.writeAll(changes, links))
    for (const change of changes) this.#record(change)
    for (const change of effects) {
      stamp(change, ++this.#head, this.#at)
      if (change.op === 'delete') this.#ids.mark(change)
      this.#rows.note(change)
      this.#append(change, this.#head)
    }
  }

  /** Records a change that was written. Triggers, computed columns and defaults may have made another one of it, or none. */
  #record(asked: RowChange): void {
    const isAnother = this.layouts.get(asked.resource)!.readsBack || asked.filled !== undefined
    const change = isAnother ? readBack(asked, this.get(asked.resource, asked.id)) : asked
    const { op, before, after } = change
    if (op === 'patch' && change.changed.length === 0 && asked.changed.length > 0 && change.lists.length === 0) {
      stamp(change, before![SEQ] as number, before![AT] as number)
      return this.#rows.version(change)
    }
    const seq = ++this.#head
    // A change before this one turned out to be none.
    if (after !== null && after[SEQ] !== seq) {
      stamp(change, seq, this.#at)
      this.#rows.version(change)
    }
    this.#append(change, seq)
  }

  #append(change: RowChange, seq: number): void {
    const bytes = this.#log.append(seq, this.#tx, this.#at, change)
    if (change.op === 'create') this.#ids.used(change.resource, change.id)
    this.#commits.add({ ...change, seq }, { tx: this.#tx, at: this.#at, bytes })
  }

  publish(uri: string, op: Published['op'], body: string | null): number {
    if (!this.#open) throw new ApiError('unavailable', { detail: 'the transaction has ended' })
    if (this.#at < 0) this.#at = this.#state.clock()
    const seq = this.#head + 1
    try {
      this.#log.publish(seq, this.#tx, this.#at, { uri, op, body })
    } catch (error) {
      throw this.#named(error)
    }
    this.#head = seq
    this.#commits.publish({ seq, uri, op, body }, this.#tx, this.#at)
    return seq
  }

  /** Translates errors of the database. */
  #named(error: unknown): unknown {
    if (isConstraint(error)) return conflictOf(error as Error, this.#state.model)
    return isMachine(error) ? new ApiError('unavailable', { cause: error }) : error
  }

  /** Takes back the records after a seq. */
  #withdraw(seq: number): void {
    this.#head = seq
    this.#commits.withdraw(seq)
  }
}

/** Puts a version into the row of a change. */
function stamp({ after }: RowChange, seq: number, at: number): void {
  if (after === null) return
  after[SEQ] = seq
  after[AT] = at
}
