import { once } from 'node:events'
import { request as ask } from 'node:http'
import { WebSocket } from 'ws'
import { isObject } from '../object.ts'
import { parsed } from '../server/wire.ts'
import { codesOf } from './codes.ts'
import type { Came } from './vector.ts'

/** How long an answer may take. */
const patienceMs = 5_000

/** A client of Socket.IO that is made by hand, so that everything about it can be wrong. */
export class RawSocketIo {
  readonly heard: string[] = []
  closed: number | null = null
  readonly #socket: WebSocket
  #wake: () => void = () => {}

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', data => {
      const text = (data as Buffer).toString()
      if (text === '2') socket.send('3')
      else this.heard.push(text)
      this.#wake()
    })
    socket.on('close', code => {
      this.closed = code
      this.#wake()
    })
    socket.on('error', () => {})
  }

  /** A connection that has joined, or was refused. */
  static async open(
    authority: string,
    token: string | null,
    auth: unknown = token === null ? {} : { token },
  ): Promise<RawSocketIo> {
    const socket = new WebSocket(`ws://${authority}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false })
    const client = new RawSocketIo(socket)
    await once(socket, 'open')
    await client.hear(/^0/)
    client.send(auth === null ? '40' : `40${JSON.stringify(auth)}`)
    await client.hear(/^4[04]/)
    return client
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  /** Waits for a packet that fits; one that is closed hears no more, and nobody waits for ever. */
  async hear(fits: RegExp): Promise<void> {
    const patience = AbortSignal.timeout(patienceMs)
    patience.addEventListener('abort', () => this.#wake())
    while (!patience.aborted && !this.heard.some(text => fits.test(text)) && this.closed === null) await this.#more()
  }

  /** Waits so long, or until the server ends the connection. */
  async closedWithin(milliseconds: number): Promise<void> {
    const patience = AbortSignal.timeout(milliseconds)
    patience.addEventListener('abort', () => this.#wake())
    while (!patience.aborted && this.closed === null) await this.#more()
  }

  /** What was heard, as codes: of all packets, or of those that fit. */
  came(fits: (packet: string) => boolean = () => true): Came {
    const heard = this.heard.filter(fits)
    const codes = heard.flatMap(codesOfPacket)
    if (this.closed !== null) codes.push('close', 'bad_packet')
    return { codes, text: heard.join('\n') }
  }

  close(): void {
    this.#socket.terminate()
  }

  #more(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }
}

/** Codes of a packet: of an ack's problem, of an error event, of a refusal to join. */
function codesOfPacket(packet: string): string[] {
  const [, type = '', json = ''] = /^4(\d)(?:\/[^,]*,)?\d*([[{].*)?$/s.exec(packet) ?? []
  const content = parsed(json)
  if (type === '4') return ['connect_error', ...problemCodes(isObject(content) ? content['data'] : null)]
  if (type === '3') return problemCodes(Array.isArray(content) ? content[0] : null)
  if (type !== '2' || !Array.isArray(content)) return []
  const [event, payload] = content as [string, unknown]
  if (event === 'state' && isObject(payload) && payload['reset'] === true) return ['reset']
  if (event !== 'api_error' || !isObject(payload)) return []
  return [codeOf(String(payload['error']))]
}

/** The code behind the name of an error: `NotFoundError` is `not_found`. */
function codeOf(name: string): string {
  if (name === 'InvalidRequestError' || name === 'InvalidURIError') return 'bad_request'
  return name
    .replace(/Error$/, '')
    .replaceAll(/(?<=.)[A-Z]/g, '_$&')
    .toLowerCase()
}

/** The codes of a problem; `ok` for an answer that is none. */
export function problemCodes(answer: unknown): string[] {
  if (!isObject(answer)) return []
  return answer['error'] === undefined && Number(answer['status']) < 400 ? ['ok'] : codesOf(answer)
}

/** The answer to a request of long polling. */
export interface Polled {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** One request of long polling, a POST where it has a body. */
export function poll(
  authority: string,
  query: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Polled> {
  const method = body === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const url = `http://${authority}/socket.io/?${query}`
    const request = ask(url, { method, headers: { ...headers }, agent: false }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, body: text, headers: response.headers }))
      response.on('error', reject)
    })
    // A server that has answered may refuse to read on.
    request.on('error', reject)
    request.end(body)
  })
}
