import type { Frame } from '../../live/event.ts'
import { ApiError } from '../../protocol/error.ts'
import { closeCodes } from '../../protocol/frames.ts'
import type { Dialect } from '../socket/dialect.ts'
import type { SocketHost } from '../socket/host.ts'
import { SocketSession, type CloseReason, type SessionWire } from '../socket/session.ts'
import type { WebSocketHandshake } from './upgrade.ts'
import type { FrameSocket } from './ws.ts'

/** How many milliseconds a connection that takes nothing has to answer a close. */
const PATIENCE = 1_000

/** Begins a session on an open WebSocket. */
export function webSocketSession(
  host: SocketHost,
  socket: FrameSocket,
  handshake: WebSocketHandshake,
  dialect: (session: SocketSession<string>) => Dialect<string>,
): SocketSession<string> {
  const { identity } = handshake
  const session = new SocketSession<string>({
    host,
    wire: new SocketWire(socket),
    credentials: handshake,
    identity,
    dialect,
  })
  socket.events = {
    onText: text => session.receive(text),
    onBinary: () => session.refuse(new ApiError('bad_request', { detail: 'messages are text' })),
    onPing: () => {
      if (session.admit(null)) socket.pong()
    },
    onClose: () => session.close(),
    onDrain: () => session.drained(),
  }
  return session
}

/** A class and not an object literal with closures, because there are very many of them. */
class SocketWire implements SessionWire {
  readonly #socket: FrameSocket

  constructor(socket: FrameSocket) {
    this.#socket = socket
  }

  get buffered(): number {
    return this.#socket.buffered
  }

  write(bytes: Frame): void {
    this.#socket.write(bytes)
  }

  close(reason: CloseReason, detail: string = reason): void {
    this.#socket.close(closeCodes[reason], detail)
    // A client that takes nothing would not take the close frame either.
    if (reason === 'slow_consumer') setTimeout(() => this.#socket.terminate(), PATIENCE).unref()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }
}
