import { once } from 'node:events'
import { Agent, get as ask } from 'node:http'
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../../src/protocol/frames.ts'
import { EventStream } from '../../src/testing/event-stream.ts'

/** A row as a caller sees it. */
export type Shown = Readonly<Record<string, unknown>>

/** The content of an event: its kind, the row, and what was shown of it. */
export type Heard = readonly ['state' | 'enter' | 'change' | 'leave', id: number | null, shown?: unknown]

/** Takes every byte that a server sends on connections that are made with its agent. */
export class Tap {
  /** Bytes as text. It may be emptied after it was searched. */
  text = ''
  // Connections are not kept: the server might close one that was idle at the moment when it is used again.
  readonly agent: Agent = new Agent({ keepAlive: false })

  constructor() {
    Object.assign(this.agent, {
      createConnection: (options: NetConnectOpts): Socket =>
        connect(options).on('data', chunk => void (this.text += chunk.toString('latin1'))),
    })
  }
}

/** A subscriber of a list in one protocol, with the rows that a client would have. */
export class Ear {
  readonly face: string
  readonly tap: Tap = new Tap()
  readonly rows: Map<number, Shown> = new Map()
  readonly heard: Heard[] = []
  /** Why it is over, once it is. */
  ended: string | null = null
  close: () => void = () => {}
  /** Something that only this face can be asked. */
  send: (frame: object) => void = () => {}
  #wake: () => void = () => {}

  constructor(face: string) {
    this.face = face
  }

  begin(rows: readonly Shown[]): void {
    this.rows.clear()
    for (const row of rows) this.rows.set(row['id'] as number, row)
    this.#tell(['state', null, rows])
  }

  shown(kind: 'enter' | 'change', row: Shown): void {
    const id = row['id'] as number
    this.rows.set(id, row)
    this.#tell([kind, id, row])
  }

  patched(id: number, patch: Shown): void {
    // A member that is no longer visible is sent as null.
    const row = Object.entries({ ...this.rows.get(id), ...patch }).filter(([, value]) => value !== null)
    this.rows.set(id, Object.fromEntries(row))
    this.#tell(['change', id, patch])
  }

  gone(id: number, shown?: unknown): void {
    this.rows.delete(id)
    this.#tell(shown === undefined ? ['leave', id] : ['leave', id, shown])
  }

  end(why: string): void {
    this.ended ??= why
    this.#wake()
  }

  /** The next event, as it comes. */
  async next(): Promise<Heard> {
    while (this.heard.length === 0) {
      if (this.ended !== null) throw new Error(`it has ended: ${this.ended}`)
      await this.#more()
    }
    return this.heard.shift()!
  }

  /** Resolves when the rows are these, in whatever order. */
  async reach(wanted: readonly Shown[]): Promise<void> {
    const textOf = (rows: Iterable<Shown>): string =>
      JSON.stringify([...rows].map(sorted).toSorted((a, b) => Number(a['id']) - Number(b['id'])))
    const all = textOf(wanted)
    const same = (): boolean => textOf(this.rows.values()) === all
    while (!same()) {
      if (this.ended !== null) throw new Error(`it has ended: ${this.ended}`)
      await this.#more()
    }
  }

  async whenEnded(): Promise<string> {
    while (this.ended === null) await this.#more()
    return this.ended
  }

  #tell(heard: Heard): void {
    this.heard.push(heard)
    this.#wake()
  }

  #more(): Promise<void> {
    return new Promise(resolve => (this.#wake = resolve))
  }
}

