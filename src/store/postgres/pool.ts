import { unavailable } from './failures.ts'
import { PostgresConnection, type PostgresAddress } from './connection.ts'

/** How often a server is looked for that is expected to come back. */
const ATTEMPTS = 50

/** Connections that are opened when they are needed, up to a number of them. */
export class ConnectionPool {
  readonly #address: PostgresAddress
  readonly #most: number
  readonly #idle: PostgresConnection[] = []
  readonly #all = new Set<PostgresConnection>()
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  /** Connections that are taken, or that somebody opens at this moment. */
  #taken = 0
  #isClosed = false

  /** `first` = a connection that is there already. */
  constructor(address: PostgresAddress, most: number, first: PostgresConnection | null = null) {
    this.#address = address
    this.#most = most
    if (first === null) return
    this.#idle.push(first)
    this.#all.add(first)
  }

  /** Resolves to a connection that nobody else has. Throws ApiError `unavailable`. */
  async take(): Promise<PostgresConnection> {
    while (this.#taken >= this.#most && !this.#isClosed)
      await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    if (this.#isClosed) throw unavailable('the store is closed')
    this.#taken++
    const idle = this.#next()
    if (idle !== undefined) return idle
    try {
      const made = await PostgresConnection.open(this.#address)
      this.#all.add(made)
      return made
    } catch (error) {
      this.#free()
      throw error
    }
  }

  /** A connection that is nobody's, for a question beside all others. Whoever asks for it closes it. Waits for the server. */
  async another(): Promise<PostgresConnection> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await PostgresConnection.open(this.#address)
      } catch (error) {
        if (attempt === ATTEMPTS || this.#isClosed) throw error
        await new Promise(resolve => void setTimeout(resolve, 100))
      }
    }
  }

  #next(): PostgresConnection | undefined {
    for (;;) {
      const one = this.#idle.pop()
      if (one === undefined || !one.isLost) return one
      this.#all.delete(one)
    }
  }

  give(connection: PostgresConnection): void {
    if (connection.isLost) this.#all.delete(connection)
    else this.#idle.push(connection)
    this.#free()
  }

  #free(): void {
    this.#taken--
    this.#waiting.shift()?.resolve()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const { resolve } of this.#waiting.splice(0)) resolve()
    await Promise.all(Array.from(this.#all, connection => connection.close()))
    this.#all.clear()
  }
}
