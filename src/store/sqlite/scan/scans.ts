import { ApiError } from '../../../protocol/error.ts'
import type { Layouts } from '../../sql/layout.ts'
import type { Snapshot } from '../../store.ts'
import { run, type Work } from '../../work.ts'
import { Connection, type ConnectionOptions } from '../connection.ts'
import { Reader, type Positions } from '../read/snapshot.ts'
import { TurnSnapshot, type Heading } from '../read/turn-snapshot.ts'
import { Accounts } from '../../accounts.ts'
import { StatementThread } from './statement-thread.ts'

/** Milliseconds after which a thread that nobody needs ends, and its memory is given back. */
const IDLE = 10_000
/** How often two snapshots are taken until no other process has written in between. */
const ATTEMPTS = 10
/** How often a thread is waited for that does not run in time. */
const LATE = 50

export interface ScansOptions {
  readonly connection: ConnectionOptions
  readonly layouts: Layouts
  readonly heading: Heading
  readonly positionsOf: (turn: TurnSnapshot) => Positions
  /** Called each time that the state is fixed which is read. */
  readonly onBegin?: (position: number, connection: Connection) => void
}

/** A thread, and a connection here for what is small: both read the same state. */
class Scan {
  readonly thread: StatementThread
  readonly #turn: TurnSnapshot
  readonly #reader: Reader
  readonly #onBegin: ScansOptions['onBegin']

  constructor({ connection, heading, layouts, positionsOf, onBegin }: ScansOptions) {
    this.#onBegin = onBegin
    const own = new Connection(connection)
    this.thread = new StatementThread(connection, heading)
    this.#turn = new TurnSnapshot(own, heading)
    this.#reader = new Reader(own, layouts, positionsOf(this.#turn), this.thread)
  }

  async read<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    if (!(await this.thread.isReady)) throw new ApiError('internal', { cause: this.thread.fault })
    await this.#begin()
    try {
      return await run(work(this.#reader))
    } finally {
      this.#end()
    }
  }

  async #begin(): Promise<void> {
    let late = 0
    for (let attempt = 0; attempt < ATTEMPTS;) {
      const position = this.#turn.begin()
      const other = this.thread.begin()
      if (other === position) return this.#onBegin?.(position, this.#reader.connection)
      this.#end()
      if (other !== null) attempt++
      else if (++late === LATE) throw new ApiError('unavailable', { detail: 'the machine is too busy' })
      else await new Promise<void>(resolve => setImmediate(resolve))
    }
    throw new ApiError('unavailable', { detail: 'other processes write all the time' })
  }

  #end(): void {
    this.#turn.end()
    this.thread.end()
  }

  async close(): Promise<void> {
    this.#turn.end()
    this.#reader.connection.close()
    await this.thread.close()
  }
}

/** Read work that visits many rows, beside the event loop. Threads are started when they are needed. */
export class Scans {
  readonly #options: ScansOptions
  readonly #accounts = new Accounts()
  readonly #idle: { readonly scan: Scan; readonly timer: NodeJS.Timeout }[] = []
  readonly #all = new Set<Scan>()

  constructor(options: ScansOptions) {
    this.#options = options
  }

  async read<T>(account: string, work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    await this.#accounts.enter(account)
    try {
      const scan = this.#take()
      try {
        return await scan.read(work)
      } finally {
        this.#release(scan)
      }
    } finally {
      this.#accounts.leave(account)
    }
  }

  #take(): Scan {
    const kept = this.#idle.pop()
    clearTimeout(kept?.timer)
    const scan = kept?.scan ?? new Scan(this.#options)
    this.#all.add(scan)
    return scan
  }

  #release(scan: Scan): void {
    if (!this.#all.has(scan)) return
    if (scan.thread.isLost) return void this.#end(scan)
    const timer = setTimeout(() => {
      this.#idle.splice(
        this.#idle.findIndex(one => one.scan === scan),
        1,
      )
      void this.#end(scan)
    }, IDLE)
    this.#idle.push({ scan, timer: timer.unref() })
  }

  async #end(scan: Scan): Promise<void> {
    this.#all.delete(scan)
    await scan.close()
  }

  async close(): Promise<void> {
    for (const { timer } of this.#idle.splice(0)) clearTimeout(timer)
    await Promise.all(Array.from(this.#all, scan => this.#end(scan)))
  }
}
