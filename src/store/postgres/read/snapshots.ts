import type { Id, Resource } from '../../../model/model.ts'
import type { Ahead, Snapshot } from '../../store.ts'
import { Accounts, Elsewhere } from '../../accounts.ts'
import { ApiError } from '../../../protocol/error.ts'
import { run, type Work } from '../../work.ts'
import type { PostgresConnection } from '../connection.ts'
import { isCanceled, unavailable } from '../failures.ts'
import type { ConnectionPool } from '../pool.ts'
import type { PostgresState } from '../state.ts'
import type { PostgresSettings } from '../options.ts'
import { begun, NotBegun, type BeginSnapshot } from './begin-snapshot.ts'
import { type Foreseen, ForeseenSnapshot, readForeseen, type RowsAhead } from './foreseen.ts'
import { TimeLimit } from './time-limit.ts'
import type { PostgresReader } from './postgres-reader.ts'

interface Asked {
  readonly work: (snapshot: Snapshot) => Work<unknown>
  /** What the work reads, if it may begin again. */
  readonly ahead: Ahead | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface SnapshotsOptions {
  readonly pool: ConnectionPool
  readonly settings: PostgresSettings
  readonly begin: BeginSnapshot
  /** Whose head tells, together with some rows, what work is foreseen to read. null = nothing is foreseen. */
  readonly foreseeing: PostgresState | null
}

/**
 * Reads of consistent states. Those that are asked for in one turn of the event loop share a transaction, and so do those that
 * come while all connections are busy. Each transaction begins after it was asked for, so that it sees all acknowledged writes.
 * A read that is alone does not wait for the end of the turn.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions
  readonly #accounts = new Accounts()
  readonly #limit: TimeLimit
  #asked: Asked[] = []
  #isDue = false
  /** How many turns are not over. */
  #underWay = 0

  constructor(options: SnapshotsOptions) {
    this.#options = options
    this.#limit = new TimeLimit(options.settings.statementTimeout)
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>, ahead?: Ahead): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#asked.push({ work, ahead, resolve: resolve as (value: unknown) => void, reject })
      if (this.#isDue) return
      this.#isDue = true
      if (this.#underWay === 0) queueMicrotask(() => void this.#turn())
      else setImmediate(() => void this.#turn())
    })
  }

