import type { SocketHost } from '../../transport/socket/host.ts'
import type { SocketSession } from '../../transport/socket/session.ts'
import { UriTargets } from '../../transport/uri-target.ts'
import { removeWhenClosed, webSocketSession } from '../../transport/websocket/connection.ts'
import type { SocketFace } from '../../transport/websocket/upgrade.ts'
import { EnvelopeDialect } from './dialect.ts'
import type { Profile } from './profile.ts'
import { streamsOf, type Stream } from './streams.ts'

/** WebSockets without a subprotocol. */
export class EnvelopeFace {
  readonly #connections = new Set<SocketSession<string>>()
  readonly streams: ReadonlyMap<string, Stream>
  /** Begins a session on a connection. */
  readonly accept: SocketFace

  constructor(host: SocketHost, profile: Profile = 'channels') {
    this.streams = streamsOf(host.engine.model)
    const words = { streams: this.streams, targets: new UriTargets(host.engine), profile }
    this.accept = (socket, handshake) => {
      const dialect = (session: SocketSession<string>): EnvelopeDialect => new EnvelopeDialect(session, words)
      const session = webSocketSession(host, socket, handshake, dialect)
      this.#connections.add(session)
      removeWhenClosed(socket, this.#connections, session)
    }
  }

  /** The sessions of all open connections. */
  get connections(): ReadonlySet<SocketSession<string>> {
    return this.#connections
  }
}
