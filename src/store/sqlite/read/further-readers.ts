import type { Snapshot } from '../../store.ts'
import { run, type Maybe, type Work } from '../../work.ts'
import { Connection } from '../connection.ts'
import { Meta } from '../log/meta.ts'
import type { Options } from '../options.ts'
import { Reader } from './snapshot.ts'
import type { State } from '../state.ts'
import { Turn } from './turn-snapshot.ts'

/** Another connection, for reads that the first one cannot serve. */
class Aside {
  readonly #reader: Reader
  readonly #turn: Turn
  readonly #meta: Meta
  readonly #state: State

  constructor(file: string, options: Options, state: State) {
    const connection = new Connection({ ...options, file, readOnly: true })
    // Its position is that of its own snapshot, whatever has been committed since.
    this.#reader = new Reader(connection, state.layouts, {
      get position(): number {
        return turn.position
      },
      changed: resource => Math.min(state.changed(resource), turn.position),
    })
    const turn = (this.#turn = new Turn(connection))
    this.#meta = new Meta(connection)
    this.#state = state
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    // What another process wrote meanwhile may be of another term.
    if (!this.#turn.isOpen && this.#turn.begin() > this.#state.head) this.#state.learn(this.#meta.termsText)
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
export class Beside {
  readonly #make: () => Aside
  #shared: Aside | null = null
  readonly #idle: Aside[] = []
  readonly #busy = new Set<Aside>()

  constructor(file: string, options: Options, state: State) {
    this.#make = () => new Aside(file, options, state)
  }

  /** Reads on the shared connection, until the end of the turn. */
  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    return (this.#shared ??= this.#make()).read(work)
  }

  /** Reads on a connection of its own, until the work is done. The write-ahead log cannot restart before that. */
  async hold<T>(work: (snapshot: Snapshot) => Work<T>): Promise<T> {
    const aside = this.#idle.pop() ?? this.#make()
    this.#busy.add(aside)
    try {
      return await aside.read(work)
    } finally {
      if (this.#busy.delete(aside)) {
        aside.endTurn()
        this.#idle.push(aside)
      }
    }
  }

  endTurn(): void {
    this.#shared?.endTurn()
  }

  close(): void {
    for (const aside of [...this.#idle, ...this.#busy]) aside.close()
    this.#busy.clear()
    this.#shared?.close()
  }
}
