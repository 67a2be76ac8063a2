import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http'
import { pathPrefix } from '../../protocol/path-prefix.ts'
import type { Duplex } from 'node:stream'
import type { Credentials, Identity } from '../../auth/principal.ts'
import { ApiError } from '../../protocol/error.ts'
import type { AddressOf } from '../http/request/client-address.ts'
import type { SocketHost } from '../socket/host.ts'
import { endWithProblem } from '../hosts/raw-problem.ts'
import { removeWhenClosed, SocketServer, type FrameSocket } from './connection.ts'

/** What a client sent when it opened the connection. */
export interface WebSocketHandshake extends Credentials {
  /** Path and query. */
  readonly target: string
  /** null = anonymous. */
  readonly identity: Identity | null
}

/** Serves the connections of one subprotocol. */
export type SocketFace = (socket: FrameSocket, handshake: WebSocketHandshake) => void

export interface UpgradeOptions {
  readonly host: SocketHost
  /** The path at which the API is mounted. */
  readonly prefix?: string
  /** Faces by subprotocol; '' is for clients that ask for none. */
  readonly faces: Readonly<Record<string, SocketFace>>
  /** Whether a request target belongs to another part of the server, which answers it. */
  readonly isTaken?: (target: string) => boolean
}

/**
 * Accepts WebSocket upgrades at the mount and on all paths below it, except those of Socket.IO, and refuses the others. The connections
 * are closed with the Api. Returns a function that stops accepting new ones.
 */
export function acceptSockets(server: Server, options: UpgradeOptions): () => void {
  const { host, faces } = options
  const { engine, live } = host
  const prefix = pathPrefix(options.prefix)
  const sockets = new SocketServer({ message: engine.limits.message })
  const open = new Set<FrameSocket>()
  const closeAll = (): void => {
    for (const socket of open) socket.close('going_away', 'the server is closing')
  }
  live.closing.addEventListener('abort', closeAll, { once: true })

  const upgrade = async (request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> => {
    if (live.closing.aborted) throw new ApiError('unavailable')
    if (request.rawHeaders.length > 2 * engine.limits.headers) throw new ApiError('headers_too_large')
    const asked = subprotocolsOf(request)
    const name = asked === null ? '' : asked.find(one => Object.hasOwn(faces, one) && one !== '')
    const face = name === undefined || !Object.hasOwn(faces, name) ? undefined : faces[name]
    if (!face) {
      const known = Object.keys(faces).filter(one => one !== '')
      throw new ApiError('bad_request', { detail: `the subprotocols here are ${known.join(', ')}` })
    }
    const credentials = credentialsOf(request, host.addressOf)
    const { auth } = engine
    // A page of a foreign site may open a connection, and the browser sends cookies along.
    const isPage = credentials.header('origin') !== undefined && credentials.header('cookie') !== undefined
    if (isPage && auth && !auth.allowsOrigin(credentials)) throw new ApiError('forbidden_origin')
    const identity = (await auth?.identify(credentials)) ?? null
    if (stream.destroyed) return
    // The library chooses the first subprotocol that the client asks for, so only the chosen one is left.
    if (name !== '') request.headers['sec-websocket-protocol'] = name
    const handshake = { ...credentials, target: request.url!, identity }
    sockets.accept(request, stream, head, socket => {
      open.add(socket)
      face(socket, handshake)
      removeWhenClosed(socket, open, socket)
    })
  }
  const listener = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    if (options.isTaken?.(request.url!)) return
    stream.on('error', () => stream.destroy())
    const path = `${request.url!.split('?', 1)[0]!}/`
    if (!path.startsWith(`${prefix}/`) || path.startsWith(`${prefix}/socket.io/`))
      return refuseUpgrade(stream, new ApiError('not_found'))
    upgrade(request, stream, head).catch((thrown: unknown) => refuseUpgrade(stream, ApiError.from(thrown)))
  }
  server.on('upgrade', listener)
  // Open connections end with the Api, which may close later.
  return () => void server.off('upgrade', listener)
}

function subprotocolsOf(request: IncomingMessage): string[] | null {
  const header = request.headers['sec-websocket-protocol']
  return header === undefined ? null : header.split(',').map(one => one.trim())
}

function credentialsOf(request: IncomingMessage, addressOf: AddressOf | undefined): Credentials {
  const shown: Credentials = {
    face: 'websocket',
    address: request.socket.remoteAddress,
    header: headerIn(request.headers),
  }
  return addressOf ? { ...shown, address: addressOf(shown) } : shown
}

/** Reads headers. It does not hold the request, which would stay in memory as long as its connection. */
function headerIn(headers: IncomingHttpHeaders): Credentials['header'] {
  return name => {
    const value = headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
}

/** Refuses an upgrade with a problem document and closes the connection. */
export function refuseUpgrade(stream: Duplex, error: ApiError): void {
  if (!stream.writable) return void stream.destroy()
  endWithProblem(stream, error, error.status === 401 ? 'www-authenticate: Bearer realm="api"\r\n' : '')
}