  async #turn(): Promise<void> {
    this.#underWay++
    await this.#take()
    this.#underWay--
  }

  async #take(): Promise<void> {
    let asked: Asked[] = []
    const takeAll = (): void => {
      this.#isDue = false
      asked.push(...this.#asked.splice(0))
    }
    try {
      await this.#withConnection(async connection => {
        takeAll()
        const { foreseeing, begin } = this.#options
        const ahead = foreseeing === null ? undefined : aheadOf(asked)
        if (ahead !== undefined) asked = await this.#settleForeseen(connection, asked, foreseeing!, ahead)
        if (asked.length === 0) return
        const reader = await begin(connection, true)
        await this.#ending(connection, Promise.all(asked.map(one => this.#settle(one, reader))))
      })
    } catch (error) {
      takeAll()
      for (const { reject } of asked) reject(failure(error))
    }
  }

  /** Calls a function with a connection, again with another one if it throws `NotBegun`. */
  async #withConnection<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const { pool, settings } = this.#options
    for (let attempt = 0; ; attempt++) {
      const connection = await pool.take()
      try {
        return await work(connection)
      } catch (error) {
        if (!(error instanceof NotBegun)) throw error
        void connection.close()
        // A server that has started again has cut all connections, and not all of them have heard of it.
        if (attempt >= settings.readers) throw error.cause
      } finally {
        pool.give(connection)
      }
    }
  }

  /** Answers work with what it was foreseen to read. Returns the work that asks for more. */
  async #settleForeseen(
    connection: PostgresConnection,
    asked: Asked[],
    state: PostgresState,
    ahead: RowsAhead | null,
  ): Promise<Asked[]> {
    const foreseen = await this.#foreseen(connection, state, ahead)
    if (!foreseen?.head.isCurrent) return asked
    await begun(state.follow(connection, foreseen.head))
    const left: Asked[] = []
    for (const one of asked) {
      const snapshot = new ForeseenSnapshot(state, foreseen)
      try {
        const value = run(one.work(snapshot))
        if (value instanceof Promise) void this.#settleLater(one, value, snapshot)
        else if (snapshot.asksForMore) left.push(one)
        else one.resolve(value)
      } catch (error) {
        if (snapshot.asksForMore) left.push(one)
        else one.reject(failure(error))
      }
    }
    return left
  }

  /** The same for work that also waits for other things. */
  async #settleLater(
    { work, resolve, reject }: Asked,
    value: Promise<unknown>,
    snapshot: ForeseenSnapshot,
  ): Promise<void> {
    const result = await Promise.allSettled([value])
    if (snapshot.asksForMore) this.read(work).then(resolve, reject)
    else if (result[0].status === 'fulfilled') resolve(result[0].value)
    else reject(failure(result[0].reason))
  }

  /**
   * What was foreseen; null if the statement fails. Closes the connection if it takes too long: the server watches the time of
   * transactions only.
   */
  async #foreseen(
    connection: PostgresConnection,
    state: PostgresState,
    ahead: RowsAhead | null,
  ): Promise<Foreseen | null> {
    this.#limit.begin(connection)
    try {
      const foreseen = await readForeseen(connection, state, ahead)
      this.#limit.end(connection)
      return foreseen
    } catch (error) {
      if (!this.#limit.end(connection)) throw unavailable('the database did not answer', error)
      if (connection.isLost) throw new NotBegun('', { cause: error })
      // Another version may have changed the table. In a transaction, the head tells so before anything else is asked.
      return null
    }
  }

  /** Ends the transaction of a connection after work in it. */
  async #ending<T>(connection: PostgresConnection, work: Promise<T>): Promise<T> {
    try {
      return await work
    } finally {
      if (!connection.isLost) void connection.exec('commit')
    }
  }

  async #settle({ work, resolve, reject }: Asked, reader: PostgresReader): Promise<void> {
    try {
      resolve(await run(work(reader)))
    } catch (error) {
      if (error instanceof Elsewhere) this.#beside(error.account, work).then(resolve, reject)
      else reject(failure(error))
    }
  }

  /** Reads on a connection that nobody else uses, one at a time of each account. */
  async #beside<T>(account: string, work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    await this.#accounts.enter(account)
    try {
      return await this.#withConnection(async connection => {
        const reader = await this.#options.begin(connection, false)
        return this.#ending(connection, Promise.resolve(run(work(reader))))
      })
    } catch (error) {
      throw failure(error)
    } finally {
      this.#accounts.leave(account)
    }
  }
}

/** What all of the work reads, if one statement can tell it; undefined if not. */
function aheadOf(asked: readonly Asked[]): RowsAhead | null | undefined {
  const ids = new Set<Id>()
  let of: Resource | null = null
  for (const { ahead } of asked) {
    if (ahead === undefined) return undefined
    if (ahead.row === null) continue
    const [resource, id] = ahead.row
    if (of !== null && of !== resource) return undefined
    // Only we know the keys of our own tables well enough: others may have several columns.
    if (resource.options.foreign !== null) return undefined
    of = resource
    ids.add(id)
  }
  return of === null ? null : { resource: of, ids }
}

/** The error for callers. What is not from the database is theirs. */
function failure(error: unknown): unknown {
  if (isCanceled(error))
    return new ApiError('too_complex', { detail: 'the query takes too long; ask for less', cause: error })
  return isOfDatabase(error) ? unavailable('the database did not answer', error) : error
}

/** Whether an error comes from the server, or from the connection to it. */
function isOfDatabase(error: unknown): boolean {
  return (
    error instanceof Error &&
    !(error instanceof ApiError) &&
    ('severity' in error || /^(Connection terminated|Client was closed)/.test(error.message))
  )
}
