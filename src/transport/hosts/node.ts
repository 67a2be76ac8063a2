import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Engine } from '../../engine/engine.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Code } from '../../protocol/codes.ts'
import type { Limits } from '../../protocol/limits.ts'
import { safeMethods } from '../../protocol/method.ts'
import { enqueueArrival } from './admission.ts'
import { bodyTooLarge } from '../http/request/body.ts'
import { Aborted, Exchange, type Body, type Answerer, type ByteStream, type FieldLines } from '../http/exchange.ts'
import { httpHandler } from '../http/handler.ts'
import type { HttpSetup } from '../http/options.ts'
import { createServer } from './node-http.ts'
import { endWithProblem } from './raw-problem.ts'

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * The HTTP face of an engine as a request listener for node:http, Connect and Express.
 *
 * @example
 * createServer(handler(app.engine, app.http))
 */
export function handler(engine: Engine, options: HttpSetup = {}): NodeHandler {
  const answer = httpHandler(engine, options)
  // If files may take longer to arrive, the server's own timeout is longer; other bodies then need one of their own.
  const patience = engine.files ? BODY_TIME : null
  return (request, response) => {
    const connection: Connection = request.socket
    const at = (connection[line] ??= { active: 0, unsafe: false, unread: false, waiting: [] })
    at.unread = false
    const exchange = new NodeExchange(request, response, answer, at, patience)
    if (at.waiting.length === 0 && mayStart(exchange, at)) start(exchange, at)
    else at.waiting.push(exchange)
  }
}

/** Milliseconds in which a request must have arrived. */
const BODY_TIME = 30_000

/**
 * A node:http server with our timeouts (milliseconds) and limits. Even bytes that are not HTTP are refused with a problem
 * document. It does not listen yet. `requestTimeout` is how long a request with files may take.
 */
export function nodeServer(
  listener: NodeHandler,
  limits: Pick<Limits, 'headerBytes'>,
  requestTimeout: number = BODY_TIME,
): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: Math.min(10_000, requestTimeout),
      requestTimeout,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: Math.min(5_000, requestTimeout),
      noDelay: true,
      // A missing Host is refused by the exchange, with a reason; node:http would not give one.
      requireHostHeader: false,
      // Most requests have no body. Ending a stream for each of them takes a tenth of the time in node:http.
      optimizeEmptyRequests: true,
    },
    listener,
  )
  server.maxRequestsPerSocket = 10_000
  // Asks for the body only when it is needed: a refusal then costs the client nothing (RFC 9110 §10.1.1).
  server.on('checkContinue', (request, response) => {
    expecting.add(request)
    listener(request, response)
  })
  server.on('clientError', (error: ParseError, socket) => {
    // An error in the body of a request that has already been answered needs no answer of its own.
    const answered = (socket as Connection)[line]?.unread === true
    if (error.code === 'ECONNRESET' || !socket.writable || answered) return void socket.destroy()
    endWithProblem(socket, errorOf(error))
  })
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    const allow = 'allow: GET, HEAD, OPTIONS, QUERY, POST, PUT, PATCH, DELETE\r\n'
    endWithProblem(socket, new ApiError('method_not_allowed'), allow)
  })
  return server
}

/** Requests whose client waits for `100 Continue`. */
const expecting = new WeakSet<IncomingMessage>()

/** The error of node:http for bytes that are not a request. The packet is the one in which the parser stopped. */
type ParseError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number }

function errorOf(error: ParseError): ApiError {
  if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT') return new ApiError(codeOf(error))
  return new ApiError('bad_request', { detail: 'The request did not arrive in time' })
}

function codeOf({ code, rawPacket, bytesParsed = 0 }: ParseError): Code {
  // The parser does not know the method, but the request is understood otherwise: 501 (RFC 9110 §15.6.2).
  if (code === 'HPE_INVALID_METHOD') {
    const isFirst = bytesParsed < LONGEST_METHOD // it is at the start of the packet, not behind another request
    return isFirst && isRequest(rawPacket) ? 'not_implemented' : 'bad_request'
  }
  if (code !== 'HPE_HEADER_OVERFLOW') return 'bad_request'
  // The parser counts the first line as part of the headers, but the client needs to know which of them was too long.
  const start = rawPacket?.toString('latin1', 0, 4096) ?? ''
  return /^[A-Z]{1,20} [^ \r\n]*$/.test(start) ? 'uri_too_long' : 'headers_too_large'
}

const LONGEST_METHOD = 40
const isRequest = (packet: Buffer | undefined): boolean =>
  packet !== undefined && /^[A-Z][\w-]{0,39} \/\S* HTTP\/1\.[01]\r\n/.test(packet.toString('latin1', 0, 8_300))

/**
 * The requests in progress on one connection. Requests behind an unsafe one wait for its answer, and an unsafe one waits for
 * all answers before it (RFC 9112 §9.3.2). Otherwise, a pipelined GET could be answered from before the write.
 */
interface Line {
  active: number
  unsafe: boolean
  /** The last request was answered before its body had arrived. */
  unread: boolean
  readonly waiting: NodeExchange[]
}
const line = Symbol('requests of this connection')
type Connection = Socket & { [line]?: Line }

/**
 * The most requests of one connection that run at the same time. Ten thousand pipelined requests must not come before those of
 * everybody else.
 */
const PIPELINED = 16

