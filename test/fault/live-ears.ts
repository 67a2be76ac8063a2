import { get as ask, type ClientRequest } from 'node:http'
import { WebSocket } from 'ws'
import { EventStream, type StreamEvent } from '../../src/testing/event-stream.ts'
import { seqOf } from './call.ts'
import type { Heard, HeardEvent } from './live-history.ts'
import type { ItemRow, View } from './live-state.ts'

/** A subscriber that comes back whenever it is cut off, and continues where it was. */
export interface Ear {
  readonly name: string
  readonly view: View
  readonly heard: readonly Heard[]
  /** Whether it is connected and has received something. */
  readonly isOpen: boolean
  /** Resolves once it has received a row. */
  hasHeardOf(id: number): Promise<void>
  /** Cuts the connection. */
  cut(): void
  /** Stops for good. */
  stop(): void
}

/** What the listeners of all protocols have in common: the caller, connecting again, and the position to resume from. */
export abstract class Listening implements Ear {
  readonly name: string
  readonly view: View
  readonly heard: Heard[] = []
  /** Of the server that lives now. */
  protected readonly port: () => number
  /** The position of the last received event, as the server wrote it. */
  protected last: string | null = null
  isOpen = false
  #isStopped = false
  #wake: () => void = () => {}

  constructor(name: string, view: View, port: () => number) {
    this.name = name
    this.view = view
    this.port = port
  }

  begin(): this {
    this.connect()
    return this
  }

  protected abstract connect(): void
  abstract cut(): void

  stop(): void {
    this.#isStopped = true
    this.cut()
  }

  protected again(): void {
    this.isOpen = false
    if (!this.#isStopped) setTimeout(() => this.#isStopped || this.connect(), 5)
  }

  protected get headers(): Record<string, string> {
    return { 'x-user': `${this.view.me}` }
  }

  async hasHeardOf(id: number): Promise<void> {
    while (!this.heard.some(one => isOf(id, one))) await new Promise<void>(resolve => (this.#wake = resolve))
  }

  protected hear(heard: Heard, position: string | null): void {
    this.last = position
    this.isOpen = true
    this.note(heard)
  }

  protected note(heard: Heard): void {
    this.heard.push(heard)
    this.#wake()
  }
}

function isOf(id: number, heard: Heard): boolean {
  switch (heard.kind) {
    case 'snapshot':
    case 'read':
      return heard.rows.some(row => row.id === id)
    case 'commit':
      return heard.events.some(event => event.id === id)
    case 'pushed':
      return heard.event.id === id
    case 'resumed':
      return false
    default:
      return heard satisfies never
  }
}

export class SseEar extends Listening {
  #request: ClientRequest | null = null

  protected connect(): void {
    const headers: Record<string, string> = { ...this.headers, accept: 'text/event-stream' }
    if (this.last !== null) headers['last-event-id'] = this.last
    const request = ask({ port: this.port(), path: this.view.uri, headers, agent: false })
    this.#request = request
    request.on('error', () => {})
    request.on('close', () => this.again())
    request.on('response', response => {
      if (response.statusCode !== 200) return void request.destroy()
      const stream = new EventStream()
      // Events of a commit that was cut in two are forgotten with the connection.
      let open: StreamEvent[] = []
      if (this.last !== null) this.hear({ kind: 'resumed', position: seqOf(this.last) }, this.last)
      response.setEncoding('utf8').on('data', (text: string) => {
        stream.feed(text)
        for (const event of stream.events.splice(0)) {
          if (event.event === 'reset') {
            // It seemed to resume, but was reset.
            if (this.heard.at(-1)?.kind === 'resumed') this.heard.pop()
          } else if (event.event !== 'behind') open.push(event)
          if (event.id === undefined) continue
          this.#take(open, event.id)
          open = []
        }
      })
      response.on('error', () => {})
    })
  }

  #take(events: readonly StreamEvent[], position: string): void {
    const seq = seqOf(position)
    const [first] = events
    if (first!.event === 'snapshot') {
      const rows = events.flatMap(event => (event.event === 'snapshot' ? (event.data as ItemRow[]) : []))
      return this.hear({ kind: 'snapshot', position: seq, rows }, position)
    }
    const kinds = { created: 'enter', updated: 'change', deleted: 'leave' } as const
    const told = events.map(({ event, data }): HeardEvent => ({
      kind: kinds[event as keyof typeof kinds],
      id: data.id,
      seq: seqOf(data.version),
      data: data.data,
    }))
    this.hear({ kind: 'commit', position: seq, events: told }, position)
  }

  cut(): void {
    this.#request?.destroy()
  }
}

export class NativeEar extends Listening {
  #socket: WebSocket | null = null

  protected connect(): void {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port()}/`, 'restuary.1', {
      headers: this.headers,
      perMessageDeflate: false,
    })
    this.#socket = socket
    let rows: ItemRow[] = []
    socket.on('error', () => {})
    socket.on('close', () => this.again())
    socket.on('open', () => {
      const since = this.last === null ? {} : { since: this.last }
      socket.send(JSON.stringify({ id: 1, op: 'subscribe', uri: this.view.uri, ...since }))
    })
    socket.on('message', data => {
      const frame = JSON.parse((data as Buffer).toString())
      if (frame.op === 'resumed') this.hear({ kind: 'resumed', position: seqOf(frame.position) }, frame.position)
      else if (frame.op === 'snapshot' || frame.op === 'reset') {
        rows = [...rows, ...frame.data]
        if (frame.more) return
        this.hear({ kind: 'snapshot', position: seqOf(frame.position), rows }, frame.position)
        rows = []
      } else if (frame.op === 'commit') {
        const events = frame.events.map((event: any) => ({
          kind: event.kind,
          id: event.id,
          seq: seqOf(event.version),
          data: event.data ?? null,
        }))
        this.hear({ kind: 'commit', position: seqOf(frame.position), events }, frame.position)
      } else if (frame.error) socket.terminate()
    })
  }

  cut(): void {
    this.#socket?.terminate()
  }
}
