// Real clients of every face behind one set of words, so that a test can say the same to all of them.
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { io } from 'socket.io-client'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { SUBPROTOCOL } from '../src/protocol/frames.ts'
import { attachFaces, handler, type Api } from '../src/index.ts'
import { EventStream } from '../src/testing/event-stream.ts'
import { nodeServer } from '../src/transport/hosts/node.ts'

/** The result of a request. The envelope has no codes. */
export interface Told {
  readonly status: number
  readonly code: string | null
  readonly row: unknown
}

/** An event of one row as a follower received it. */
export type Heard = readonly ['enter' | 'change' | 'leave', unknown]

/** A client of one face. A list is named without slashes, a row by its list and its id. */
export interface Speaker {
  create(list: string, data: unknown, key?: string): Promise<Told>
  /** Where the face has a word for it. */
  replace?(list: string, id: unknown, data: unknown): Promise<Told>
  patch(list: string, id: unknown, data: unknown): Promise<Told>
  remove(list: string, id: unknown): Promise<Told>
  list(list: string): Promise<any[]>
  /** Follows a list from now on. */
  follow(list: string): Promise<void>
  /** The next event. */
  next(): Promise<Heard>
  /** Several calls, all or nothing. The row of the result has the outcomes, or is the problem. */
  batch(calls: readonly object[]): Promise<Told>
  readonly seen: Seen
  cut(): void
}

/** Positions and keys that a client was told. */
export class Seen {
  /** The position of the newest answer. */
  position: string | null = null
  /** Whether each request asks for that position first. */
  isAskedFor = false
  /** Idempotency keys of own writes, as events tell them. The envelope does not, and neither do plain events of Socket.IO. */
  readonly keys: string[] = []

  get min(): { readonly min?: string } {
    return this.isAskedFor && this.position !== null ? { min: this.position } : {}
  }

  answer(position: string | null | undefined): void {
    this.position = position ?? this.position
  }
}

export type Face = 'http' | 'native' | 'envelope' | 'socketio'
export const faces: readonly Face[] = ['http', 'native', 'envelope', 'socketio']

/** Serves an Api with all its faces for the rest of the test. Gives its port. */
export async function served(app: Api<any>): Promise<number> {
  const { port, close } = await serveFaces(app)
  onTestFinished(close)
  return port
}

/** Serves an Api with all its faces until it is closed. */
export async function serveFaces(
  app: Api<any>,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  await app.ready()
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits)
  const { close } = attachFaces(server, app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      await close()
      server.closeAllConnections()
      server.close()
      await app.close()
    },
  }
}

/** A client of a face, until it is cut. A token says who it is. */
export async function connect(face: Face, port: number, token: string | null = null): Promise<Speaker> {
  return speakers[face](port, token)
}

const bearer = (token: string | null): Record<string, string> =>
  token === null ? {} : { authorization: `Bearer ${token}` }

/** The same for the rest of the test. */
export async function speak(face: Face, port: number): Promise<Speaker> {
  const speaker = await connect(face, port)
  onTestFinished(() => speaker.cut())
  return speaker
}

const speakers: Readonly<Record<Face, (port: number, token: string | null) => Speaker | Promise<Speaker>>> = {
  http: overHttp,
  native: overNative,
  envelope: overEnvelope,
  socketio: overSocketIo,
}

/** Events that have arrived and were not yet asked for. */
class Ear {
  readonly #heard: Heard[] = []
  #wake: () => void = () => {}

  hear(...heard: Heard): void {
    this.#heard.push(heard)
    this.#wake()
  }

