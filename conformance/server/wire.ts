import { once } from 'node:events'
import { request as ask, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Api } from '../../src/api.ts'
import { EventStream } from '../../src/testing/event-stream.ts'
import { attachFaces } from '../../src/transport/hosts/faces.ts'
import { handler, nodeServer, type NodeHandler } from '../../src/transport/hosts/node.ts'
import { cutSlowReaders } from '../../src/transport/hosts/stalled-responses.ts'

export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
}

export interface WireAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** undefined = the body is not JSON. */
  readonly json: unknown
}

export interface WireStream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly events: EventStream
  close(): void
}

/** A server on a free port whose Api is changed from case to case: every case begins with a fresh one. */
export class Wire {
  readonly #server: ReturnType<typeof nodeServer>
  #app: Api | null = null
  #handler: NodeHandler | null = null
  #detach: () => Promise<void> = async () => {}

  private constructor() {
    this.#server = nodeServer((request, response) => this.#handler!(request, response), { headerBytes: 16_384 })
  }

  static async open(): Promise<Wire> {
    const wire = new Wire()
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** `127.0.0.1:49152` */
  get authority(): string {
    return `127.0.0.1:${this.port}`
  }

  async serve(app: Api): Promise<void> {
    await this.#app?.close()
    this.#app = app
    this.#handler = handler(app.engine, app.http)
    await this.#detach()
    this.#detach = attachFaces(this.#server, app).close
  }

  /** Cuts connections that take nothing for so many milliseconds; returns how to stop. */
  cutStalled(stall: number): () => void {
    return cutSlowReaders(this.#server, stall)
  }

  /** Resolves when at most so many clients are connected. */
  async downTo(connections: number): Promise<void> {
    const count = promisify(this.#server.getConnections.bind(this.#server))
    while ((await count()) > connections) await new Promise(resolve => setTimeout(resolve, 50))
  }

  async send({ method, path, headers, body }: WireRequest): Promise<WireAnswer> {
    const length = body === undefined ? {} : { 'content-length': body.length }
    const request = ask({ port: this.port, method, path, headers: { ...headers, ...length }, agent: false })
    const answered = once(request, 'response')
    request.end(body)
    const [response] = await answered
    const chunks: Buffer[] = []
    const isStream = String(response.headers['content-type']).startsWith('text/event-stream')
    for await (const chunk of response) {
      chunks.push(chunk)
      // A stream has no end, so its beginning is taken as the answer.
      if (isStream && /^id: /m.test(Buffer.concat(chunks).toString())) break
    }
    const text = Buffer.concat(chunks).toString()
    return { status: response.statusCode, headers: response.headers, text, json: parsed(text) }
  }

  /** Opens a stream; it is read until it is closed. */
  async stream({ method, path, headers, body }: WireRequest): Promise<WireStream> {
    const length = body === undefined ? {} : { 'content-length': body.length }
    const request = ask({ port: this.port, method, path, headers: { ...headers, ...length }, agent: false }).end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const events = new EventStream()
    response.setEncoding('utf8').on('data', (text: string) => events.feed(text))
    response.on('close', () => events.end()).on('error', () => {})
    return { status: response.statusCode!, headers: response.headers, events, close: () => void request.destroy() }
  }

  /** Writes bytes as they are, then waits until the server has said all that it will. */
  async sendRaw(bytes: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1')
    socket.write(Buffer.from(bytes, 'latin1'))
    // Node drops what it has not yet answered when a client ends its side, so the answer comes first. What is no whole
    // request gets none until the end.
    const patience = setTimeout(() => socket.end(), bytes.includes('\r\n\r\n') ? 2_000 : 0)
    let text = ''
    try {
      for await (const chunk of socket) {
        text += chunk
        if (isAnswered(text)) socket.end()
      }
    } catch (error) {
      // A server that has answered may refuse to read on.
      if (text === '') throw error
    } finally {
      clearTimeout(patience)
    }
    return text
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.#app?.close()
  }
}

/** Whether a text begins with a whole answer. */
function isAnswered(text: string): boolean {
  const [head, body] = text.split(/\r\n\r\n(.*)/s)
  if (body === undefined) return false
  const length = Number(/^content-length: *(\d+)/im.exec(head!)?.[1] ?? 0)
  return Buffer.byteLength(body) >= length
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
