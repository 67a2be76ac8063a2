import type { Frame } from '../../live/event.ts'
import { ApiError } from '../../protocol/error.ts'
import { closeCodes } from '../../protocol/frames.ts'
import type { Dialect } from '../socket/dialect.ts'
import type { SocketHost } from '../socket/host.ts'
import { Session, type CloseReason, type SessionWire } from '../socket/session.ts'
import type { Handshake } from './upgrade.ts'
import type { FrameSocket } from './ws.ts'

/** Milliseconds that a connection which takes nothing has to answer a close. */
const PATIENCE = 1_000

/** Begins a session on a WebSocket that is open. */
export function webSocketSession(
  host: SocketHost,
  socket: FrameSocket,
  handshake: Handshake,
  dialect: (session: Session<string>) => Dialect<string>,
): Session<string> {
  const { identity } = handshake
  const session = new Session<string>({ host, wire: new SocketWire(socket), credentials: handshake, identity, dialect })
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

/** A class, as there are very many of them, and each is asked for every frame. */
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
    // Who takes nothing would not take a close either.
    if (reason === 'slow_consumer') setTimeout(() => this.#socket.terminate(), PATIENCE).unref()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }
}
