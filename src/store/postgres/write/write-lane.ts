import { ApiError } from '../../../protocol/error.ts'
import { settle, type QueuedWrite, type WriteResult } from '../../queued-write.ts'
import type { Transaction } from '../../store.ts'
import { TransactionHandle } from '../../transaction-handle.ts'
import { noWork, type Work } from '../../work.ts'
import type { PostgresConnection } from '../connection.ts'
import { isConflict, isTransient, isViolation, unavailable } from '../failures.ts'
import type { ConnectionPool } from '../pool.ts'
import type { PostgresState } from '../state.ts'
import type { IdSequences } from './id-sequences.ts'
import { recordTaken } from './captured.ts'
import { isCommitted } from './in-doubt.ts'
import { Misforeseen, PostgresWriter } from './postgres-writer.ts'
import { CHECK, runSideBySide, runUnit, SpoiledGroup } from './units.ts'
import { violationOf } from './violation.ts'
import type { WriteHeadOptions } from './write-head.ts'

/** The most units of work in one commit. */
const GROUP = 256
/** After another node was faster, so many groups take turns with those of other nodes. */
const CONTENDED = 64
/** How often a group tries without the lock of the head. Then it takes it, so that it cannot fail again. */
const TRIES = 4
/** Milliseconds that a group may do nothing while others wait for the head, or for a row that it has written. */
const IDLE_LOCKED = 300
/** The same while nobody waits. */
const IDLE = 10_000

/** Work of application code that waits for the lane. */
interface WaitingTransaction {
  readonly start: () => Promise<void>
  readonly reject: (error: unknown) => void
}

/**
 * Everything that this node writes, one transaction after the other. Units that arrive while one is under way share the next
 * (group commit).
 */
export class WriteLane {
  /** It has one connection. */
  readonly #pool: ConnectionPool
  readonly #state: PostgresState
  readonly #ids: IdSequences
  #queue: QueuedWrite[] = []
  readonly #waiting: WaitingTransaction[] = []
  #running: Promise<void> | null = null
  #hasServed = false
  #isClosed = false
  #contended = 0

  constructor(pool: ConnectionPool, state: PostgresState, ids: IdSequences) {
    this.#pool = pool
    this.#state = state
    this.#ids = ids
  }

