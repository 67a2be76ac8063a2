import type { SocketHost } from '../../socket-host.ts'
import type { SocketFace } from '../upgrade.ts'
import { Connection } from './connection.ts'
import type { Profile } from './profile.ts'
import { streamsOf, type Stream } from './streams.ts'

/** WebSockets without a subprotocol: `{ stream, payload }`, as channels-api and dcrf-client speak it. */
export class EnvelopeFace {
  readonly #connections = new Set<Connection>()
  readonly streams: ReadonlyMap<string, Stream>
  /** Takes a connection. */
  readonly accept: SocketFace

  constructor(host: SocketHost, profile: Profile = 'channels') {
    this.streams = streamsOf(host.engine.model)
    this.accept = (socket, handshake) => {
      const connection = new Connection({ host, streams: this.streams, profile }, socket, handshake)
      this.#connections.add(connection)
      const { onClose } = socket.events
      socket.events.onClose = () => {
        this.#connections.delete(connection)
        onClose()
      }
    }
  }

  /** Those who are connected now. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections
  }
}
