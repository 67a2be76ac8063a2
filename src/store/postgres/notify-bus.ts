import type { Bus } from '../bus/bus.ts'
import { PostgresConnection, type PostgresAddress } from './connection.ts'

/** Milliseconds until it is tried again to connect. */
const AGAIN = 500

/**
 * A bus of PostgreSQL's own, NOTIFY, over a connection beside those that read and write. While a message is on its way, later ones
 * become one. So there is at most one for each group of commits, and no commit waits for the lock that NOTIFY takes.
 */
export class NotifyBus implements Bus {
  readonly name = 'postgres'
  readonly #address: PostgresAddress
  #connection: PostgresConnection | null = null
  #channel = ''
  #next: string | null = null
  #isSending = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #opening: Promise<void> = Promise.resolve()

  constructor(address: PostgresAddress) {
    this.#address = address
  }

  get isConnected(): boolean {
    return this.#connection !== null
  }

  open(topic: string, onMessage: (text: string) => void): void {
    this.#channel = `restuary_${topic}`
    this.#opening = this.#connect(onMessage, false)
  }

  async #connect(onMessage: (text: string) => void, isAgain: boolean): Promise<void> {
    try {
      const connection = await PostgresConnection.open(this.#address)
      if (this.#isClosed) return await connection.close()
      await connection.listen(this.#channel, onMessage, () => {
        this.#connection = null
        this.#again(onMessage)
      })
      this.#connection = connection
      // What was told meanwhile is lost.
      if (isAgain) onMessage('')
    } catch {
      this.#again(onMessage)
    }
  }

  #again(onMessage: (text: string) => void): void {
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#opening = this.#connect(onMessage, true)
    }, AGAIN).unref()
  }

  publish(text: string): void {
    this.#next = text
    if (!this.#isSending) void this.#send()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    while (this.#next !== null && this.#connection !== null) {
      const text = this.#next
      this.#next = null
      const statement = { name: 'restuary_notify', sql: 'select pg_notify($1, $2)', slots: null }
      await this.#connection.all(statement, this.#channel, text).catch(() => undefined) // others find it in the log
    }
    this.#isSending = false
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#opening
    await this.#connection?.close()
  }
}