  async next(): Promise<Heard> {
    while (this.#heard.length === 0) await new Promise<void>(resolve => (this.#wake = resolve))
    return this.#heard.shift()!
  }
}

const told = (status: number, body: any): Told =>
  status < 400 ? { status, code: null, row: body ?? null } : { status, code: body.error, row: null }

/** HTTP, and SSE to follow. */
function overHttp(port: number, token: string | null): Speaker {
  const ear = new Ear()
  const seen = new Seen()
  const streams: ReturnType<typeof request>[] = []
  const ask = async (
    method: string,
    path: string,
    data?: unknown,
    key?: string,
  ): Promise<{ status: number; body: any }> => {
    const answer = await fetch(`http://127.0.0.1:${port}/${path}`, {
      method,
      ...(data !== undefined && { body: JSON.stringify(data) }),
      headers: {
        'content-type': typeOf(method, data),
        ...bearer(token),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(seen.min.min ? { 'min-position': seen.min.min } : seen.isAskedFor && { prefer: 'position' }),
      },
    })
    seen.answer(answer.headers.get('position'))
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
  }
  const write = async (method: string, path: string, data?: unknown, key?: string): Promise<Told> => {
    const { status, body } = await ask(method, path, data, key)
    return told(status, body)
  }
  // On sockets an array is a JSON Patch; HTTP has a media type for it.
  const typeOf = (method: string, data: unknown): string =>
    method === 'PATCH' && Array.isArray(data) ? 'application/json-patch+json' : 'application/json'
  const kinds = { created: 'enter', updated: 'change', deleted: 'leave' } as const
  return {
    create: (list, data, key) => write('POST', list, data, key),
    replace: (list, id, data) => write('PUT', `${list}/${id as string}`, data),
    patch: (list, id, data) => write('PATCH', `${list}/${id as string}`, data),
    remove: (list, id) => write('DELETE', `${list}/${id as string}`),
    list: async list => (await ask('GET', list)).body,
    follow: async list => {
      const stream = new EventStream()
      const following = request(
        { port, path: `/${list}`, headers: { accept: 'text/event-stream', ...bearer(token) } },
        answer => {
          answer.setEncoding('utf8').on('data', (text: string) => stream.feed(text))
          answer.on('close', () => stream.end())
        },
      )
      following.on('error', () => {}).end()
      streams.push(following)
      await stream.take(1)
      void (async () => {
        for (;;) {
          const [event] = await stream.take(1)
          if (event!.event === 'by') seen.keys.push(...event!.data.keys)
          const kind = kinds[event!.event as keyof typeof kinds]
          if (kind) ear.hear(kind, event!.data.id)
        }
      })().catch(() => {})
    },
    next: () => ear.next(),
    batch: async calls => {
      const { status, body } = await ask('POST', 'batch', calls)
      return { status, code: null, row: body }
    },
    seen,
    cut: () => streams.forEach(stream => stream.destroy()),
  }
}

async function overNative(port: number, token: string | null): Promise<Speaker> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, SUBPROTOCOL, { headers: bearer(token) })
  const ear = new Ear()
  const seen = new Seen()
  const waiting = new Map<unknown, (frame: any) => void>()
  let last = 0
  socket.on('message', data => {
    const frame = JSON.parse(String(data))
    if (frame.op === 'commit') {
      seen.keys.push(...(frame.by ?? []))
      for (const { kind, id } of frame.events) ear.hear(kind, id)
    } else waiting.get(frame.op === 'snapshot' ? 'snapshot' : frame.id)?.(frame)
  })
  await once(socket, 'open')
  const answer = (id: unknown): Promise<any> => new Promise(resolve => waiting.set(id, resolve))
  const ask = (frame: object): Promise<any> => {
    const id = ++last
    socket.send(JSON.stringify({ id, ...frame, ...seen.min }))
    return answer(id).then(told => {
      seen.answer(told.position)
      return told
    })
  }
  const write = async (frame: object): Promise<Told> => {
    const { status, error, data } = await ask(frame)
    return told(status, error ?? data)
  }
  return {
    create: (list, data, key) => write({ op: 'create', uri: list, data, ...(key !== undefined && { key }) }),
    replace: (list, id, data) => write({ op: 'replace', uri: `${list}/${id as string}`, data }),
    patch: (list, id, data) => write({ op: 'patch', uri: `${list}/${id as string}`, data }),
    remove: (list, id) => write({ op: 'delete', uri: `${list}/${id as string}` }),
    list: async list => (await ask({ op: 'list', uri: list })).data,
    follow: async list => {
      const begun = answer('snapshot')
      await ask({ op: 'subscribe', uri: list })
      await begun
    },
    next: () => ear.next(),
    batch: async calls => {
      const { status, error, data } = await ask({ op: 'batch', calls })
      return { status, code: null, row: error ?? data }
    },
    seen,
    cut: () => socket.terminate(),
  }
}

