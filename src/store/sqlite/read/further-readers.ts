import { Elsewhere } from '../../accounts.ts'
import type { Snapshot } from '../../store.ts'
import { run, type Maybe, type Work } from '../../work.ts'
import { Connection, type ConnectionOptions } from '../connection.ts'
import { MetaTable } from '../log/meta.ts'
import { numberedRows } from '../schema/numbered-rows.ts'
import type { SqliteSettings } from '../options.ts'
import { Scans } from '../scan/scans.ts'
import { Reader, type Positions } from './snapshot.ts'
import type { SqliteState } from '../state.ts'
import { TurnSnapshot } from './turn-snapshot.ts'

/** The position of such a connection is that of its own snapshot, whatever has been committed since. */
const positionsOf = (state: SqliteState, turn: TurnSnapshot): Positions => ({
  get position(): number {
    return turn.position
  },
  changed: resource => Math.min(state.changed(resource), turn.position),
})

/** Another connection, for reads that the first one cannot serve. */
class Aside {
  readonly #reader: Reader
  readonly #turn: TurnSnapshot
  readonly #meta: MetaTable
  readonly #state: SqliteState

  constructor(options: ConnectionOptions, state: SqliteState) {
    const connection = new Connection(options)
    this.#turn = new TurnSnapshot(connection)
    this.#reader = new Reader(connection, state.layouts, positionsOf(state, this.#turn), 'elsewhere')
    this.#meta = new MetaTable(connection)
    this.#state = state
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    // What another process wrote meanwhile may be of another term.
    if (!this.#turn.isOpen && this.#turn.begin() > this.#state.position) this.#state.learn(this.#meta.termsText)
    return run(work(this.#reader))
  }

  endTurn(): void {
    this.#turn.end()
  }

  close(): void {
    this.#turn.end()
    this.#reader.connection.close()
  }
}

/**
 * Further connections for reading. While application code has a transaction open on the first connection, all reads share one
 * of them. A read that waits for something else gets one of its own, so that its snapshot can stay open.
 */
export class FurtherReaders {
  readonly #make: () => Aside
  #shared: Aside | null = null
  readonly #idle: Aside[] = []
  readonly #busy = new Set<Aside>()
  readonly #scans: Scans

  constructor(file: string, options: SqliteSettings, state: SqliteState) {
    const connection: ConnectionOptions = { ...options, file, readOnly: true, views: numberedRows(state.model) }
    this.#make = () => new Aside(connection, state)
    this.#scans = new Scans({
      connection: { ...connection, cache: options.cache / 4 },
      layouts: state.layouts,
      heading: 'log',
      positionsOf: turn => positionsOf(state, turn),
      onBegin: (position, own) => {
        if (position > state.position) state.learn(new MetaTable(own).termsText)
      },
    })
  }

  /** Reads on the shared connection, until the end of the turn. */
  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    try {
      const answer = (this.#shared ??= this.#make()).read(work)
      return answer instanceof Promise ? answer.catch(error => this.goOn(error, work)) : answer
    } catch (error) {
      return this.goOn(error, work)
    }
  }

  /** Begins work again beside the event loop, if that is why it was refused. */
  goOn<T>(error: unknown, work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    if (!(error instanceof Elsewhere)) throw error
    return this.#scans.read(error.account, work)
  }

  /** Reads on a connection of its own, until the work is done. The write-ahead log cannot restart before that. */
  async hold<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    const aside = this.#idle.pop() ?? this.#make()
    this.#busy.add(aside)
    try {
      return await aside.read(work)
    } catch (error) {
      this.#give(aside)
      return await this.goOn(error, work)
    } finally {
      this.#give(aside)
    }
  }

  #give(aside: Aside): void {
    if (!this.#busy.delete(aside)) return
    aside.endTurn()
    this.#idle.push(aside)
  }

  endTurn(): void {
    this.#shared?.endTurn()
  }

  close(): Promise<void> {
    for (const aside of [...this.#idle, ...this.#busy]) aside.close()
    this.#busy.clear()
    this.#shared?.close()
    return this.#scans.close()
  }
}
