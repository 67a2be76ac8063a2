import { ID, type Id, type Join, type Model, type Resource, type Row } from '../../model/model.ts'
import type { Bus } from '../bus/bus.ts'
import { News } from '../bus/news.ts'
import { CommitListeners } from '../log/commit-listeners.ts'
import { keyFrom } from '../shared/secrets.ts'
import type { SharedState } from '../shared/shared-state.ts'
import { completeCommits } from '../log/complete-commits.ts'
import type { Ahead, Commit, Recorded, Snapshot, Store, StoreEnvironment, Transaction } from '../store.ts'
import { Terms } from '../terms.ts'
import type { Maybe, Work } from '../work.ts'
import type { PostgresAddress, PostgresConnection } from './connection.ts'
import { codeOf, unavailable } from './failures.ts'
import { NotifyBus } from './notify-bus.ts'
import { PostgresMigrations } from './migrate/migrations.ts'
import { openPostgres, type OpenedPostgres } from './open.ts'
import { postgresSettings, type PostgresOptions, type PostgresSettings } from './options.ts'
import { HAS_CAPTURED } from './write/captured.ts'
import { PostgresReader } from './read/postgres-reader.ts'
import { ReadOnlyPostgres } from './read/read-only.ts'
import { bulkLoadPairs, bulkLoadRows } from './write/bulk-load.ts'

/**
 * A store in a PostgreSQL database (13 or later, encoded in UTF8), which several processes may share. It needs the package
 * `pg`. `url` is a connection string as psql takes it. Throws Error for options without a meaning.
 *
 * @example
 * const app = api({ todo }, { store: postgres('postgres://me@localhost/todo') })
 */
export function postgres(url: string, options: PostgresOptions = {}): Store {
  const settings = postgresSettings(options)
  return settings.readOnly ? new ReadOnlyPostgres(url, settings) : new PostgresStore(url, settings)
}

/** Milliseconds between two looks for what triggers have captured. */
const GATHER = 100

class PostgresStore implements Store {
  readonly name = 'postgres'
  readonly waits = true
  readonly hasNodes = true
  readonly terms = new Terms()
  #address: PostgresAddress
  readonly #settings: PostgresSettings
  readonly #listeners = new CommitListeners()
  #opened: OpenedPostgres | null = null
  #bus: Bus | null = null
  #poll: NodeJS.Timeout | undefined
  #gathering: NodeJS.Timeout | undefined
  #isGathering = false

  constructor(url: string, settings: PostgresSettings) {
    this.#address = { url, schema: settings.schema }
    this.#settings = settings
  }

  async open(model: Model, environment: StoreEnvironment): Promise<void> {
    // Another model: what is prepared belongs to the old one.
    await this.#close()
    const { terms } = this
    const isBeside = [...model.resources.values()].some(({ options }) => options.foreign !== null)
    this.#address = { ...this.#address, isBeside }
    this.#opened = await openPostgres({ address: this.#address, model, environment, settings: this.#settings, terms })
    const { state, secret, isCaptured } = this.#opened
    if (isCaptured) this.#gathering = setInterval(() => void this.#gather(), GATHER).unref()
    state.onNews = () => this.#listeners.tell()
    const { bus = new NotifyBus(this.#address) } = this.#settings
    if (bus === false) return
    const topic = Buffer.from(keyFrom(secret, 'bus')).toString('hex').slice(0, 16)
    const onNews = (position: number): void => {
      state.expect(position)
      this.#listeners.tell()
    }
    const news = new News({ bus, topic, terms, position: () => state.position, onNews })
    state.onOwn = () => news.committed()
    this.#bus = bus
  }

  get #store(): OpenedPostgres {
    if (this.#opened === null) throw unavailable('the store is not open')
    return this.#opened
  }

  get shared(): SharedState {
    return this.#store.shared
  }

  get skew(): number {
    return this.#opened?.skew ?? 0
  }

  secret(): Uint8Array {
    return this.#store.secret
  }

  get impaired(): string | null {
    if (this.#bus === null || this.#bus.isConnected) return null
    return `the bus (${this.#bus.name}) does not answer, so changes by other nodes are seen up to ${this.#settings.poll} ms later`
  }

  async read<T>(work: (snapshot: Snapshot) => Work<T>, ahead?: Ahead): Promise<T> {
    return this.#store.snapshots.read(work, ahead)
  }

  async write<T>(work: (tx: Transaction) => Work<T>): Promise<T> {
    return this.#store.lane.write(work)
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#store.lane.transaction(work)
  }

  onCommit(listener: () => void): () => void {
    const remove = this.#listeners.add(listener)
    this.#poll ??= setInterval(() => this.#look(), this.#settings.poll).unref()
    return () => {
      remove()
      if (this.#listeners.size > 0) return
      clearInterval(this.#poll)
      this.#poll = undefined
    }
  }

  /** Records what other programs have written. If the database is away, the next time will do. */
  async #gather(): Promise<void> {
    const { state, lane } = this.#store
    if (this.#isGathering) return
    this.#isGathering = true
    try {
      const [row] = await this.#withLog(connection => connection.all(state.statements.of(HAS_CAPTURED)))
      if (row![0] === 1) await lane.collect()
    } catch {
    } finally {
      this.#isGathering = false
    }
  }

  /** Looks for commits of other nodes. Each read does. */
  #look(): void {
    void this.#opened?.snapshots.read(nothing, { row: null }).catch(() => {})
  }

  commits(after: number, limit: number): Maybe<Commit[] | null> {
    const { state } = this.#store
    if (after >= state.position) return after === state.position ? [] : null
    const recent = state.recent.after(after, limit)
    if (recent !== undefined) return whole(recent)
    return this.#withLog(async one => {
      const commits = await state.log.after(one, after, limit, state.position)
      const rows = await rowsOfIncomplete(new PostgresReader(one, state, state.position, false), commits)
      return completeCommits(commits, (resource, id) => rows.get(resource)?.get(id))
    })
  }

  async oldestPosition(): Promise<number> {
    return this.#withLog(connection => this.#store.state.log.reach(connection))
  }

  async history(resource: Resource, id: Id, before: number, limit: number): Promise<Recorded[]> {
    const { state } = this.#store
    return this.#withLog(async connection => {
      const row = await new PostgresReader(connection, state, state.position, false).get(resource, id)
      return state.log.history(connection, { resource, id, row }, before, limit)
    })
  }

