import type { Server } from 'node:http'
import { ApiError } from '../../protocol/error.ts'
import { SUBPROTOCOL } from '../../protocol/frames.ts'
import type { Engine } from '../../engine/engine.ts'
import type { HandledResources } from '../../engine/actions/handled-resources.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import { addressFinder } from '../http/request/client-address.ts'
import { printLog, type HttpSetup } from '../http/options.ts'
import type { SocketHost } from '../socket/host.ts'
import { SocketIoFace, type SocketIoSetup } from '../socketio/face.ts'
import { nativeFace } from '../websocket/native/dialect.ts'
import { acceptSockets, refuseUpgrade, type SocketFace } from '../websocket/upgrade.ts'

/**
 * The faces besides HTTP. The WebSocket protocol restuary.1 is always served unless `websocket` is false; all others belong to
 * dialects.
 */
export interface FaceOptions {
  /** Socket.IO; false or absent = it is not served. */
  readonly socketio?: SocketIoSetup | false
  /** Further WebSocket protocols by subprotocol; '' is for clients that name none. false = no WebSockets at all. */
  readonly websocket?: WebSocketFaces | false
}

export type WebSocketFaces = Readonly<Record<string, (host: SocketHost) => SocketFace>>

/** What sockets need from an Api. */
export interface SocketApi {
  readonly engine: Engine
  readonly http: HttpSetup
  readonly handled: HandledResources
  readonly published: PublishedFeed
  readonly faces: FaceOptions
}

/** The faces that were attached to a server. */
export interface Faces {
  readonly socketio: SocketIoFace | null
  /**
   * Accepts no new connections and disconnects the clients of Socket.IO, after telling them. WebSockets end with the Api, which
   * may close later.
   */
  close(): Promise<void>
}

/**
 * Attaches the socket faces of an Api to a node:http server that already serves its HTTP face.
 *
 * @example
 * const server = createServer(handler(app.engine, app.http))
 * const faces = attachFaces(server, app)
 * server.listen(3000)
 */
export function attachFaces(server: Server, app: SocketApi): Faces {
  const { engine, http, handled, published, faces } = app
  const { live, admission = null } = http
  if (!live) return { socketio: null, close: async () => {} }
  server.on('connection', live.postman.giveWay)
  const log = http.log ?? printLog
  const onFault = (error: unknown): void =>
    log({ level: 'error', event: 'internal', requestId: '', method: 'SOCKET', path: '', error })
  const addressOf = addressFinder(http.trustedProxies)
  const host: SocketHost = { engine, live, handled, published, admission, addressOf, onFault }
  const { socketio: setup = false, websocket = {} } = faces
  const socketio = setup === false ? null : new SocketIoFace(host, withCors(setup, http), http.prefix)
  const isTaken = (target: string): boolean => socketio?.owns(target) ?? false
  // As soon as there is a listener for upgrades, node:http leaves all of them to it.
  if (socketio && websocket === false)
    server.on('upgrade', (request, stream) => {
      if (!isTaken(request.url!)) refuseUpgrade(stream, new ApiError('not_found'))
    })
  const { prefix = '' } = http
  const stop =
    websocket === false ? () => {} : acceptSockets(server, { host, prefix, faces: facesOf(host, websocket), isTaken })
  socketio?.attach(server)
  return {
    socketio,
    close: async () => {
      server.off('connection', live.postman.giveWay)
      stop()
      await socketio?.close()
    },
  }
}

function facesOf(host: SocketHost, further: WebSocketFaces): Readonly<Record<string, SocketFace>> {
  const made = Object.entries(further).map(([subprotocol, make]) => [subprotocol, make(host)] as const)
  return { [SUBPROTOCOL]: nativeFace(host), ...Object.fromEntries(made) }
}

/** By default, pages that may call over HTTP may also connect. */
function withCors(setup: SocketIoSetup, { cors }: HttpSetup): SocketIoSetup {
  return setup.cors || !cors ? setup : { ...setup, cors }
}
