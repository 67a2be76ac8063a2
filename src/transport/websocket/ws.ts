import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { writeTo } from './write-to.ts'

export interface SocketOptions {
  /** Bytes of a message at most; more closes the connection with 1009. */
  readonly message: number
}

/** What a connection's owner wants to hear of. */
export interface SocketEvents {
  onText: (text: string) => void
  onBinary: () => void
  onPing: () => void
  onClose: () => void
  /** Everything that was written has been taken by the network. */
  onDrain: () => void
}

/** An open WebSocket: frames that are ready are written as they are, below the library. */
export interface FrameSocket {
  /** null = none was asked for. */
  readonly subprotocol: string | null
  readonly isOpen: boolean
  /** Bytes that were written and not yet taken. */
  readonly buffered: number
  events: SocketEvents
  /** Writes frames that are ready. */
  write(bytes: Uint8Array): void
  pong(): void
  /** Closes it in order; who does not answer is cut off. */
  close(code: number, reason: string): void
  /** Cuts it off. */
  terminate(): void
  pause(): void
  resume(): void
}

/** Fragments of a message, and pieces in which they come, at most: more is an attack (close 1008). */
const FRAGMENTS = 1_024
const PIECES = 16_384
/** Milliseconds between pings; who says nothing for three of them is gone. */
const HEARTBEAT = 25_000
/** Milliseconds that the other side has to answer a close. */
const CLOSING = 3_000

/** Completes WebSocket handshakes; null for `subprotocol` = the client gets none. */
export class SocketServer {
  readonly #options: SocketOptions
  #server: WebSocketServer | null = null

  constructor(options: SocketOptions) {
    this.#options = options
  }

  accept(request: IncomingMessage, stream: Duplex, head: Buffer, opened: (socket: FrameSocket) => void): void {
    this.#server ??= start(this.#options)
    this.#server.handleUpgrade(request, stream, head, socket => opened(new Wrapped(socket, stream)))
  }
}

/** The library is read when the first client needs it: a start is 20 ms shorter for it. */
function start({ message }: SocketOptions): WebSocketServer {
  const library = createRequire(import.meta.url)('ws') as typeof import('ws')
  // Compression stays off: it costs memory for each connection, and the library would then queue frames of its own.
  const server = new library.WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: message,
    maxFragments: FRAGMENTS,
    maxBufferedChunks: PIECES,
    closeTimeout: CLOSING,
    handleProtocols: protocols => [...protocols][0] ?? false,
  } as ConstructorParameters<typeof WebSocketServer>[0])
  // A handshake that is none: the library has answered it.
  server.on('wsClientError', (_error, socket) => {
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })
  return server
}

const silent: SocketEvents = {
  onText: () => {},
  onBinary: () => {},
  onPing: () => {},
  onClose: () => {},
  onDrain: () => {},
}

class Wrapped implements FrameSocket {
  readonly #socket: WebSocket
  /** What the WebSocket lies on. Without compression the library hands each of its own frames to it at once, so order is kept. */
  readonly #stream: Duplex
  readonly #heartbeat: NodeJS.Timeout
  #silent = 0
  events: SocketEvents = silent

  constructor(socket: WebSocket, stream: Duplex) {
    this.#socket = socket
    this.#stream = stream
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#silent = 0
      if (isBinary) this.events.onBinary()
      else this.events.onText(data.toString())
    })
    socket.on('ping', () => {
      this.#silent = 0
      this.events.onPing()
    })
    socket.on('pong', () => {
      this.#silent = 0
    })
    socket.on('close', () => {
      clearInterval(this.#heartbeat)
      this.events.onClose()
    })
    // What is wrong with a frame closes the connection with its code; there is nothing else to do about it.
    socket.on('error', () => {})
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT)
    this.#heartbeat.unref()
  }

  get subprotocol(): string | null {
    return this.#socket.protocol === '' ? null : this.#socket.protocol
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get buffered(): number {
    return this.#stream.writableLength
  }

  write(bytes: Uint8Array): void {
    if (this.isOpen) writeTo(this.#stream, bytes, this.#taken)
  }

  pong(): void {
    if (this.isOpen) this.#socket.pong()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  #beat(): void {
    if (this.#silent++ >= 2) this.#socket.terminate()
    else if (this.isOpen) this.#socket.ping()
  }

  readonly #taken = (): void => {
    this.events.onDrain()
  }
}
