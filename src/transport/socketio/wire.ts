import type { SessionWire } from '../socket/session.ts'
import { textsIn } from '../websocket/connection.ts'
import { writeTo } from '../websocket/connection.ts'
import { bufferedBytes, idleStream, isFramed, queueFrames, type EngineConnection } from './engine-io.ts'

/** The parts of a socket.io socket that are used here. */
interface Closable {
  readonly conn: unknown
  disconnect(close: boolean): unknown
}

/**
 * Writes packets, framed for WebSocket, in the same place where socket.io writes its own, so that all keep their order on every
 * transport: at once if nothing waits, otherwise after what does, and as text on polling. Equal subscribers get the same bytes.
 */
export function wireOf(socket: Closable, drained: () => void): SessionWire {
  const conn = socket.conn as EngineConnection
  const taken = (): void => drained()
  conn.on('drain', taken)
  return {
    write: bytes => {
      if (conn.readyState !== 'open') return
      if (!isFramed(conn)) {
        // Each text begins with engine.io's type of a message, which `write` adds itself.
        for (const text of textsIn(bytes)) conn.write(text.slice(1))
        return
      }
      const stream = idleStream(conn)
      if (stream) writeTo(stream, bytes, taken)
      else queueFrames(conn, bytes)
    },
    get buffered() {
      return bufferedBytes(conn)
    },
    // A client that was disconnected by a packet stays away; one that only loses its transport connects again by itself.
    close: reason => {
      if (reason === 'going_away' || reason === 'slow_consumer') conn.close(reason === 'slow_consumer')
      else socket.disconnect(true)
    },
  }
}
