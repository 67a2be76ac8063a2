import type { Api } from '../api.ts'
import type { Principal } from '../auth/principal.ts'
import type { Engine } from '../engine/engine.ts'
import { SUBPROTOCOL } from '../protocol/frames.ts'
import { fetch } from '../transport/hosts/fetch.ts'
import type { SocketHost } from '../transport/socket/host.ts'
import { SocketSession, type SessionWire } from '../transport/socket/session.ts'
import type { Packet } from '../transport/socketio/packet.ts'
import { textsIn } from '../transport/websocket/connection.ts'
import { nativeFace } from '../transport/websocket/native/dialect.ts'
import type { SocketFace, WebSocketHandshake } from '../transport/websocket/upgrade.ts'
import { EventStream, type StreamEvent } from './event-stream.ts'
import { InProcessSocket } from './in-process-socket.ts'
import { Inbox } from './inbox.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- what is sent and received is up to the test
type Message = any

/** An answer over HTTP. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Headers
  /** The parsed body, if it is JSON; else its text. null = there is none. */
  readonly body: Message
}

/** A stream of Server-Sent Events. */
export interface HeardEvents {
  /** The next event, its data parsed as JSON. */
  next(): Promise<StreamEvent>
  close(): void
}

/** A connection on which messages come and go. */
export interface TestConnection {
  /** Sends a message. */
  send(message: Message): void
  /** Sends a request under an id of its own, and resolves to its answer. */
  ask(request: Readonly<Record<string, unknown>>): Promise<Message>
  /** The next message that fits; those before it stay. Rejects once the connection is closed and nothing fits. */
  hear(fits?: (message: Message) => boolean): Promise<Message>
  close(): void
}

/** A connection of Socket.IO. */
export interface SocketIoConnection {
  /** Sends an event, and resolves to the first argument of its acknowledgement. */
  emit(event: string, ...given: unknown[]): Promise<Message>
  /** The payload of the next event of this name. */
  hear(event: string): Promise<Message>
  close(): void
}

