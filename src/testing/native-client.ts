import { once } from 'node:events'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../protocol/frames.ts'

/** A client of restuary.1 for tests. It sends what it is given, and keeps what it receives. */
export class NativeClient {
  readonly socket: WebSocket
  readonly heard: any[] = []
  /** All received messages, if they are kept. */
  readonly all: any[] = []
  keep = false
  /** Code and reason of the close, once there is one. */
  closed: { readonly code: number; readonly reason: string } | null = null
  #last = 0
  #wake: () => void = () => {}

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', data => {
      const frame: unknown = JSON.parse((data as Buffer).toString())
      this.heard.push(frame)
      if (this.keep) this.all.push(frame)
      this.#wake()
    })
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
      this.#wake()
    })
    socket.on('error', () => {})
  }

  /** Opens a connection; it has said hello. */
  static async open(
    url: string,
    headers: Readonly<Record<string, string>> = {},
    subprotocol: string = SUBPROTOCOL,
  ): Promise<NativeClient> {
    const socket = new WebSocket(url, subprotocol, { headers, perMessageDeflate: false })
    const client = new NativeClient(socket)
    await once(socket, 'open')
    return client
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The next message that fits; those before it stay. Throws once the connection is closed and nothing fits. */
  async hear(fits: (frame: any) => boolean = () => true): Promise<any> {
    for (;;) {
      const at = this.heard.findIndex(frame => fits(frame))
      if (at >= 0) return this.heard.splice(at, 1)[0]
      if (this.closed) throw new Error(`closed: ${this.closed.code} ${this.closed.reason}`)
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  /** Sends a request and returns its answer. */
  ask(frame: object): Promise<any> {
    const id = ++this.#last
    this.send({ id, ...frame })
    const asked = 'id' in frame ? frame.id : id
    return this.hear(one => one.id === asked)
  }

  async whenClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    while (!this.closed) await new Promise<void>(resolve => (this.#wake = resolve))
    return this.closed
  }

  cut(): void {
    this.socket.terminate()
  }
}
