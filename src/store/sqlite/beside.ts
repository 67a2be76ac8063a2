import type { Snapshot } from '../store.ts'
import { run, type Maybe, type Work } from '../work.ts'
import { Connection } from './connection.ts'
import type { Options } from './options.ts'
import { Reader } from './snapshot.ts'
import type { State } from './state.ts'
import { Turn } from './turn.ts'

/** A second connection that reads what is committed while application code has a transaction open on the first. */
export class Beside {
  readonly #reader: Reader
  readonly #turn: Turn

  constructor(file: string, options: Options, state: State) {
    const connection = new Connection({ ...options, file, readOnly: true })
    this.#reader = new Reader(connection, state.layouts, state)
    this.#turn = new Turn(connection)
  }

  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T> {
    if (!this.#turn.isOpen) this.#turn.begin()
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
