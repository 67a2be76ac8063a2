import { AT, SEQ, type Id, type Resource, type Row } from '../../../model/model.ts'
import { CommitDrafts } from '../../log/commit-drafts.ts'
import type { Change, Commit, LinkChange, Published, RowChange, Transaction } from '../../store.ts'
import type { PostgresConnection } from '../connection.ts'
import { isViolation, unavailable } from '../failures.ts'
import { PostgresReader } from '../read/postgres-reader.ts'
import { readBack } from '../../captured/read-back.ts'
import type { PostgresState } from '../state.ts'
import type { IdSequences } from './id-sequences.ts'
import { newNonce } from './in-doubt.ts'
import { KeptTexts } from './kept-texts.ts'
import type { UnitWrite } from './reads.ts'
import { RowStatements } from './row-statements.ts'
import { WriteBatch } from './write-batch.ts'
import { WriteHead, type WriteHeadOptions } from './write-head.ts'
import { violationOf } from './violation.ts'

/** Milliseconds without a statement after which the server gives a transaction up that has written rows, and keeps others waiting. */
const IDLE_WITH_LOCKS = 500
/** After this many changes, old records of the log are removed. */
const TRIM_EVERY = 256

const ADVANCE = 'select restuary_advance($1, $2, $3, $4, $5, $6, $7)'

/** The head was not where it was taken to be, and nothing was written. */
export class Misforeseen extends Error {}

export interface PostgresWriterOptions extends WriteHeadOptions {
  readonly ids: IdSequences
}

/** One transaction that writes: a group of units, or that of application code. */
export class PostgresWriter extends PostgresReader implements Transaction {
  declare protected readonly state: PostgresState
  readonly #ids: IdSequences
  readonly #idleTimeout: number
  readonly #rows: RowStatements
  /** Where the transaction goes on from, and the seq of its newest change. */
  readonly base: WriteHead
  #head: number
  readonly #commits = new CommitDrafts()
  #isOpen = true
  #isSettled = false
  #isCommitting = false
  /** About the current unit: its first seq, the time of its changes (-1 = none yet), and whether savepoints protect the others. */
  #tx = 0
  #at = -1
  #isSafe = false
  /** It has stored texts or changed links. They have no positions, so the head does not show it. */
  #hasMore = false
  /** The same of any unit. */
  #hasAnyMore = false
  /** What units of this transaction have written, in order. */
  readonly #written: UnitWrite[] = []
  /** The rows that they have written, as they are now; null for those that are gone. */
  readonly #rowsNow = new Map<Resource, Map<Id, Row | null>>()
  readonly #batch: WriteBatch
  readonly #texts: KeptTexts

  /** Opens a transaction. Units may read at once; before anything is written, `settled` has to resolve. */
  constructor(connection: PostgresConnection, state: PostgresState, options: PostgresWriterOptions) {
    super(connection, state, 0, false)
    this.#ids = options.ids
    this.#idleTimeout = options.idleTimeout
    connection.recovered()
    this.base = new WriteHead(connection, state, options)
    this.#head = this.base.position
    this.#rows = new RowStatements(state.statements, state.layouts)
    this.#batch = new WriteBatch(connection)
    this.#texts = new KeptTexts(connection, state)
  }

  override get position(): number {
    return this.#head
  }

  override changed(resource: Resource): number {
    const own = this.#commits.all.some(commit => commit.changes.some(change => change.resource === resource))
    return own ? this.#head : this.state.changed(resource)
  }

  /** What the units of the transaction have written, oldest first. */
  get written(): readonly UnitWrite[] {
    return this.#written
  }

