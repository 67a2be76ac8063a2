import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { pathPrefix } from '../../protocol/path-prefix.ts'
import type { Duplex } from 'node:stream'
import type { SocketHost } from '../socket/host.ts'
import type { SocketSession } from '../socket/session.ts'
import type { Packet, SocketIoWords } from './packet.ts'
import type { SocketIoOptions } from './options.ts'
import type { SocketIoServer } from './server.ts'

/** The options, and the dialect of the clients, which is loaded together with the server. */
export interface SocketIoSetup extends SocketIoOptions {
  readonly words: () => Promise<SocketIoWords>
}

/** The Socket.IO face of an Api. */
export class SocketIoFace {
  readonly #host: SocketHost
  readonly #options: SocketIoOptions
  readonly #path: string
  readonly #words: SocketIoSetup['words']
  /** Loaded when the first client comes, because many programs have none. */
  #server: Promise<SocketIoServer> | null = null
  #connections: ReadonlySet<SocketSession<Packet>> = new Set()

  constructor(host: SocketHost, { words, ...options }: SocketIoSetup, prefix = '') {
    this.#words = words
    this.#host = host
    this.#options = options
    this.#path = `${pathPrefix(prefix)}${options.path ?? '/socket.io'}`
  }

  /** Whether a request target belongs to Socket.IO. */
  owns(target: string): boolean {
    const path = target.split('?', 1)[0]!
    return path === this.#path || path === `${this.#path}/`
  }

  /** The current connections. */
  get connections(): ReadonlySet<SocketSession<Packet>> {
    return this.#connections
  }

  /** Takes requests and upgrades for Socket.IO from a server, before its present listeners. */
  attach(server: Server): void {
    const others = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.owns(request.url!)) this.request(request, response)
      else for (const listener of others) listener.call(server, request, response)
    })
    server.on('upgrade', (request, socket, head) => {
      if (this.owns(request.url!)) this.upgrade(request, socket, head)
    })
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    this.#loaded().then(
      server => server.request(request, response),
      error => {
        this.#host.onFault(error)
        response.writeHead(503).end()
      },
    )
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const swallow = (): void => {}
    socket.on('error', swallow)
    this.#loaded().then(
      server => {
        server.upgrade(request, socket, head)
      },
      error => {
        this.#host.onFault(error)
        socket.destroy()
      },
    )
  }

  /** Tells all clients that the server is closing, and disconnects them. */
  async close(): Promise<void> {
    await (await this.#server?.catch(() => null))?.close()
  }

  #loaded(): Promise<SocketIoServer> {
    return (this.#server ??= Promise.all([import('./server.ts'), this.#words()]).then(([{ socketIoServer }, words]) => {
      const server = socketIoServer(this.#host, this.#options, this.#path, words)
      this.#connections = server.connections
      return server
    }))
  }
}