function mayStart({ method }: NodeExchange, at: Line): boolean {
  return at.active === 0 || (at.active < PIPELINED && !at.unsafe && safeMethods.has(method))
}

function start(exchange: NodeExchange, at: Line): void {
  at.active++
  at.unsafe = !safeMethods.has(exchange.method)
  if (at.unsafe || exchange.hasBody) void exchange.answer(exchange)
  else enqueueArrival(exchange)
}

class NodeExchange extends Exchange {
  readonly answer: Answerer
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #line: Line
  readonly #patience: number | null
  #left = false

  constructor(request: IncomingMessage, response: ServerResponse, answer: Answerer, at: Line, patience: number | null) {
    super(request.method!, request.url!, request.rawHeaders)
    this.answer = answer
    this.#request = request
    this.#response = response
    this.#line = at
    this.#patience = patience
    // RFC 9112 §3.2
    if (this.host === undefined && request.httpVersionMinor === 1)
      this.fault = { header: 'host', code: 'required', detail: 'is required' }
  }

  override get address(): string | undefined {
    return this.#request.socket.remoteAddress
  }

  body(limit: number): Promise<Uint8Array> {
    // With optimizeEmptyRequests, the stream of a body that was not announced never ends.
    if (this.contentLength === undefined && this.transferEncoding === undefined) return Promise.resolve(empty)
    const request = this.#request
    if (expecting.has(request)) this.#response.writeContinue()
    return new Promise((resolve, reject) => {
      let first: Buffer | null = null
      let more: Buffer[] | null = null
      let size = 0
      const refuse = (error: ApiError): void => {
        request.removeAllListeners('data').removeAllListeners('end')
        reject(error)
      }
      if (this.#patience !== null) {
        const late = new ApiError('bad_request', { detail: `The content took over ${this.#patience} milliseconds` })
        const timer = setTimeout(() => refuse(late), this.#patience).unref()
        request.on('close', () => clearTimeout(timer))
      }
      request.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > limit) refuse(bodyTooLarge(limit))
        else if (first === null) first = chunk
        else if (more === null) more = [first, chunk]
        else more.push(chunk)
      })
      request.on('end', () => resolve(more === null ? (first ?? empty) : Buffer.concat(more, size)))
      // If nobody listens for errors of a request, it is closed before it is complete.
      request.on('close', () => {
        if (request.complete) return
        reject(new Aborted())
        this.#leave()
      })
    })
  }

  async *stream(): AsyncGenerator<Uint8Array, void> {
    if (this.contentLength === undefined && this.transferEncoding === undefined) return
    const request = this.#request
    if (expecting.has(request)) this.#response.writeContinue()
    try {
      // If reading stops early, an answer must still be sent on the same connection.
      for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer
    } catch (cause) {
      throw new Aborted('the client went away', { cause })
    }
    if (!request.complete) throw new Aborted('the client went away')
  }

  send(status: number, fields: FieldLines, body: Body): void {
    // A refusal waits one turn for the body. Usually it has arrived by then, or turns out not to be HTTP.
    if (this.hasBody && !this.#request.complete) setImmediate(() => this.#finish(status, fields, body))
    else this.#finish(status, fields, body)
  }

  override open(status: number, fields: FieldLines): ByteStream {
    const response = this.#response
    if (this.hasBody && !this.#request.complete) this.#discard(fields)
    response.writeHead(status, fields)
    response.flushHeaders()
    const stream: ByteStream = {
      get buffered() {
        return response.writableLength
      },
      // Not the event `drain`: it does not occur if the socket's own buffer takes everything.
      write: bytes => void (response.destroyed || response.write(bytes, () => stream.onDrain())),
      end: () => void response.end(),
      destroy: () => void response.destroy(),
      onDrain: () => {},
      onClose: () => {},
    }
    const closed = (): void => {
      stream.onClose()
      this.#leave()
    }
    // The client left before anything was sent; there will be no event.
    if (response.destroyed) setImmediate(closed)
    else response.on('close', closed)
    response.on('error', () => response.destroy())
    return stream
  }

  #finish(status: number, fields: FieldLines, body: Body): void {
    const response = this.#response
    if (this.#request.socket.writable && !response.headersSent) {
      if (this.hasBody && !this.#request.complete) this.#discard(fields)
      response.writeHead(status, fields)
      if (body === null || body === '') response.end()
      else response.end(body)
    }
    this.#leave()
  }

  /** Gives up its place on the connection, so that the next requests may start. */
  #leave(): void {
    if (this.#left) return
    this.#left = true
    const at = this.#line
    at.active--
    if (at.active === 0) at.unsafe = false
    while (at.waiting.length > 0 && mayStart(at.waiting[0]!, at)) start(at.waiting.shift()!, at)
  }

  /**
   * Deals with a body that nobody reads. A short rest is read and dropped, so that the client sees the answer and not a reset
   * connection. If it is long, the connection is closed instead.
   */
  #discard(fields: FieldLines): void {
    const request = this.#request
    this.#line.unread = true
    if (this.contentLength !== undefined && Number(this.contentLength) > MOST_DISCARDED) {
      fields.push('connection', 'close')
      return
    }
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MOST_DISCARDED) request.destroy()
    })
    request.on('error', () => {})
    request.resume()
  }
}

const empty = new Uint8Array(0)
/** The most bytes of a body that are read only to be dropped: 8 MiB. */
const MOST_DISCARDED = 8_388_608
