import type { Model } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import { Elsewhere } from '../../accounts.ts'
import { layoutsOf } from '../../sql/layout.ts'
import type { Commit, StoreEnvironment, Recorded, Snapshot, Store } from '../../store.ts'
import { StateInMemory } from '../../shared/state-in-memory.ts'
import { run, type Maybe, type Work } from '../../work.ts'
import { backUp } from '../backup.ts'
import { Connection, type ConnectionOptions, type Statement } from '../connection.ts'
import type { SqliteSettings } from '../options.ts'
import { sqliteDialect } from '../sqlite-dialect.ts'
import { Scans } from '../scan/scans.ts'
import { numberedRows } from '../schema/numbered-rows.ts'
import { tableFacts } from '../schema/table-facts.ts'
import { Reader, type Positions } from './snapshot.ts'
import { newTerm, Terms } from '../../terms.ts'

/** Milliseconds between two looks for changes by other processes. */
const WATCH = 100

/** A store over a file that is only read. It has a single position, and gets a new term whenever somebody changes the file. */
export function readOnlyStore(file: string, options: SqliteSettings): Store {
  return new ReadOnlyStore(file, options)
}

class ReadOnlyStore implements Store {
  readonly name = 'sqlite'
  readonly isReadOnly = true
  readonly terms = new Terms()
  readonly shared = new StateInMemory(() => this.#open?.environment.clock() ?? 0)
  readonly file: string
  readonly #options: SqliteSettings
  readonly #listeners = new Set<() => void>()
  #open: { readonly reader: Reader; readonly version: Statement; readonly environment: StoreEnvironment } | null = null
  #scans: Scans | null = null
  #seen: unknown
  #reading = false
  #watch: NodeJS.Timeout | undefined

  constructor(file: string, options: SqliteSettings) {
    this.file = file
    this.#options = options
  }

  secret(): null {
    return null
  }

  open(model: Model, environment: StoreEnvironment): void {
    const own: ConnectionOptions = {
      ...this.#options,
      file: this.file,
      readOnly: true,
      views: numberedRows(model),
    }
    const connection = new Connection(own)
    const positions: Positions = { position: 1, changed: () => 1 }
    const layouts = layoutsOf(model, {
      dialect: sqliteDialect,
      baseline: { seq: 1, at: environment.clock() },
      facts: tableFacts(connection),
      versioned: false,
    })
    const version = connection.prepare('PRAGMA data_version')
    this.#open = { reader: new Reader(connection, layouts, positions, 'elsewhere'), version, environment }
    this.#scans = new Scans({ connection: own, layouts, heading: 'none', positionsOf: () => positions })
    this.#seen = version.get()![0]
    this.terms.replace([newTerm(this.terms.list, 0, environment.random)], 1)
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    if (this.#open === null) throw new ApiError('unavailable', { detail: 'the store is not open' })
    if (!this.#reading) {
      this.#look()
      this.#open.reader.connection.exec('BEGIN')
      this.#reading = true
      // All reads of a turn see the same state.
      setImmediate(() => this.#end())
    }
    try {
      const answer = run(work(this.#open.reader))
      return answer instanceof Promise ? answer.catch(error => this.#elsewhere(error, work)) : answer
    } catch (error) {
      return this.#elsewhere(error, work)
    }
  }

  #elsewhere<T>(error: unknown, work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    if (!(error instanceof Elsewhere)) throw error
    return this.#scans!.read(error.account, work)
  }

  #end(): void {
    if (!this.#reading) return
    this.#reading = false
    this.#open?.reader.connection.exec('COMMIT')
  }

  #look(): void {
    if (this.#open === null) return
    const { version, environment } = this.#open
    const now = version.get()![0]
    if (now === this.#seen) return
    this.#seen = now
    this.terms.replace([newTerm(this.terms.list, 0, environment.random)], 1)
    for (const listener of this.#listeners) setImmediate(listener)
  }

  write(): Promise<never> {
    return Promise.reject(refusal())
  }
  transaction(): Promise<never> {
    return Promise.reject(refusal())
  }
  load(): number {
    throw refusal()
  }
  loadPairs(): number {
    throw refusal()
  }

  commits(after: number): Commit[] | null {
    return after === 1 ? [] : null
  }

  oldestPosition(): number {
    return 1
  }

  history(): Recorded[] {
    return []
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener)
    this.#watch ??= setInterval(() => {
      this.#end()
      this.#look()
    }, WATCH).unref()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      clearInterval(this.#watch)
      this.#watch = undefined
    }
  }

  backup(file: string): Promise<void> {
    return backUp(this.file, file)
  }

  close(): Maybe<void> {
    clearInterval(this.#watch)
    this.#end()
    this.#open?.reader.connection.close()
    this.#open = null
    return this.#scans?.close()
  }
}

const refusal = (): ApiError => new ApiError('forbidden', { detail: 'the database was opened to be read only' })