  override async get(resource: Resource, id: Id): Promise<Row | undefined> {
    if (this.#isSafe) return super.get(resource, id)
    let row = this.#rowsNow.get(resource)?.get(id)
    if (row === undefined && this.base.isJudged) row = this.state.kept.get(resource, id)
    return row === undefined ? super.get(resource, id) : (row?.slice() ?? undefined)
  }

  /** What tells this transaction from all others, also where a server that has lost it gave its id to another one. */
  readonly nonce: number = newNonce()

  /** What is committed, or may be. */
  get commits(): readonly Commit[] {
    return this.#commits.all
  }

  /** COMMIT was sent. If the connection is lost now, nobody knows whether it happened. */
  get isCommitting(): boolean {
    return this.#isCommitting
  }

  /** Whether the current unit, or one before it, has written anything. */
  get hasWritten(): boolean {
    return this.#head > this.base.position || this.#hasAnyMore || this.base.terms !== null
  }

  /** Resolves when it is known where the transaction goes on from. */
  async settled(): Promise<void> {
    await this.base.settle()
    // Of all who wait, only the first has written nothing yet.
    if (this.#isSettled) return
    this.#isSettled = true
    this.#head = this.base.position
  }

  /** Begins a unit. Its changes form one commit of the log. */
  start(isSafe: boolean): void {
    this.#tx = this.#head + 1
    this.#at = -1
    this.#isSafe = isSafe
    this.#hasMore = false
  }

  /** Whether the current unit has written anything. */
  get unitHasWritten(): boolean {
    return this.#hasMore || this.#head >= this.#tx
  }

  /** Commits if anything was written. Throws `Misforeseen` if nothing was, and the head is elsewhere. */
  async commit(): Promise<void> {
    this.#isOpen = false
    if (!this.hasWritten) {
      // What was refused may be right in the state that is there.
      if (this.base.isUnsure && !(await this.base.isTrue())) throw new Misforeseen()
      return void (await this.connection.exec('rollback'))
    }
    const { statements, environment, log } = this.state
    const isTrimming = this.#head % TRIM_EVERY < this.#head - this.base.position
    const records = log.recordsOf(this.commits)
    this.#commits.measure(records)
    const changed = new Map(this.commits.flatMap(one => one.changes.map(({ resource, seq }) => [resource.name, seq])))
    this.connection.beforeSending = null
    // In one message, so that the lock of the head waits for nothing of this process. The head comes first, as everywhere.
    const sent = [
      this.connection.all(
        statements.of(ADVANCE),
        this.base.position,
        this.base.nonce,
        this.base.epoch,
        this.#head,
        this.nonce,
        [...changed.keys()],
        [...changed.values()],
      ),
      ...this.#batch.send(),
      ...(records.length > 0 ? [log.append(this.connection, records, this.nonce)] : []),
      ...(isTrimming ? [log.trim(this.connection, this.#head, environment.clock())] : []),
    ]
    const committed = this.connection.exec('commit')
    this.#isCommitting = true
    const failed = (await Promise.allSettled([...sent, committed])).find(one => one.status === 'rejected')
    if (this.connection.failure !== null) throw this.connection.failure.error
    if (failed !== undefined) throw failed.reason
    // A transaction that has failed answers COMMIT with ROLLBACK.
    if ((await committed) !== 'COMMIT') throw new Error('the transaction had failed before its end')
    this.finish()
  }

  /** Called when it is known that the transaction is committed. */
  finish(): void {
    if (this.base.terms !== null) this.state.began(this.base.terms, this.#head)
    this.state.committed(this.#commits.all, this.#head, this.nonce)
  }

  async rollback(): Promise<void> {
    this.#isOpen = false
    this.connection.beforeSending = null
    if (!this.connection.isLost) await this.connection.exec('rollback')
  }

  /** Takes back what the current unit did, after its savepoint was rolled back. */
  undo(head: number): void {
    this.#withdraw(head)
    this.connection.recovered()
  }

  nextId(resource: Resource): Promise<number> {
    return this.#ids.next(this.connection, resource, this.#isSafe)
  }

  reserve(resource: Resource, id: number): void {
    this.#ids.reserve(this.connection, resource, id)
  }

  recall(key: string): Promise<string | undefined> {
    return this.#texts.recall(key)
  }

  async keep(key: string, text: string, until: number): Promise<void> {
    this.#check()
    this.#hasMore = this.#hasAnyMore = true
    this.#written.push({ key })
    const kept = this.#texts.keep(key, text, until)
    if (this.#isSafe) await kept
  }

  async apply(changes: readonly RowChange[], links: readonly LinkChange[]): Promise<void> {
    this.#check()
    if (this.#at < 0) this.#at = this.state.environment.clock()
    if (links.length > 0) this.#hasMore = this.#hasAnyMore = true
    const before = this.#head
    const drafted = changes.map((change): Change => ({ ...change, seq: ++this.#head }))
    for (const change of drafted) {
      if (change.after !== null) {
        change.after[SEQ] = change.seq
        change.after[AT] = this.#at
      }
      if (change.op === 'create' && typeof change.id === 'number') this.reserve(change.resource, change.id)
      this.#commits.add(change, { tx: this.#tx, at: this.#at, bytes: 0 })
    }
    try {
      await this.#write(changes, links)
      for (const one of drafted.filter(({ resource }) => resource.options.foreign !== null))
        Object.assign(one, readBack(one, await super.get(one.resource, one.id)))
    } catch (error) {
      this.#withdraw(before)
      throw isViolation(error) ? violationOf(error as Error, this.state.model) : error
    }
  }

  async #write(changes: readonly RowChange[], links: readonly LinkChange[]): Promise<void> {
    const { connection } = this
    const executions = this.#rows.of(changes, links)
    if (!this.#isSafe) {
      // What fails is found at the commit, and the units run again with savepoints then.
      this.#batch.add(executions)
      connection.beforeSending ??= () => this.#sendEarly()
      this.#note(changes, links)
      return
    }
    void connection.exec('savepoint apply')
    const sent: Promise<unknown>[] = executions.map(({ statement, values }) => connection.all(statement, ...values))
    sent.push(connection.exec('release savepoint apply'))
    const failed = (await Promise.allSettled(sent)).find(one => one.status === 'rejected')
    if (failed === undefined) return
    if (!connection.isLost) {
      await connection.exec('rollback to savepoint apply; release savepoint apply')
      connection.recovered()
    }
    throw failed.reason
  }

  /** Sends what the next statement has to see. From now on others wait for this process. */
  #sendEarly(): void {
    const { connection } = this
    connection.beforeSending = null
    void connection.exec(
      `set local idle_in_transaction_session_timeout = ${Math.min(this.#idleTimeout, IDLE_WITH_LOCKS)}`,
    )
    this.base.lock()
    void this.#batch.send()
    connection.beforeSending = () => this.#batch.send()
  }

  #note(changes: readonly RowChange[], links: readonly LinkChange[]): void {
    this.#written.push(...changes, ...links)
    for (const { resource, id, after } of changes) {
      const rows = this.#rowsNow.get(resource)
      if (rows) rows.set(id, after)
      else this.#rowsNow.set(resource, new Map([[id, after]]))
    }
  }

  async publish(uri: string, op: Published['op'], body: string | null): Promise<number> {
    this.#check()
    if (this.#at < 0) this.#at = this.state.environment.clock()
    const published: Published = { seq: ++this.#head, uri, op, body }
    this.#commits.publish(published, this.#tx, this.#at)
    this.#written.push({ uri })
    return published.seq
  }

  #withdraw(seq: number): void {
    this.#head = seq
    this.#commits.withdraw(seq)
  }

  #check(): void {
    if (!this.#isOpen) throw unavailable('the transaction has ended')
  }
}
