import type { Server } from 'node:http'
import { ApiError } from '../../protocol/error.ts'
import { SUBPROTOCOL } from '../../protocol/frames.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Handled } from '../../engine/actions/handled-resources.ts'
import type { PublishedFeed } from '../../live/subscriptions/published.ts'
import { addressFinder } from '../http/request/client-address.ts'
import { printLog, type HttpSetup } from '../http/options.ts'
import type { SocketHost } from '../socket/host.ts'
import { SocketIoFace, type SocketIoSetup } from '../socketio/face.ts'
import { nativeFace } from '../websocket/native/dialect.ts'
import { acceptSockets, refuseUpgrade, type SocketFace } from '../websocket/upgrade.ts'

/** The ways in beside HTTP. WebSockets of restuary.1 are open unless they are closed here; the rest is of dialects. */
export interface FaceOptions {
  /** Socket.IO; false or absent = there is none. */
  readonly socketio?: SocketIoSetup | false
  /** Who serves further WebSockets, by subprotocol, '' for clients that name none; false = there are no WebSockets at all. */
  readonly websocket?: WebSocketFaces | false
}

export type WebSocketFaces = Readonly<Record<string, (host: SocketHost) => SocketFace>>

/** What sockets serve: an Api. */
export interface SocketApi {
  readonly engine: Engine
  readonly http: HttpSetup
  readonly handled: Handled
  readonly published: PublishedFeed
  readonly faces: FaceOptions
}

/** The faces on a server. */
export interface Faces {
  readonly socketio: SocketIoFace | null
  /** Takes no new connections, tells all clients of Socket.IO and disconnects them. WebSockets end with the Api, which may be later. */
  close(): Promise<void>
}

/** Opens the faces of an Api on sockets, on a server of node:http that serves its HTTP face already. */
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
  // Once somebody takes upgrades, node:http leaves all of them to whoever that is.
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

/** Pages that may call over HTTP may connect as well. */
function withCors(setup: SocketIoSetup, { cors }: HttpSetup): SocketIoSetup {
  return setup.cors || !cors ? setup : { ...setup, cors }
}