async function overEnvelope(port: number, token: string | null): Promise<Speaker> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: bearer(token) })
  const ear = new Ear()
  const seen = new Seen()
  const waiting = new Map<unknown, (payload: any) => void>()
  const kinds = { create: 'enter', update: 'change', delete: 'leave' } as const
  let last = 0
  socket.on('message', data => {
    const { payload } = JSON.parse(String(data))
    const answered = waiting.get(payload.request_id)
    if (answered) answered(payload)
    else ear.hear(kinds[payload.action as keyof typeof kinds], payload.pk)
  })
  await once(socket, 'open')
  const ask = async (stream: string, payload: object): Promise<any> => {
    const id = ++last
    const answer = new Promise<any>(resolve => waiting.set(id, resolve))
    const asked = seen.isAskedFor ? { min: seen.position } : {}
    socket.send(JSON.stringify({ stream, payload: { request_id: id, ...payload, ...asked } }))
    const told = await answer
    seen.answer(told.position)
    return told
  }
  const write = async (stream: string, payload: object): Promise<Told> => {
    const { response_status: status, data } = await ask(stream, payload)
    return { status, code: null, row: status < 400 ? data : null }
  }
  return {
    create: (list, data, key) => write(list, { action: 'create', data, ...(key !== undefined && { key }) }),
    patch: (list, pk, data) => write(list, { action: 'patch', pk, data }),
    remove: async (list, pk) => {
      // A deletion is 200 with an empty object there.
      const answer = await write(list, { action: 'delete', pk })
      return answer.status === 200 ? { ...answer, status: 204, row: null } : answer
    },
    list: async list => (await ask(list, { action: 'list', data: {} })).data,
    follow: async list => {
      for (const action of Object.keys(kinds)) await ask(list, { action: 'subscribe', data: { action } })
    },
    next: () => ear.next(),
    batch: async calls => {
      // Any stream takes a batch.
      const stream = (calls[0] as { uri: string }).uri.split('/')[1]!
      const { response_status: status, data, errors } = await ask(stream, { action: 'batch', data: calls })
      return { status, code: null, row: errors[0] ?? data }
    },
    seen,
    cut: () => socket.terminate(),
  }
}

async function overSocketIo(port: number, token: string | null): Promise<Speaker> {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    auth: token === null ? {} : { token },
  })
  const ear = new Ear()
  const seen = new Seen()
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  const idOf = (uri: string): unknown => {
    const id = uri.split('/').at(-1)!
    return /^\d+$/.test(id) ? Number(id) : id
  }
  socket.on('create', ({ resource }) => ear.hear('enter', resource.id))
  socket.on('patch', ({ uri }) => ear.hear('change', idOf(uri)))
  socket.on('delete', ({ uri }) => ear.hear('leave', idOf(uri)))
  const say = (event: string, ...given: unknown[]): Promise<any> =>
    new Promise(resolve => socket.emit(event, ...given, resolve))
  const write = async (event: string, message: object, options: object = {}): Promise<Told> => {
    const answer = await say(event, message, { ...options, ...seen.min })
    seen.answer(answer.position)
    return told(answer.status, answer.error ? answer : answer.data)
  }
  return {
    create: (list, attributes, key) =>
      write('create', { uri: `${list}/`, attributes }, key === undefined ? {} : { key }),
    patch: (list, id, patch) => write('patch', { uri: `${list}/${id as string}`, patch }),
    remove: (list, id) => write('delete', { uri: `${list}/${id as string}` }),
    list: async list => {
      const uri = `/${list}/?`
      const state = new Promise<any>(resolve => socket.once('state', resolve))
      const { position } = await say('subscribe', uri, seen.min)
      seen.answer(position)
      await say('unsubscribe', uri)
      return (await state).resource
    },
    follow: list => say('subscribe', `${list}/`),
    next: () => ear.next(),
    batch: async calls => {
      const answer = await say('batch', calls, seen.min)
      seen.answer(answer.position)
      return { status: answer.status, code: null, row: answer.error ? answer : answer.data }
    },
    seen,
    cut: () => void socket.disconnect(),
  }
}
