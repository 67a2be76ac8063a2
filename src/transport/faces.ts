import type { Server } from 'node:http'
import { ApiError } from '../protocol/error.ts'
import { SUBPROTOCOL } from '../protocol/frames.ts'
import type { Engine } from '../engine/engine.ts'
import type { Handled } from '../engine/handled.ts'
import type { PublishedFeed } from '../live/published.ts'
import { addressFinder } from './http/address.ts'
import { printLog, type HttpOptions } from './http/options.ts'
import type { SocketHost } from './socket/host.ts'
import { SocketIoFace } from './socketio/face.ts'
import type { SocketIoOptions } from './socketio/options.ts'
import { EnvelopeFace } from './websocket/envelope/face.ts'
import type { Profile } from './websocket/envelope/profile.ts'
import { nativeFace } from './websocket/native/dialect.ts'
import { acceptSockets, refuseUpgrade } from './websocket/upgrade.ts'

/** The ways in beside HTTP. All are open unless they are closed here. */
export interface FaceOptions {
  readonly socketio?: SocketIoOptions | false
  readonly websocket?: WebSocketOptions | false
}

export interface WebSocketOptions {
  /** Whose words clients without a subprotocol hear where the two differ: channels-api's (default) or DCRF's. */
  readonly envelope?: Profile
}

/** What sockets serve: an Api. */
export interface SocketApi {
  readonly engine: Engine
  readonly http: HttpOptions
  readonly handled: Handled
  readonly published: PublishedFeed
  readonly faces: FaceOptions
}

/** The faces on a server. */
export interface Faces {
  readonly socketio: SocketIoFace | null
  readonly envelope: EnvelopeFace | null
  /** Takes no new connections, tells all clients of Socket.IO and disconnects them. WebSockets end with the Api, which may be later. */
  close(): Promise<void>
}

/** Opens the faces of an Api on sockets, on a server of node:http that serves its HTTP face already. */
export function attachFaces(server: Server, app: SocketApi): Faces {
  const { engine, http, handled, published, faces } = app
  const { live, admission = null } = http
  if (!live) return { socketio: null, envelope: null, close: async () => {} }
  server.on('connection', live.postman.giveWay)
  const log = http.log ?? printLog
  const onFault = (error: unknown): void =>
    log({ level: 'error', event: 'internal', requestId: '', method: 'SOCKET', path: '', error })
  const addressOf = addressFinder(http.trustedProxies)
  const host: SocketHost = { engine, live, handled, published, admission, addressOf, onFault }
  const envelope = faces.websocket === false ? null : new EnvelopeFace(host, faces.websocket?.envelope)
  const socketio = faces.socketio === false ? null : new SocketIoFace(host, socketIoOptions(faces, http), http.prefix)
  const isTaken = (target: string): boolean => socketio?.owns(target) ?? false
  // Once somebody takes upgrades, node:http leaves all of them to whoever that is.
  if (socketio && !envelope)
    server.on('upgrade', (request, stream) => {
      if (!isTaken(request.url!)) refuseUpgrade(stream, new ApiError('not_found'))
    })
  const { prefix = '' } = http
  const stop = envelope
    ? acceptSockets(server, { host, prefix, faces: { [SUBPROTOCOL]: nativeFace(host), '': envelope.accept }, isTaken })
    : () => {}
  socketio?.attach(server)
  return {
    socketio,
    envelope,
    close: async () => {
      server.off('connection', live.postman.giveWay)
      stop()
      await socketio?.close()
    },
  }
}

/** Pages that may call over HTTP may connect as well. */
function socketIoOptions({ socketio }: FaceOptions, { cors }: HttpOptions): SocketIoOptions {
  const own = socketio === false ? {} : (socketio ?? {})
  return own.cors || !cors ? own : { ...own, cors }
}
