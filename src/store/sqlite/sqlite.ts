import type { Id, Join, Model, Resource, Row } from '../../model/model.ts'
import { ApiError } from '../../protocol/error.ts'
import { CommitListeners } from '../log/commit-listeners.ts'
import { settle, type QueuedWrite } from '../queued-write.ts'
import type { SharedState } from '../shared/shared-state.ts'
import type { Commit, StoreEnvironment, Recorded, Snapshot, Store, Transaction } from '../store.ts'
import { Terms } from '../terms.ts'
import { goOn, hasRead, noWork, type Maybe, type Work } from '../work.ts'
import { backUp, backUpMemory } from './backup.ts'
import { commitsAfter } from './log/commits-after.ts'
import { FurtherReaders } from './read/further-readers.ts'
import { SqliteMigrations } from './migrate/migrations.ts'
import { isBusy } from './write/conflict.ts'
import { Interactive } from './write/interactive-transaction.ts'
import { loadPairs, loadRows } from './write/load.ts'
import { openFile, openModel, type Opened } from './open.ts'
import { withDefaults, type SqliteSettings, type SqliteOptions } from './options.ts'
import { followOthers } from './read/turn-snapshot.ts'
import { readOnlyStore } from './read/read-only.ts'
import { stateBeside } from './state-beside-file.ts'
import { GROUP, runUnits } from './write/group-commit.ts'

const WATCH = 100 // milliseconds between two looks for writes of other processes

interface Waiting {
  readonly start: () => void
  readonly reject: (error: unknown) => void
}

/** A store in a SQLite file, or in memory (`:memory:`). Several processes may share the file.
 * @example const app = api({ todo }, { store: sqlite('todo.db') })
 */
export function sqlite(file: string, options: SqliteOptions = {}): Store {
  const all = withDefaults(options)
  return all.readOnly ? readOnlyStore(file, all) : new SqliteStore(file, all)
}

/**
 * One connection reads and writes. All reads of a turn of the event loop share a transaction. Writes that arrive during the turn share a
 * commit at its end (group commit): COMMIT of the reads, BEGIN IMMEDIATE, the units, COMMIT, answers, listeners.
 */
