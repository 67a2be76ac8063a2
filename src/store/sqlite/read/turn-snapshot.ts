import type { Connection, Statement } from '../connection.ts'

/**
 * The read transaction of one turn of the event loop. The first read opens it. The end of the turn or a commit of this process
 * ends it, so a later read never misses an acknowledged write.
 */
export class Turn {
  readonly #begin: Statement
  readonly #head: Statement
  readonly #end: Statement
  #open = false
  /** The seq of the newest change in the state that is read. */
  position = 0

  constructor(connection: Connection) {
    this.#begin = connection.prepare('BEGIN')
    this.#head = connection.prepare('SELECT max(seq) FROM _restuary_log')
    this.#end = connection.prepare('COMMIT')
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Fixes the state that is read, and returns its position. */
  begin(): number {
    this.#begin.run()
    this.#open = true
    this.position = (this.#head.get()?.[0] as number | null | undefined) ?? 0
    return this.position
  }

  end(): void {
    if (!this.#open) return
    this.#open = false
    this.#end.run()
  }
}
