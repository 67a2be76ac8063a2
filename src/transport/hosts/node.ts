import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Engine } from '../../engine/engine.ts'
import { ApiError } from '../../protocol/error.ts'
import type { Code } from '../../protocol/codes.ts'
import type { Limits } from '../../protocol/limits.ts'
import { isSafeMethod } from '../../protocol/method.ts'
import { arrive } from '../http/request/arrival-queue.ts'
import { tooLarge } from '../http/request/body.ts'
import { Aborted, Exchange, type Body, type Answerer, type ByteStream, type FieldLines } from '../http/exchange.ts'
import { httpHandler } from '../http/handler.ts'
import type { HttpSetup } from '../http/options.ts'
import { createServer } from './node-http.ts'
import { rawProblem } from './raw-problem.ts'

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/** The HTTP face of an engine as a request listener of node:http; also for Connect, Express and Fastify. */
export function handler(engine: Engine, options: HttpSetup = {}): NodeHandler {
  const answer = httpHandler(engine, options)
  // Where files may take longer to come, other bodies may not.
  const patience = engine.files ? BODY_TIME : null
  return (request, response) => enter(request, response, answer, patience)
}

/** Milliseconds that a request has to arrive. */
const BODY_TIME = 30_000

/**
 * A server with the timeouts and limits of the project (milliseconds), whose refusals of bytes that are no HTTP
 * are problem documents too. It does not listen yet. `requestTimeout` is how long a request with files may take.
 */
export function nodeServer(
  listener: NodeHandler,
  limits: Pick<Limits, 'headerBytes'>,
  requestTimeout: number = BODY_TIME,
): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: 10_000,
      requestTimeout,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
      noDelay: true,
      // The exchange says what is missing; node:http would refuse without a word.
      requireHostHeader: false,
      // Most requests have no body: a stream that ends for each of them is a tenth of what node:http costs.
      optimizeEmptyRequests: true,
    },
    listener,
  )
  server.maxRequestsPerSocket = 10_000
  // The body is asked for only once it is wanted: a refusal then costs the client nothing (RFC 9110 §10.1.1).
  server.on('checkContinue', (request, response) => {
    expecting.add(request)
    listener(request, response)
  })
  server.on('clientError', (error: ParseError, socket) => {
    // What breaks in a body whose request is answered already has no answer of its own.
    const answered = (socket as Connection)[line]?.unread === true
    if (error.code === 'ECONNRESET' || !socket.writable || answered) return void socket.destroy()
    socket.end(rawProblem(new ApiError(codeOf(error))))
  })
  server.on('connect', (_request, socket) => {
    socket.on('error', () => socket.destroy())
    const allow = 'allow: GET, HEAD, OPTIONS, QUERY, POST, PUT, PATCH, DELETE\r\n'
    socket.end(rawProblem(new ApiError('method_not_allowed'), allow))
  })
  return server
}

/** Requests whose sender waits for `100 Continue`. */
const expecting = new WeakSet<IncomingMessage>()

/** What node:http tells of bytes that are no request; the packet is where its parser stopped. */
type ParseError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer; readonly bytesParsed?: number }

function codeOf({ code, rawPacket, bytesParsed = 0 }: ParseError): Code {
  // A request of another method than the parser knows is understood, but for its method (RFC 9110 §15.6.2).
  if (code === 'HPE_INVALID_METHOD') {
    const isFirst = bytesParsed < LONGEST_METHOD // of this packet, not what stands behind another request
    return isFirst && isRequest(rawPacket) ? 'not_implemented' : 'bad_request'
  }
  if (code !== 'HPE_HEADER_OVERFLOW') return 'bad_request'
  // The first line counts to the header section for the parser, but a client needs to know which of them it was.
  const start = rawPacket?.toString('latin1', 0, 4096) ?? ''
  return /^[A-Z]{1,20} [^ \r\n]*$/.test(start) ? 'uri_too_long' : 'headers_too_large'
}

const LONGEST_METHOD = 40
const isRequest = (packet: Buffer | undefined): boolean =>
  packet !== undefined && /^[A-Z][\w-]{0,39} \/\S* HTTP\/1\.[01]\r\n/.test(packet.toString('latin1', 0, 8_300))

/**
 * What one connection has under way. Requests that arrive behind an unsafe one wait for its answer, and an unsafe one
 * for the answers before it (RFC 9112 §9.3.2): otherwise a pipelined GET is answered from before the write.
 */
interface Line {
  active: number
  unsafe: boolean
  /** The last request was answered before its body had come. */
  unread: boolean
  readonly waiting: NodeExchange[]
}
const line = Symbol('requests of this connection')
type Connection = Socket & { [line]?: Line }

/** Requests of one connection that are begun at once; ten thousand in one piece would stand before those of all others. */
const PIPELINED = 16

function enter(request: IncomingMessage, response: ServerResponse, answer: Answerer, patience: number | null): void {
  const connection: Connection = request.socket
  const at = (connection[line] ??= { active: 0, unsafe: false, unread: false, waiting: [] })
  at.unread = false
  const exchange = new NodeExchange(request, response, answer, at, patience)
  if (at.waiting.length === 0 && mayStart(exchange, at)) start(exchange, at)
  else at.waiting.push(exchange)
}

function mayStart({ method }: NodeExchange, at: Line): boolean {
  return at.active === 0 || (at.active < PIPELINED && !at.unsafe && isSafeMethod(method))
}

function start(exchange: NodeExchange, at: Line): void {
  at.active++
  at.unsafe = !isSafeMethod(exchange.method)
  if (at.unsafe || exchange.hasBody) void exchange.answer(exchange)
  else arrive(exchange)
}

function leave(at: Line): void {
  at.active--
  if (at.active === 0) at.unsafe = false
  while (at.waiting.length > 0 && mayStart(at.waiting[0]!, at)) start(at.waiting.shift()!, at)
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
    // With optimizeEmptyRequests nothing tells the end of a body that was not announced.
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
        if (size > limit) refuse(tooLarge(limit))
        else if (first === null) first = chunk
        else if (more === null) more = [first, chunk]
        else more.push(chunk)
      })
      request.on('end', () => resolve(more === null ? (first ?? empty) : Buffer.concat(more, size)))
      // An error of the request that nobody listens to is told by its end, before it is complete.
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
      // Whoever stops reading has an answer to send on the same connection.
      for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer
    } catch (cause) {
      throw new Aborted('the client went away', { cause })
    }
    if (!request.complete) throw new Aborted('the client went away')
  }

  send(status: number, fields: FieldLines, body: Body): void {
    // A refusal waits a turn for the body: mostly it is there by then, or turns out to be no HTTP at all.
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
      // Not the event `drain`: there is none where the socket's own buffer takes everything.
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
    // Whoever went away before there was anything to send: nobody tells it again.
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

  #leave(): void {
    if (this.#left) return
    this.#left = true
    leave(this.#line)
  }

  /**
   * The rest of a body that nobody reads: a little of it is read away, so that the client comes to see the answer
   * instead of a reset connection; of a long one nothing, and the connection ends.
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
const MOST_DISCARDED = 8_388_608
