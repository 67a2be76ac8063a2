import type { Snapshot } from '../../store.ts'
import { Accounts, Elsewhere } from '../../accounts.ts'
import { ApiError } from '../../../protocol/error.ts'
import { run, type Work } from '../../work.ts'
import type { PostgresConnection } from '../connection.ts'
import { isCanceled, unavailable } from '../failures.ts'
import type { ConnectionPool } from '../pool.ts'
import { BOOT } from '../schema/functions.ts'
import type { Head, PostgresState } from '../state.ts'
import { PostgresReader } from './postgres-reader.ts'

interface Asked {
  readonly work: (snapshot: Snapshot) => Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

const HEAD = `select pos, epoch, boot = ${BOOT} from _restuary_head where k = 1`

export interface SnapshotsOptions {
  readonly pool: ConnectionPool
  readonly state: PostgresState
  /** Begins a term, after the server has started again. */
  readonly beginTerm: () => Promise<void>
}

/**
 * Reads of consistent states. Those that are asked for in one turn of the event loop share a transaction, and so do those that
 * come while all connections are busy. Each transaction begins after it was asked for, so that it sees all acknowledged writes.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions
  readonly #accounts = new Accounts()
  #asked: Asked[] = []
  #isDue = false

  constructor(options: SnapshotsOptions) {
    this.#options = options
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#asked.push({ work, resolve: resolve as (value: unknown) => void, reject })
      if (this.#isDue) return
      this.#isDue = true
      setImmediate(() => void this.#turn())
    })
  }

  async #turn(): Promise<void> {
    const asked: Asked[] = []
    const takeAll = (): void => {
      this.#isDue = false
      asked.push(...this.#asked.splice(0))
    }
    try {
      await this.#inTransaction(true, takeAll, async reader => {
        await Promise.all(asked.map(one => this.#settle(one, reader)))
      })
    } catch (error) {
      takeAll()
      for (const { reject } of asked) reject(failure(error))
    }
  }

  /** Does work in a transaction of its own. `beforehand` is called just before the state is fixed that the work sees. */
  async #inTransaction(
    isShared: boolean,
    beforehand: () => void,
    work: (reader: PostgresReader) => Promise<void>,
  ): Promise<void> {
    const { pool, state } = this.#options
    for (let attempt = 0; ; attempt++) {
      const connection = await pool.take()
      try {
        beforehand()
        const reader = await this.#begin(connection, isShared).catch((error: unknown) => {
          void connection.close()
          // A server that has started again has cut all connections, and not all of them have heard of it.
          if (attempt >= state.settings.readers) throw error
          return null
        })
        if (reader === null) continue
        try {
          await work(reader)
        } finally {
          if (!connection.isLost) void connection.exec('commit')
        }
        return
      } finally {
        pool.give(connection)
      }
    }
  }

  /** Opens a transaction. Throws if the connection is lost. */
  async #begin(connection: PostgresConnection, isShared: boolean): Promise<PostgresReader> {
    const { state, beginTerm } = this.#options
    for (;;) {
      void connection.exec(
        `begin isolation level repeatable read read only; set local statement_timeout = ${state.settings.statementTimeout}`,
      )
      const [row] = await connection.all(state.statements.of(HEAD))
      const head: Head = { position: row![0] as number, epoch: row![1] as string, isCurrent: row![2] === 1 }
      if (head.isCurrent) {
        await state.follow(connection, head)
        return new PostgresReader(connection, state, head.position, isShared)
      }
      await connection.exec('rollback')
      await beginTerm()
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
      let value: T
      await this.#inTransaction(
        false,
        () => {},
        async reader => {
          value = await run(work(reader))
        },
      )
      return value!
    } catch (error) {
      throw failure(error)
    } finally {
      this.#accounts.leave(account)
    }
  }
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
    ('severity' in error || error.message.startsWith('Connection terminated'))
  )
}
