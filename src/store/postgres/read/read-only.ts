import type { Model } from '../../../model/model.ts'
import { ApiError } from '../../../protocol/error.ts'
import { CommitListeners } from '../../log/commit-listeners.ts'
import type { SharedState } from '../../shared/shared-state.ts'
import { StateInMemory } from '../../shared/state-in-memory.ts'
import { layoutsOf } from '../../sql/layout.ts'
import type { Ahead, Commit, Recorded, Snapshot, Store, StoreEnvironment } from '../../store.ts'
import { newTerm, Terms } from '../../terms.ts'
import type { Work } from '../../work.ts'
import { PostgresConnection, type PostgresAddress } from '../connection.ts'
import { codeOf, FORBIDDEN, unavailable, UNSUPPORTED } from '../failures.ts'
import type { PostgresSettings } from '../options.ts'
import { ConnectionPool } from '../pool.ts'
import { postgresDialect, TABLE_FACTS } from '../postgres-dialect.ts'
import { foreignFacts } from '../schema/foreign-facts.ts'
import { PASSING, passingFunctions } from '../schema/functions.ts'
import { Statements } from '../statements.ts'
import { beginReading, begun, type BeginSnapshot } from './begin-snapshot.ts'
import { PostgresReader } from './postgres-reader.ts'
import { Snapshots } from './snapshots.ts'

/** Which transactions a state contains. Two states that say the same are the same. */
const STATE = { name: undefined, sql: 'select pg_current_snapshot()::text', slots: null }

/**
 * A store over tables of other programs that are only read: there is no log. A state in which other transactions are over than in
 * the one before has a new position, and nobody can tell what lies between them.
 */
export class ReadOnlyPostgres implements Store {
  readonly name = 'postgres'
  readonly isReadOnly = true
  readonly waits = true
  readonly terms: Terms = new Terms()
  readonly shared: SharedState = new StateInMemory(() => this.#clock())
  readonly #address: PostgresAddress
  readonly #settings: PostgresSettings
  readonly #listeners = new CommitListeners()
  #clock: () => number = Date.now
  #opened: { readonly pool: ConnectionPool; readonly snapshots: Snapshots } | null = null
  #position = 1
  #state: unknown
  /** The position that listeners were told of last. */
  #told = 1
  #poll: NodeJS.Timeout | undefined

  constructor(url: string, settings: PostgresSettings) {
    this.#address = { url, prelude: passingFunctions() }
    this.#settings = settings
  }

  secret(): null {
    return null
  }

  async open(model: Model, environment: StoreEnvironment): Promise<void> {
    await this.#close()
    const own = [...model.resources.values()].find(({ options }) => options.foreign === null)
    if (own !== undefined)
      throw new Error(`postgres(): readOnly is for tables of other programs, and ${own.name} is a table of its own`)
    const connection = await PostgresConnection.open(this.#address).catch((error: unknown) => {
      throw inWords(error)
    })
    const pool = new ConnectionPool(this.#address, this.#settings.readers, connection)
    try {
      const foreign = await foreignFacts(connection, model)
      const baseline = { seq: 1, at: environment.clock() }
      const layouts = layoutsOf(model, {
        dialect: postgresDialect,
        baseline,
        facts: TABLE_FACTS,
        foreign,
        versioned: false,
      })
      const statements = new Statements(this.#settings.prepared, PASSING)
      const begin: BeginSnapshot = async (one, isShared) => {
        void one.exec(beginReading(this.#settings.statementTimeout))
        const [row] = await begun(one.all(STATE))
        this.#learn(row![0])
        const position = this.#position
        return new PostgresReader(one, { layouts, statements, changed: () => position }, position, isShared)
      }
      this.#clock = environment.clock
      this.terms.replace([newTerm(this.terms.list, 0, environment.random)], this.#position)
      this.#opened = { pool, snapshots: new Snapshots({ pool, settings: this.#settings, begin, foreseeing: null }) }
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  #learn(state: unknown): void {
    if (state === this.#state) return
    this.#state = state
    this.#position++
  }

  /** Looks whether something has been committed. Only this tells of it: whoever reads often must not make others begin anew. */
  async #look(): Promise<void> {
    await this.read(nothing)
    if (this.#told === this.#position) return
    this.#told = this.#position
    this.#listeners.tell()
  }

  async read<T>(work: (snapshot: Snapshot) => Work<T>, _ahead?: Ahead): Promise<T> {
    if (this.#opened === null) throw unavailable('the store is not open')
    return this.#opened.snapshots.read(work)
  }

  write(): Promise<never> {
    return Promise.reject(refusal())
  }

  transaction(): Promise<never> {
    return Promise.reject(refusal())
  }

  load(): Promise<never> {
    return Promise.reject(refusal())
  }

  loadPairs(): Promise<never> {
    return Promise.reject(refusal())
  }

  commits(after: number): Commit[] | null {
    return after === this.#position ? [] : null
  }

  oldestPosition(): number {
    return this.#position
  }

  history(): Recorded[] {
    return []
  }

  onCommit(listener: () => void): () => void {
    const remove = this.#listeners.add(listener)
    this.#poll ??= setInterval(() => void this.#look().catch(() => {}), this.#settings.poll).unref()
    return () => {
      remove()
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  #stop(): void {
    clearInterval(this.#poll)
    this.#poll = undefined
  }

  async close(): Promise<void> {
    this.#stop()
    await this.#close()
  }

  async #close(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    await opened?.pool.close()
  }
}

function* nothing(): Work<void> {}

const refusal = (): ApiError => new ApiError('forbidden', { detail: 'the database was opened to be read only' })

/** Why a connection cannot have the functions that it needs. */
function inWords(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined
  if (codeOf(cause) === FORBIDDEN)
    return new Error('the role may not make temporary functions: grant temporary on database … to the role', { cause })
  if (codeOf(cause) === UNSUPPORTED)
    return new Error('the server is a replica, on which no temporary functions can be made: name the primary', {
      cause,
    })
  return error
}
