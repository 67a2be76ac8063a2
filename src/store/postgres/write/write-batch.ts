import type { Id } from '../../../model/model.ts'
import type { BoundValue, PostgresConnection } from '../connection.ts'
import type { Execution } from './row-statements.ts'

/** Statements that are sent later, neighbours that do the same to other rows as one. */
export class WriteBatch {
  readonly #connection: PostgresConnection
  #alike: Execution[] = []
  readonly #rows = new Set<Id | null>()
  readonly #waiting: Execution[][] = []

  constructor(connection: PostgresConnection) {
    this.#connection = connection
  }

  add(executions: readonly Execution[]): void {
    for (const one of executions) {
      const isAlike = this.#alike[0]?.statement === one.statement && one.forSeveral !== null && !this.#rows.has(one.row)
      if (!isAlike) {
        this.#waiting.push((this.#alike = []))
        this.#rows.clear()
      }
      this.#alike.push(one)
      this.#rows.add(one.row)
    }
  }

  /** Sends them. What fails, fails the transaction. */
  send(): Promise<unknown>[] {
    this.#alike = []
    return this.#waiting.splice(0).map(alike => {
      const [first] = alike as [Execution]
      if (alike.length === 1) return this.#connection.all(first.statement, ...first.values)
      const columns = first.values.map((_, i) => alike.map(one => one.values[i]) as BoundValue)
      return this.#connection.all(first.forSeveral!(), ...columns)
    })
  }
}