  write<T>(work: (tx: Transaction) => Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#isClosed) return reject(unavailable('the store is closed'))
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject })
      this.#schedule()
    })
  }

  transaction<T>(work: (tx: Transaction, connection: PostgresConnection) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#isClosed) return reject(unavailable('the store is closed'))
      this.#waiting.push({ start: () => this.#interact(work).then(resolve, reject), reject })
      this.#schedule()
    })
  }

  /** Records what triggers have captured of what other programs write. */
  collect(): Promise<void> {
    return this.transaction((tx, connection) => recordTaken(connection, this.#state, tx))
  }

  /** Begins a term, if none has begun since the server started. An empty unit is enough for that. */
  beginTerm(): Promise<void> {
    return this.write(() => noWork)
  }

  #schedule(): void {
    this.#running ??= new Promise<void>(resolve => void setImmediate(resolve)).then(() => this.#run())
  }

  async #run(): Promise<void> {
    while (this.#queue.length + this.#waiting.length > 0) {
      // Alternate, so that neither kind starves the other.
      const isTransaction = this.#waiting.length > 0 && (this.#hasServed || this.#queue.length === 0)
      this.#hasServed = !isTransaction
      if (isTransaction) await this.#waiting.shift()!.start()
      else await this.#serve(this.#queue.splice(0, GROUP))
    }
    this.#running = null
  }

  async #serve(units: readonly QueuedWrite[]): Promise<void> {
    const results = await this.#runGroup(units)
    settle(
      units,
      results.map(result => ('error' in result ? { error: this.#named(result.error) } : result)),
    )
  }

  /** Runs units in one transaction, again from the start if it has to be. */
  async #runGroup(units: readonly QueuedWrite[]): Promise<readonly WriteResult[]> {
    const failed = (error: unknown): readonly WriteResult[] => units.map(() => ({ error }))
    let results: readonly WriteResult[] = []
    let isSafe = false
    const deadline = performance.now() + this.#state.settings.busyTimeout
    for (let attempt = 0; ; attempt++) {
      const head = this.#ordering(attempt, isSafe)
      try {
        await this.#inTransaction(head, async (writer, connection) => {
          if (!isSafe) return void (results = await runSideBySide(connection, writer, units))
          const ended: WriteResult[] = []
          await writer.settled()
          for (const unit of units) ended.push(await runUnit(connection, writer, unit))
          results = ended
        })
        this.#contended = Math.max(0, this.#contended - 1)
        return results
      } catch (error) {
        if (error instanceof OutcomeUnknown) return failed(error.cause)
        if (!isSafe && (error instanceof SpoiledGroup || isViolation(error))) {
          isSafe = true
          continue
        }
        if (error instanceof Misforeseen || (head.ordering === 'foresee' && isConflict(error))) {
          this.#state.askAgain()
          continue
        }
        const isOurs = !isTransient(error) && !isOutage(error)
        if (isOurs || performance.now() > deadline) return failed(error)
        // Whoever is too slow to hold the lock goes on without it.
        if (isTransient(error) || isOutage(error)) this.#contended = isConflict(error) ? CONTENDED : 0
        await pause(1 + Math.random() * (isOutage(error) ? 100 : 4))
      }
    }
  }

  #ordering(attempt: number, isSafe: boolean): WriteHeadOptions {
    if (this.#contended > 0) {
      const ordering = isSafe ? 'lock' : attempt < TRIES ? 'turn' : 'late'
      return { ordering, idleTimeout: IDLE_LOCKED }
    }
    const isForeseen = attempt === 0 && this.#state.expectedNonce !== undefined
    return { ordering: isForeseen ? 'foresee' : 'guess', idleTimeout: isSafe ? IDLE_LOCKED : IDLE }
  }

  /** A transaction of application code that waits for other things. It has the lane to itself until it ends or its time is over. */
  async #interact<T>(work: (tx: Transaction, connection: PostgresConnection) => Promise<T>): Promise<T> {
    const { transactionTimeout } = this.#state.settings
    const late = Promise.withResolvers<never>()
    let timer: NodeJS.Timeout | undefined
    let value: T
    try {
      await this.#inTransaction(
        { ordering: 'lock', idleTimeout: 2 * transactionTimeout },
        async (writer, connection) => {
          await writer.settled()
          writer.start(true)
          const handle = new TransactionHandle(writer)
          timer = setTimeout(() => {
            late.reject(unavailable(`the transaction took longer than ${transactionTimeout} ms`))
          }, transactionTimeout)
          try {
            value = await Promise.race([work(handle, connection), late.promise])
          } finally {
            handle.end()
            clearTimeout(timer)
          }
          if (writer.unitHasWritten) await connection.exec(CHECK)
        },
      )
      return value!
    } catch (error) {
      throw this.#named(error instanceof OutcomeUnknown ? error.cause : error)
    }
  }

  /** Opens a transaction, does work in it and commits, or rolls back and throws what was thrown. */
  async #inTransaction(
    options: WriteHeadOptions,
    work: (writer: PostgresWriter, connection: PostgresConnection) => Promise<void>,
  ): Promise<void> {
    const connection = await this.#pool.take()
    const writer = new PostgresWriter(connection, this.#state, { ...options, ids: this.#ids })
    try {
      await work(writer, connection)
      await writer.commit()
    } catch (error) {
      // The server may have gone meanwhile.
      if (!connection.isLost) await writer.rollback().catch(() => {})
      if (!connection.isLost) throw error
      if (!writer.isCommitting) throw lost(error)
      await this.#resolve(writer, error)
    } finally {
      this.#pool.give(connection)
    }
  }

  /** Finds out whether a transaction was committed whose connection was lost at its end. Throws if it was not. */
  async #resolve(writer: PostgresWriter, error: unknown): Promise<void> {
    const committed = await isCommitted(this.#pool.another(), this.#state, writer)
    this.#state.askAgain()
    if (committed === false) throw lost(error)
    if (committed === null) {
      const detail = 'the database was lost during the commit'
      throw new OutcomeUnknown('', { cause: new ApiError('outcome_unknown', { detail, cause: error }) })
    }
    writer.finish()
  }

  /** The error for callers. */
  #named(error: unknown): unknown {
    if (error instanceof ApiError) return error
    if (isViolation(error)) return violationOf(error as Error, this.#state.model)
    return isOutage(error) || isTransient(error) || isOfServer(error)
      ? unavailable('the write could not be committed', error)
      : error
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
  }
}

/** Nobody can tell whether a transaction was committed; the cause is the error for callers. */
class OutcomeUnknown extends Error {}

const lost = (cause: unknown): ApiError => unavailable('the connection to the database was lost', cause)

/** The database cannot be reached at the moment. What is refused because another version has changed the tables stays refused. */
const isOutage = (error: unknown): boolean => error instanceof ApiError && error.code === 'unavailable' && error.isFault

const isOfServer = (error: unknown): boolean => error instanceof Error && 'severity' in error

const pause = (ms: number): Promise<void> => new Promise(resolve => void setTimeout(resolve, ms))
