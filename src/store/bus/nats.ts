import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node'
import type { Bus } from './bus.ts'

/** Options of the connection, as the package `@nats-io/transport-node` has them: `tls`, `user`, `pass`, `token`, `authenticator` … */
export type NatsOptions = Omit<ConnectionOptions, 'servers'>

/** Milliseconds until it is tried again to connect. */
const AGAIN = 500

/**
 * A bus over NATS (core NATS, without JetStream). It needs the package `@nats-io/transport-node`. `servers` are addresses as the
 * client takes them: `nats://host:4222`, or `tls://host:4222`. Throws Error if there are none.
 *
 * @example
 * const store = postgres(process.env.DATABASE_URL!, { bus: nats('nats://localhost:4222') })
 */
export function nats(servers: string | readonly string[], options: NatsOptions = {}): Bus {
  const all = typeof servers === 'string' ? servers.split(',') : [...servers]
  if (all.length === 0 || all.some(one => one.trim() === '')) throw new Error('nats(): name at least one server')
  return new NatsBus(all, options)
}

class NatsBus implements Bus {
  readonly name = 'nats'
  readonly #options: ConnectionOptions
  #connection: NatsConnection | null = null
  #isConnected = false
  #isClosed = false
  #timer: NodeJS.Timeout | undefined
  #opening: Promise<void> = Promise.resolve()
  #subject = ''

  constructor(servers: string[], options: NatsOptions) {
    this.#options = {
      name: 'restuary',
      maxReconnectAttempts: -1,
      reconnectTimeWait: AGAIN,
      // A server that hangs is noticed after a few seconds, though nothing breaks until then.
      pingInterval: 2_000,
      maxPingOut: 2,
      ...options,
      servers,
      noEcho: true,
    }
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  open(topic: string, onMessage: (text: string) => void): void {
    this.#subject = `restuary.${topic}`
    this.#opening = this.#connect(onMessage)
  }

  async #connect(onMessage: (text: string) => void): Promise<void> {
    const { connect } = await driver()
    try {
      const connection = await connect(this.#options)
      if (this.#isClosed) return await connection.close()
      this.#connection = connection
      this.#isConnected = true
      connection.subscribe(this.#subject, {
        callback: (error, message) => {
          if (!error) onMessage(message.string())
        },
      })
      void this.#watch(connection, onMessage)
    } catch {
      this.#again(onMessage)
    }
  }

  /** Notices that the connection is lost, or there again. The client reconnects by itself, unless the server refuses it. */
  async #watch(connection: NatsConnection, onMessage: (text: string) => void): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'reconnect') {
        this.#isConnected = true
        // What was told meanwhile is lost.
        onMessage('')
      }
      if (type === 'disconnect' || type === 'staleConnection' || type === 'forceReconnect') this.#isConnected = false
    }
    await connection.closed()
    this.#isConnected = false
    this.#connection = null
    this.#again(onMessage)
  }

  #again(onMessage: (text: string) => void): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#opening = this.#connect(onMessage)
    }, AGAIN).unref()
  }

  publish(text: string): void {
    // The client would keep what it cannot send, and send it all at once when it is late by then.
    if (!this.#isConnected) return
    try {
      this.#connection?.publish(this.#subject, text)
    } catch {
      // Others find the commit in the log.
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#opening.catch(() => undefined)
    await this.#connection?.close()
  }
}

async function driver(): Promise<typeof import('@nats-io/transport-node')> {
  try {
    return await import('@nats-io/transport-node')
  } catch (error) {
    throw new Error('nats() needs the package @nats-io/transport-node: npm install @nats-io/transport-node', {
      cause: error,
    })
  }
}
