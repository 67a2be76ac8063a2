import { once } from 'node:events'
import { request as ask } from 'node:http'
import { WebSocket } from 'ws'
import { isObject } from '../object.ts'
import { parsed } from '../server/wire.ts'

/** What came of a vector, as codes, and everything that was heard. */
export interface Came {
  readonly codes: readonly string[]
  readonly text: string
}

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

  /** A connection that has joined; with `auth` null it has not asked to. */
  static async open(
    authority: string,
    token: string | null,
    auth: unknown = token === null ? {} : { token },
  ): Promise<RawSocketIo> {
    const socket = new WebSocket(`ws://${authority}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false })
    const client = new RawSocketIo(socket)
    await once(socket, 'open')
    await client.hear(/^0/)
    if (auth === null) return client
    client.send(`40${JSON.stringify(auth)}`)
    await client.hear(/^4[04]/)
    return client
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  /** Waits for a packet that fits; one that is closed hears no more. */
  async hear(fits: RegExp): Promise<void> {
    while (!this.heard.some(text => fits.test(text)) && this.closed === null) await this.#more()
  }

  async whenClosed(): Promise<void> {
    while (this.closed === null) await this.#more()
  }

  came(): Came {
    const codes = this.heard.flatMap(codesOf)
    if (this.closed !== null) codes.push('close', 'bad_packet')
    return { codes, text: this.heard.join('\n') }
  }

  close(): void {
    this.#socket.terminate()
  }

  #more(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }
}

/** Codes of a packet: of an ack's problem, of an error event, of a refusal to join. */
function codesOf(packet: string): string[] {
  const [, type = '', json = ''] = /^4(\d)(?:\/[^,]*,)?\d*([[{].*)?$/s.exec(packet) ?? []
  const content = parsed(json)
  if (type === '4') return ['connect_error', ...problemCodes(isObject(content) ? content['data'] : null)]
  if (type === '3') return problemCodes(Array.isArray(content) ? content[0] : null)
  if (type !== '2' || !Array.isArray(content)) return []
  const [event, payload] = content as [string, unknown]
  if (event === 'state' && isObject(payload) && payload['reset'] === true) return ['reset']
  if (event !== 'api_error' || !isObject(payload)) return []
  return payload['error'] === 'NotFoundError' ? ['not_found'] : [String(payload['error'])]
}

/** The codes of a problem; `ok` for an answer that is none. */
export function problemCodes(answer: unknown): string[] {
  if (!isObject(answer)) return []
  const { error, errors, status } = answer
  if (error === undefined) return Number(status) < 400 ? ['ok'] : []
  const issues: unknown[] = Array.isArray(errors) ? errors : []
  return [String(error), ...issues.map(issue => (isObject(issue) ? String(issue['code']) : ''))]
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
