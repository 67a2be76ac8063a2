import type { PostgresConnection } from '../connection.ts'

/**
 * Closes connections that do not answer in time. One timer watches all of them: one of its own for each statement would cost a
 * tenth of what reading a row costs.
 */
export class TimeLimit {
  readonly #milliseconds: number
  /** When what a connection waits for has to be over, in the order of their beginning. */
  readonly #due = new Map<PostgresConnection, number>()
  #timer: NodeJS.Timeout | null = null

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
  }

  begin(connection: PostgresConnection): void {
    this.#due.set(connection, performance.now() + this.#milliseconds)
    if (this.#timer === null) this.#set(this.#milliseconds)
  }

  /** Returns whether it was in time. */
  end(connection: PostgresConnection): boolean {
    return this.#due.delete(connection)
  }

  #set(milliseconds: number): void {
    // The timer outlives what it watches, and what it watches keeps the process alive itself.
    this.#timer = setTimeout(this.#check, Math.ceil(milliseconds)).unref()
  }

  readonly #check = (): void => {
    this.#timer = null
    const now = performance.now()
    for (const [connection, due] of this.#due) {
      if (due > now) {
        this.#set(due - now)
        return
      }
      this.#due.delete(connection)
      void connection.close()
    }
  }
}
