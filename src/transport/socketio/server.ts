import { getOrThrow } from '../../protocol/get-or-throw.ts'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Server, type Socket } from 'socket.io'
import { ApiError, problemOf } from '../../protocol/error.ts'
import type { Credentials, Identity } from '../../auth/principal.ts'
import type { Engine } from '../../engine/engine.ts'
import { createServer } from '../hosts/node-http.ts'
import type { SocketHost } from '../socket/host.ts'
import { SocketSession } from '../socket/session.ts'
import { refuseUpgrade } from '../websocket/upgrade.ts'
import { HandshakeAdmission } from './admission.ts'
import type { Packet, SocketIoWords } from './packet.ts'
import type { SocketIoOptions } from './options.ts'
import { socketCredentials } from './credentials.ts'
import { wireOf } from './wire.ts'

/** A Socket.IO server that does not listen itself. Its requests and upgrades are passed to it. */
export interface SocketIoServer {
  request(request: IncomingMessage, response: ServerResponse): void
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  readonly connections: ReadonlySet<SocketSession<Packet>>
  close(): Promise<void>
}

/** Milliseconds in which a client must join a namespace. */
const CONNECT_TIMEOUT = 10_000

/**
 * Makes the server that speaks Socket.IO. It has no port of its own: the host passes on the requests and upgrades below
 * `path`. `words` are the messages of the dialect.
 */
export function socketIoServer(
  host: SocketHost,
  options: SocketIoOptions,
  path: string,
  words: SocketIoWords,
): SocketIoServer {
  const { limits } = host.engine
  // This server never listens; it only receives what is passed on to it.
  const http = createServer()
  const io = new Server(http, {
    path,
    serveClient: false,
    allowEIO3: options.legacy ?? false,
    maxHttpBufferSize: limits.message,
    connectTimeout: CONNECT_TIMEOUT,
    perMessageDeflate: false,
    httpCompression: false,
    destroyUpgrade: false,
    cleanupEmptyChildNamespaces: true,
    ...(options.cors
      ? { cors: { origin: [...options.cors.origins], credentials: options.cors.credentials ?? false } }
      : {}),
  })
  const admission = new HandshakeAdmission(host.engine.auth)
  io.engine.on('connection', (conn: { id: string; request: IncomingMessage; once: EventEmitter['once'] }) => {
    conn.once('close', admission.opened(conn.id, conn.request))
  })
  const connections = new Set<SocketSession<Packet>>()
  const arrived = new WeakMap<Socket, Arrived>()
  const namespace = io.of(options.namespace ?? '/')
  const prefix = namespace.name === '/' ? '2' : `2${namespace.name},`
  const dialect = words(host, options, prefix)

  if (namespace.name !== '/') closeRoot(io)
  namespace.use((socket, next) => {
    void arrive(host, socket).then(
      caller => {
        arrived.set(socket, caller)
        next()
      },
      (thrown: unknown) => {
        const error = ApiError.from(thrown)
        next(Object.assign(new Error(error.message), { data: problemOf(error) }))
      },
    )
  })
  namespace.on('connection', socket => {
    const connection: SocketSession<Packet> = new SocketSession<Packet>({
      id: socket.id,
      host,
      ...getOrThrow(arrived, socket),
      wire: wireOf(socket, () => connection.drained()),
      dialect,
    })
    connections.add(connection)
    socket.onAny((event: unknown, ...given: unknown[]) => {
      const last = given.at(-1)
      const ack = typeof last === 'function' ? (last as (...answer: unknown[]) => void) : null
      connection.receive({ event, given: ack ? given.slice(0, -1) : given, ack })
    })
    // A client may send an event of this name. Without a listener, Node would throw.
    socket.on('error', () => {})
    socket.on('disconnect', () => {
      connections.delete(connection)
      connection.close()
    })
  })

  return {
    connections,
    request: (request, response) =>
      void admission.admit(request).then(
        () => http.emit('request', request, response),
        (thrown: unknown) => refuseUpgrade(request.socket, ApiError.from(thrown)),
      ),
    upgrade: (request, socket, head) =>
      void admission.admit(request).then(
        () => http.emit('upgrade', request, socket, head),
        (thrown: unknown) => refuseUpgrade(socket, ApiError.from(thrown)),
      ),
    close: async () => {
      for (const connection of connections)
        connection.end(new ApiError('unavailable', { detail: 'the server is closing' }))
      await io.close()
    },
  }
}

/**
 * Nobody is served in the namespace `/` if another one is configured. Socket.IO always has it, and joins clients of protocol 3 to
 * it by itself, so those are let in; whoever says anything there is disconnected.
 */
function closeRoot(io: Server): void {
  const root = io.of('/')
  root.use(({ conn }, next) => next(conn.protocol === 3 ? undefined : new Error('Invalid namespace')))
  root.on('connection', socket => {
    socket.use(() => socket.conn.close())
  })
}

/** Who connected, and the credentials that were shown. */
interface Arrived {
  /** null = anonymous. */
  readonly identity: Identity | null
  readonly credentials: Credentials
}

async function arrive({ engine, addressOf }: SocketHost, { handshake }: Socket): Promise<Arrived> {
  const credentials = socketCredentials(handshake, addressOf)
  return { identity: await identify(engine, handshake.auth, credentials), credentials }
}

async function identify(engine: Engine, shown: object, credentials: Credentials): Promise<Identity | null> {
  if (!engine.auth) {
    const principal = await engine.authenticate(credentials)
    return principal && { principal, expires: null }
  }
  const { ticket } = shown as { readonly ticket?: unknown }
  if (typeof ticket === 'string') return engine.auth.authenticateTicket(ticket)
  return engine.auth.identify(credentials)
}