  /** Reads the log, also for work that reads something else meanwhile. */
  async #withLog<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const { logReaders } = this.#store
    const connection = await logReaders.take()
    try {
      return await work(connection)
    } catch (error) {
      throw codeOf(error) === '' && !connection.isLost ? error : unavailable('the database did not answer', error)
    } finally {
      logReaders.give(connection)
    }
  }

  async load(resource: Resource, rows: Iterable<Row>): Promise<number> {
    return bulkLoadRows(this.#store, resource, rows)
  }

  async loadPairs(join: Join, pairs: Iterable<readonly [Id, Id]>): Promise<number> {
    return bulkLoadPairs(this.#store, join, pairs)
  }

  migrations(): Promise<PostgresMigrations> {
    const open = ({ url, schema }: PostgresAddress, isCopy: boolean): Store => {
      const settings = { ...this.#settings, ...(schema !== undefined && { schema }) }
      // Nobody follows a copy, and nothing of it is told to those who follow the database.
      return new PostgresStore(url, isCopy ? { ...settings, bus: false } : settings)
    }
    return PostgresMigrations.open(this.#address, { open })
  }

  async close(): Promise<void> {
    clearInterval(this.#poll)
    this.#poll = undefined
    await this.#close()
  }

  async #close(): Promise<void> {
    clearInterval(this.#gathering)
    const opened = this.#opened
    this.#opened = null
    const bus = this.#bus
    this.#bus = null
    if (opened === null) return
    await opened.lane.close()
    const { readers, logReaders, writers, shared } = opened
    await Promise.all([...[readers, logReaders, writers, shared].map(one => one.close()), bus?.close()])
  }
}

function* nothing(): Work<void> {}

/** The rows, as they are now, of changes that were recorded without all their fields. */
async function rowsOfIncomplete(
  reader: PostgresReader,
  commits: readonly Commit[] | null,
): Promise<ReadonlyMap<Resource, ReadonlyMap<Id, Row>>> {
  const ids = new Map<Resource, Set<Id>>()
  for (const { changes } of commits ?? [])
    for (const { resource, id, missing } of changes)
      if (missing !== undefined) ids.set(resource, (ids.get(resource) ?? new Set()).add(id))
  const rows = Array.from(ids, async ([resource, some]): Promise<readonly [Resource, ReadonlyMap<Id, Row>]> => {
    const found = await reader.many(resource, [...some])
    return [resource, new Map(found.map(row => [row[ID] as Id, row]))]
  })
  return new Map(await Promise.all(rows))
}

/** Commits that can be told. Another version of the application may have recorded rows without fields that it does not know. */
const whole = (commits: Commit[] | null): Commit[] | null => completeCommits(commits, () => undefined)
