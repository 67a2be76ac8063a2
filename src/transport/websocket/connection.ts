import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { ApiError } from '../../protocol/error.ts'
import { closeCodes } from '../../protocol/frames.ts'
import type { Dialect } from '../socket/dialect.ts'
import type { SocketHost } from '../socket/host.ts'
import type { CloseReason } from '../socket/close-reason.ts'
import { SocketSession, type SessionWire } from '../socket/session.ts'
import type { WebSocketHandshake } from './upgrade.ts'

export interface SocketOptions {
  /** The most bytes of a message. A longer one closes the connection with 1009. */
  readonly message: number
}

/** Events of a connection for its owner. */
export interface SocketEvents {
  onText(text: string): void
  onBinary(): void
  onPing(): void
  onClose(): void
  /** The network has taken everything that was written. */
  onDrain(): void
}

/** An open WebSocket. Ready frames are written directly, below the library. */
export interface FrameSocket extends SessionWire {
  /** null = the client asked for none. */
  readonly subprotocol: string | null
  readonly isOpen: boolean
  events: SocketEvents
  pong(): void
  /** Cuts the connection off. */
  terminate(): void
  pause(): void
  resume(): void
}

/** Begins a session on an open WebSocket. */
export function webSocketSession(
  host: SocketHost,
  socket: FrameSocket,
  handshake: WebSocketHandshake,
  dialect: (session: SocketSession<string>) => Dialect<string>,
): SocketSession<string> {
  const { identity } = handshake
  const session = new SocketSession<string>({ host, wire: socket, credentials: handshake, identity, dialect })
  socket.events = new SessionEvents(session, socket)
  return session
}

/** Passes events to a session. A class, because closures would take four times the memory in each connection. */
class SessionEvents implements SocketEvents {
  readonly #session: SocketSession<string>
  readonly #socket: FrameSocket

  constructor(session: SocketSession<string>, socket: FrameSocket) {
    this.#session = session
    this.#socket = socket
  }

  onText(text: string): void {
    this.#session.receive(text)
  }

  onBinary(): void {
    this.#session.refuse(new ApiError('bad_request', { detail: 'messages are text' }))
  }

  onPing(): void {
    if (this.#session.admit(null)) this.#socket.pong()
  }

  onClose(): void {
    this.#session.close()
  }

  onDrain(): void {
    this.#session.drained()
  }
}

/** Removes a member of a set once a connection is closed. */
export function removeWhenClosed<T>({ events }: FrameSocket, set: Set<T>, member: T): void {
  const close = events.onClose.bind(events)
  events.onClose = () => {
    set.delete(member)
    close()
  }
}

/** The most fragments of a message. More are an attack (close 1008). */
const FRAGMENTS = 1_024
/** The most pieces in which a message may arrive. */
const PIECES = 16_384
/** Milliseconds between pings. A client that says nothing for three of them is gone. */
const HEARTBEAT = 25_000
/** Milliseconds that the client has to answer a close, and that one has that takes nothing. */
const CLOSING = 3_000
const CLOSING_SLOW = 1_000

/** Completes WebSocket handshakes. */
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

/** Loads the library when the first client needs it: the process then starts 20 ms faster. */
function start({ message }: SocketOptions): WebSocketServer {
  const library = createRequire(import.meta.url)('ws') as typeof import('ws')
  // Compression stays off. It needs memory for each connection, and the library would then queue its own frames.
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
  // The handshake was invalid: answer it as an ordinary HTTP request.
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
  /**
   * The stream below the WebSocket. Without compression, the library writes its own frames to it at once, so the order is kept.
   */
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
    // The library closes the connection with the right code; there is nothing else to do.
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

  close(reason: CloseReason, detail: string = reason): void {
    this.#socket.close(closeCodes[reason], detail)
    // A client that takes nothing would not take the close frame either.
    if (reason === 'slow_consumer') setTimeout(() => this.#socket.terminate(), CLOSING_SLOW).unref()
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

/** The stream below a WebSocket. */
export interface ByteSink {
  /** How many bytes the network has not taken. */
  readonly writableLength: number
  write(bytes: Uint8Array, taken?: () => void): unknown
}

const nothing = Buffer.alloc(0)

/**
 * Writes bytes. If the network does not take them at once, `taken` is called when it has. The network takes nearly everything
 * at once, and with thousands of connections, each callback without news would cost as much as the rest of the write outside
 * the kernel.
 */
export function writeTo(sink: ByteSink, bytes: Uint8Array, taken: () => void): void {
  const waits = sink.writableLength > 0
  sink.write(bytes)
  // An empty write after the bytes: its callback comes when they have been taken.
  if (waits || sink.writableLength > 0) sink.write(nothing, taken)
}

/** An unmasked text frame (RFC 6455 §5.2). It can be written to any number of connections. */
export function textFrame(text: string): Uint8Array {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = 0x81
  if (header === 2) frame[1] = length
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, header, 'utf8')
  return frame
}

/** The texts of consecutive frames. */
export function textsIn(frames: Uint8Array): string[] {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength)
  const texts: string[] = []
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1]!
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      header === 2 ? short : header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    texts.push(bytes.toString('utf8', at + header, at + header + length))
    at += header + length
  }
  return texts
}