class SqliteStore implements Store {
  readonly name = 'sqlite'
  readonly terms = new Terms()
  readonly shared: SharedState
  readonly migrations = (): SqliteMigrations =>
    new SqliteMigrations(this.#file, { open: file => sqlite(file, this.#options) })
  readonly file: string | undefined
  readonly #file: string
  readonly #options: SqliteSettings
  readonly #listeners = new CommitListeners()
  #opened: Opened | null = null
  #queue: QueuedWrite[] = []
  #waiting: Waiting[] = []
  #interactive: Interactive | null = null
  #furtherReaders: FurtherReaders | null = null
  readonly #afterwards: (() => void)[] = []
  #due = false
  #backingOff = false
  #busySince = 0
  #served = false
  #watch: NodeJS.Timeout | undefined

  constructor(file: string, options: SqliteSettings) {
    this.file = file === ':memory:' ? undefined : file
    this.#file = file
    this.#options = options
    this.shared = stateBeside(this.file, () => this.#store.state.clock())
  }

  secret(): Uint8Array {
    return this.#store.state.secret
  }

  open(model: Model, environment: StoreEnvironment): void {
    const { connection } = this.#opened?.state ?? {}
    const opening = { file: this.#file, model, environment, options: this.#options, terms: this.terms }
    if (connection === undefined) this.#opened = openFile(opening)
    else {
      this.#idle()
      // Another model: prepared statements and further connections belong to the old one.
      void this.#furtherReaders?.close()
      connection.forget()
      this.#opened = openModel(connection, opening)
    }
    this.#furtherReaders = null
  }

  get #store(): Opened {
    if (this.#opened === null) throw new ApiError('unavailable', { detail: 'the store is not open' })
    return this.#opened
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    if (this.#interactive !== null) return this.#readBeside(work)
    const { turn, reader, state, writer } = this.#store
    if (!turn.isOpen) {
      state.opened(turn.begin())
      if (followOthers(turn, state, writer)) this.#tell()
      this.#schedule()
    }
    const begun = work(reader)
    try {
      const step = begun.next()
      if (step.done || hasRead(step.value)) return goOn(begun, step)
    } catch (error) {
      return this.#reads.goOn(error, work)
    }
    // The work waits for something else. It is given up here and starts again on a connection that can wait.
    begun.return(undefined as T)
    return this.#hold(work)
  }

  #readBeside<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    // A database in memory has only one connection, so its reads wait until the transaction is over.
    if (this.#file === ':memory:') {
      return new Promise<void>(resolve => this.#afterwards.push(resolve)).then(() => this.read(work))
    }
    this.#schedule()
    return this.#reads.read(work)
  }

  #hold<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    if (this.#file !== ':memory:') return this.#reads.hold(work)
    return Promise.reject(new Error('a read of a database in memory cannot wait for something else'))
  }

  get #reads(): FurtherReaders {
    return (this.#furtherReaders ??= new FurtherReaders(this.#file, this.#options, this.#store.state))
  }

  write<T>(work: (tx: Transaction) => Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#opened === null) return reject(new ApiError('unavailable', { detail: 'the store is not open' }))
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject })
      this.#schedule()
    })
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#opened === null) return reject(new ApiError('unavailable', { detail: 'the store is not open' }))
      const start = (): void => {
        const interactive = new Interactive(this.#store.writer, changed => this.#ended(changed))
        this.#interactive = interactive
        interactive.run(work, this.#options.transactionTimeout).then(resolve, reject)
      }
      this.#waiting.push({ start, reject })
      this.#schedule()
    })
  }

  #ended(changed: boolean): void {
    this.#furtherReaders?.endTurn()
    this.#interactive = null
    for (const resume of this.#afterwards.splice(0)) resume()
    if (changed) this.#tell()
    this.#schedule()
  }

  #schedule(): void {
    if (this.#due) return
    this.#due = true
    setImmediate(this.#endOfTurn)
  }

  readonly #endOfTurn = (): void => {
    this.#due = false
    if (this.#opened === null) return
    if (this.#opened.turn.isOpen) this.#opened.turn.end()
    this.#furtherReaders?.endTurn()
    if (this.#interactive !== null || this.#backingOff) return
    try {
      // Alternate, so that neither kind starves the other.
      if (this.#waiting.length > 0 && (this.#served || this.#queue.length === 0)) this.#startTransaction()
      else if (this.#queue.length > 0) this.#runGroup()
    } catch (error) {
      if (!isBusy(error)) throw error
      this.#backOff()
    }
    if (this.#interactive === null && !this.#backingOff && this.#queue.length + this.#waiting.length > 0)
      this.#schedule()
  }

  #startTransaction(): void {
    this.#served = false
    this.#store.writer.begin()
    this.#busySince = 0
    this.#waiting.shift()!.start()
  }

  #runGroup(): void {
    this.#served = true
    const { writer, ids, state } = this.#store
    const units = this.#queue.splice(0, GROUP)
    const head = state.position
    try {
      const results = runUnits(writer, ids, units)
      this.#busySince = 0
      settle(units, results)
    } catch (error) {
      this.#queue = units.concat(this.#queue)
      throw error
    }
    if (state.position !== head || state.isDue) this.#tell()
  }

  /** Another process is writing. Tries again after a few milliseconds, until `busyTimeout` is over. Reads continue meanwhile. */
  #backOff(): void {
    const now = performance.now()
    this.#busySince ||= now
    if (now - this.#busySince > this.#options.busyTimeout) {
      this.#busySince = 0
      const error = new ApiError('unavailable', { detail: 'another process keeps the database locked' })
      for (const { reject } of [...this.#queue.splice(0), ...this.#waiting.splice(0)]) reject(error)
      return
    }
    this.#backingOff = true
    setTimeout(
      () => {
        this.#backingOff = false
        this.#schedule()
      },
      1 + Math.random() * 4,
    )
  }

  onCommit(listener: () => void): () => void {
    const remove = this.#listeners.add(listener)
    this.#watch ??= setInterval(() => this.#look(), WATCH).unref()
    return () => {
      remove()
      if (this.#listeners.size > 0) return
      clearInterval(this.#watch)
      this.#watch = undefined
    }
  }

  #look(): void {
    if (this.#opened === null || this.#interactive !== null) return
    this.#opened.turn.end()
    if (this.#opened.state.look()) this.#tell()
  }

  /** Tells of commits. */
  #tell(): void {
    if (this.#opened?.state.isDue === true) this.write(() => noWork).catch(() => {}) // begins a term, or records
    this.#listeners.tell()
  }

  commits(after: number, limit: number): Commit[] | null {
    return commitsAfter(this.#store, after, limit)
  }

  oldestPosition(): number {
    return this.#store.log.reach()
  }

  history(resource: Resource, id: Id, before: number, limit: number): Recorded[] {
    const { log, reader } = this.#store
    return log.history({ resource, id, row: reader.get(resource, id) }, before, limit)
  }

  load(resource: Resource, rows: Iterable<Row>): number {
    return loadRows(this.#idle(), resource, rows)
  }

  loadPairs(join: Join, pairs: Iterable<readonly [Id, Id]>): number {
    return loadPairs(this.#idle(), join, pairs)
  }

  #idle(): Opened {
    if (this.#interactive !== null) throw new ApiError('unavailable', { detail: 'a transaction is open' })
    this.#store.turn.end()
    this.#tell()
    return this.#store
  }

  backup(file: string): Promise<void> {
    return this.#file === ':memory:' ? backUpMemory(this.#idle().state.connection.db, file) : backUp(this.#file, file)
  }

  close(): Maybe<void> {
    if (this.#opened === null) return undefined
    this.#interactive?.abort()
    this.#opened.turn.end()
    try {
      while (this.#queue.length > 0) this.#runGroup()
    } catch {
      // Another process is writing. The process is ending, so it cannot wait.
    }
    const error = new ApiError('unavailable', { detail: 'the store is closed' })
    for (const { reject } of [...this.#queue.splice(0), ...this.#waiting.splice(0)]) reject(error)
    clearInterval(this.#watch)
    void this.shared.close()
    this.#opened.state.connection.close()
    this.#opened = null
    return this.#furtherReaders?.close()
  }
}