/** Members in one order, also those of related rows, because patches append them. */
function sorted(row: Shown): Shown {
  const isRow = (value: unknown): value is Shown => typeof value === 'object' && value !== null && !Array.isArray(value)
  const members = Object.entries(row).map(([name, value]) => [name, isRow(value) ? sorted(value) : value] as const)
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

type Listen = (url: string, token: string | null, uri: string) => Promise<Ear>

/** Follows a list on each face; resolves when its rows are there. */
export const listenOn: Readonly<Record<'sse' | 'native' | 'envelope' | 'socketio', Listen>> = {
  async sse(url, token, uri) {
    const ear = new Ear('sse')
    const headers = { accept: 'text/event-stream', ...bearer(token) }
    const request = ask(`${url}${uri}`, { headers, agent: ear.tap.agent }).on('error', () => {})
    const [response] = await once(request, 'response')
    if (response.statusCode !== 200) throw new Error(`refused: ${response.statusCode}`)
    const stream = new EventStream()
    let last = ''
    const take = (): void => {
      for (const { event, data } of stream.events.splice(0)) {
        if (event === 'snapshot') ear.begin(data)
        else if (event === 'deleted') ear.gone(data.id, data.data ?? undefined)
        else if (event === 'problem') last = data.error
        else if (event !== 'reset') ear.shown(enters(event, data) ? 'enter' : 'change', data.data)
      }
    }
    response.setEncoding('utf8').on('data', (text: string) => {
      stream.feed(text)
      take()
    })
    response.on('close', () => ear.end(last)).on('error', () => {})
    ear.close = () => void request.destroy()
    return begun(ear)
  },

  async native(url, token, uri) {
    const ear = new Ear('native')
    const { agent } = ear.tap
    const socket = new WebSocket(url.replace('http', 'ws'), SUBPROTOCOL, { agent, headers: bearer(token) })
    socket.on('message', text => {
      const frame = JSON.parse((text as Buffer).toString())
      if (frame.op === 'snapshot' || frame.op === 'reset') ear.begin(frame.data)
      if (frame.status >= 400 && frame.id === 1) ear.end(frame.error.error)
      for (const { kind, id, data } of frame.events ?? [])
        if (kind === 'leave') ear.gone(id, data)
        else ear.shown(kind, data)
    })
    socket.on('close', (code, reason) => ear.end(`${code} ${reason.toString()}`)).on('error', () => {})
    await once(socket, 'open')
    ear.send = frame => socket.send(JSON.stringify(frame))
    ear.close = () => socket.terminate()
    ear.send({ id: 1, op: 'subscribe', uri })
    return begun(ear)
  },

  async envelope(url, token, uri) {
    const ear = new Ear('envelope')
    const { agent } = ear.tap
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { agent, headers: bearer(token) })
    const stream = uri.slice(1)
    socket.on('message', text => {
      const { payload } = JSON.parse((text as Buffer).toString())
      if (payload.response_status === 200 && payload.action === 'list') ear.begin(payload.data)
      if (payload.pk === undefined) return
      if (payload.action === 'delete')
        ear.gone(payload.pk, Object.keys(payload.data).length > 1 ? payload.data : undefined)
      else ear.shown(payload.action === 'create' ? 'enter' : 'change', payload.data)
    })
    socket.on('close', (code, reason) => ear.end(`${code} ${reason.toString()}`)).on('error', () => {})
    await once(socket, 'open')
    ear.close = () => socket.terminate()
    ear.send = payload => socket.send(JSON.stringify({ stream, payload }))
    for (const action of ['create', 'update', 'delete'])
      ear.send({ action: 'subscribe', data: { action }, request_id: action })
    ear.send({ action: 'list', data: {}, request_id: 'list' })
    return begun(ear)
  },

  async socketio(url, token, uri) {
    const ear = new Ear('socketio')
    const { agent } = ear.tap
    const auth = token === null ? {} : { token }
    const socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      agent: agent as never,
      auth,
    })
    // Subscriptions with a query have their own name, and the id of the row separately.
    const idOf = (told: { uri: string; id?: number }): number => told.id ?? Number(told.uri.split('/').at(-1))
    let last = ''
    socket.on('state', ({ resource }) => ear.begin(resource))
    socket.on('create', ({ resource }) => ear.shown('enter', resource))
    socket.on('patch', told => ear.patched(idOf(told), told.patch))
    socket.on('delete', told => ear.gone(idOf(told)))
    socket.on('leave', told => ear.gone(idOf(told)))
    socket.on('api_error', ({ error }) => void (last = error))
    socket.on('disconnect', reason => ear.end(last || reason))
    await once(socket as never, 'connect')
    ear.close = () => void socket.disconnect()
    socket.emit('subscribe', uri)
    return begun(ear)
  },
}

const bearer = (token: string | null): Record<string, string> =>
  token === null ? {} : { authorization: `Bearer ${token}` }

const enters = (event: string, { reason }: { reason?: string }): boolean => event === 'created' || reason === 'enter'

async function begun(ear: Ear): Promise<Ear> {
  const [kind] = await ear.next()
  if (kind !== 'state') throw new Error(`it begins with ${kind}`)
  return ear
}