/** A client of an API in the same process, on all its faces. No port is opened. */
export interface TestClient {
  /** Sends a request over HTTP: `client.http('POST', '/todo', { text: 'x' })`. A body is sent as JSON. */
  http(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>
  /** Follows a URI by Server-Sent Events. Rejects with the problem if it may not be followed. */
  sse(path: string, headers?: Readonly<Record<string, string>>): Promise<HeardEvents>
  /** Connects with restuary.1. The server's `hello` is the first message. */
  native(): Promise<TestConnection>
  /** Connects with the envelope of channels-api. Requests name their `stream`, beside the members of the payload. */
  envelope(): Promise<TestConnection>
  socketio(): Promise<SocketIoConnection>
}

export interface TestClientOptions {
  /** The caller, as rules see `me`. null or absent = anonymous. */
  readonly as?: Principal | null
}

/**
 * Makes a client for tests. It speaks to the API as requests do, past all checks, rules and hooks, but needs no token and no
 * port.
 *
 * @example
 * const ann = testClient(app, { as: { id: 1, role: 'member' } })
 * expect((await ann.http('GET', '/todo')).status).toBe(200)
 *
 * const socket = await ann.native()
 * await socket.ask({ op: 'subscribe', uri: '/todo' })
 * await ann.http('POST', '/todo', { text: 'x' })
 * await socket.hear(frame => frame.op === 'commit')
 */
export function testClient(app: Api, { as = null }: TestClientOptions = {}): TestClient {
  // Not spread: the engine has members that are computed when they are read.
  const engine = Object.create(app.engine, { authenticate: { value: () => as } }) as Engine
  const request = fetch(engine, { ...app.http, admission: null })
  const identity = as && { principal: as, expires: null }
  const credentials = { face: 'websocket', header: () => undefined } as const
  const handshake: WebSocketHandshake = { ...credentials, target: '/', identity }
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    await app.ready()
    return request(new Request(new URL(path, 'http://localhost'), init))
  }
  const host = async (): Promise<SocketHost> => {
    await app.ready()
    const { handled, published, http } = app
    if (!http.live) throw new TypeError('the API has no live queries')
    return { engine, live: http.live, handled, published, admission: null, onFault: console.error }
  }
  return {
    http: async (method, path, body, headers = {}) => {
      const json = body === undefined ? {} : { 'content-type': 'application/json' }
      const answer = await send(path, {
        method,
        headers: { ...json, ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: answer.status, headers: answer.headers, body: await bodyOf(answer) }
    },
    sse: async (path, headers = {}) => {
      const ending = new AbortController()
      const answer = await send(path, {
        headers: { accept: 'text/event-stream', ...headers },
        signal: ending.signal,
      })
      if (answer.status !== 200) throw Object.assign(new Error(`status ${answer.status}`), await bodyOf(answer))
      return eventsOf(answer.body!, ending)
    },
    native: async () => {
      const face = nativeFace(await host())
      return connectionOver(face, handshake, SUBPROTOCOL, {
        wrap: (id, sent) => ({ id, ...sent }),
        isAnswer: (frame, sent) => frame.id === sent.id,
      })
    },
    envelope: async () => {
      const { websocket } = app.faces
      const make = websocket === false ? undefined : websocket?.['']
      if (!make) throw new TypeError('the API does not serve the envelope')
      return connectionOver(make(await host()), handshake, null, {
        wrap: (id, { stream, ...payload }) => ({ stream, payload: { request_id: id, ...payload } }),
        isAnswer: ({ payload }, sent) => payload.request_id === sent.payload.request_id,
      })
    },
    socketio: async () => {
      const { socketio } = app.faces
      if (!socketio) throw new TypeError('the API does not serve Socket.IO')
      const own = await host()
      const words = (await socketio.words())(own, socketio, '2')
      return socketIoOver(wire => {
        const shown = { ...credentials, face: 'socketio' } as const
        return new SocketSession<Packet>({ id: 'test', host: own, wire, credentials: shown, identity, dialect: words })
      })
    },
  }
}

async function bodyOf(answer: Response): Promise<Message> {
  const text = await answer.text()
  if (text === '') return null
  return /\bjson\b/.test(answer.headers.get('content-type') ?? '') ? (JSON.parse(text) as unknown) : text
}

function eventsOf(body: ReadableStream<Uint8Array>, ending: AbortController): HeardEvents {
  const stream = new EventStream()
  void (async () => {
    const decoder = new TextDecoder()
    for await (const bytes of body) stream.feed(decoder.decode(bytes, { stream: true }))
  })()
    .catch(() => {})
    .finally(() => stream.end())
  return {
    next: async () => {
      if (stream.events.length === 0) stream.events.push(...(await stream.take(1)))
      return stream.events.shift()!
    },
    close: () => ending.abort(),
  }
}

/** How requests and answers belong together. */
interface Pairing {
  wrap(id: number, request: Readonly<Record<string, unknown>>): Message
  isAnswer(message: Message, sent: Message): boolean
}

function connectionOver(
  face: SocketFace,
  handshake: WebSocketHandshake,
  subprotocol: string | null,
  { wrap, isAnswer }: Pairing,
): TestConnection {
  const socket = new InProcessSocket(subprotocol)
  face(socket, handshake)
  const heard = new Inbox<Message>()
  void (async () => {
    for (;;) heard.push(JSON.parse(await socket.heard.next()))
  })().catch((error: Error) => heard.end(error))
  let last = 0
  const send = (message: Message): void => socket.events.onText(JSON.stringify(message))
  return {
    send,
    ask: async request => {
      const sent = wrap(++last, request)
      send(sent)
      return heard.next(message => isAnswer(message, sent))
    },
    hear: fits => heard.next(fits),
    close: () => socket.close('closed'),
  }
}

function socketIoOver(begin: (wire: SessionWire) => SocketSession<Packet>): SocketIoConnection {
  const heard = new Inbox<readonly [event: string, payload: Message]>()
  const session = begin({
    buffered: 0,
    // Each text is an event packet in a message of engine.io: `42["create",{…}]`.
    write: bytes => textsIn(bytes).forEach(text => heard.push(JSON.parse(text.slice(2)) as [string, Message])),
    close: reason => heard.end(new Error(`the connection was closed: ${reason}`)),
  })
  return {
    emit: (event, ...given) =>
      new Promise(resolve => session.receive({ event, given, ack: answer => resolve(answer) })),
    hear: async event => (await heard.next(([name]) => name === event))[1],
    close: () => session.close(),
  }
}
