// What holds of a resource on every face, asked by real clients: whose budget is charged, that what ended has ended, that
// a key is one key, and that events come in the order of what happened.
import { once } from 'node:events'
import { io, type Socket } from 'socket.io-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { api, resource, t, type Api, type ApiOptions, type Budgets } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { faces, served, speak } from './speakers.ts'

const note = resource({ id: t.id(), text: t.text() }, { rateLimit: { name: 'notes', quota: 100, window: 60 } }).public()
const order = resource({ id: t.id(), text: t.text() }, { idempotency: 'required' }).public()
const fax = resource({ id: t.id() }, { deprecation: { since: '2020-01-01', sunset: '2021-01-01' } }).public()

interface Answer {
  readonly status: number
  /** The body of the answer. */
  readonly body?: unknown
}
type Ask = (event: 'list' | 'create' | 'follow', name: 'note' | 'order' | 'fax', key?: unknown) => Promise<Answer>

/** Clients behind a proxy. Each asks for one of three things. */
async function clients(options: ApiOptions = {}): Promise<Readonly<Record<string, Ask>>> {
  const app = api({ note, order, fax }, { report: () => {}, ...options, http: { ...options.http, log: () => {} } })
  const port = await served(app)
  const headers = { 'x-forwarded-for': '192.0.2.7' }
  const native = await NativeClient.open(`ws://127.0.0.1:${port}/`, headers)
  onTestFinished(() => native.socket.terminate())
  const plain = new WebSocket(`ws://127.0.0.1:${port}/`, { headers })
  onTestFinished(() => plain.terminate())
  await once(plain, 'open')
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, extraHeaders: headers })
  onTestFinished(() => void socket.disconnect())
  await new Promise<void>(resolve => socket.once('connect', resolve))
  return {
    http: (event, name, key) => overHttp(`http://127.0.0.1:${port}/${name}`, event, headers, key),
    native: (event, name, key) => overNative(native, event, name, key),
    envelope: (event, name, key) => overEnvelope(plain, event, name, key),
    socketio: (event, name, key) => overSocketIo(socket, event, name, key),
  }
}

async function overHttp(url: string, event: string, shown: Record<string, string>, key?: unknown): Promise<Answer> {
  const leaving = new AbortController()
  const headers = {
    ...shown,
    ...(event === 'follow' && { accept: 'text/event-stream' }),
    ...(key !== undefined && { 'idempotency-key': String(key) }),
  }
  const written = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"text":"a"}' }
  const answer = await fetch(url, { signal: leaving.signal, ...(event === 'create' ? written : { headers }) })
  const body: unknown = answer.headers.get('content-type')?.includes('json') ? await answer.json() : undefined
  leaving.abort()
  return { status: answer.status, body }
}

async function overNative(client: NativeClient, event: string, name: string, key?: unknown): Promise<Answer> {
  const op = event === 'follow' ? 'subscribe' : event
  const { status, data, error } = await client.ask({
    op,
    uri: `/${name}`,
    ...(event === 'create' && { data: { text: 'a' }, key }),
  })
  return { status, body: data ?? error }
}

async function overEnvelope(socket: WebSocket, event: string, stream: string, key?: unknown): Promise<Answer> {
  const data = { list: {}, create: { text: 'a' }, follow: { action: 'update' } }[event]
  socket.send(JSON.stringify({ stream, payload: { action: event === 'follow' ? 'subscribe' : event, data, key } }))
  const [message] = await once(socket, 'message')
  const { payload } = JSON.parse(String(message))
  return { status: payload.response_status, body: payload.data ?? payload.errors }
}

async function overSocketIo(socket: Socket, event: string, name: string, key?: unknown): Promise<Answer> {
  const uri = `/${name}/`
  const answer =
    event === 'create'
      ? await socket.emitWithAck('create', { uri, attributes: { text: 'a' } }, { key })
      : await socket.emitWithAck('subscribe', uri, {})
  return { status: answer.status, body: answer.data ?? answer }
}

test('a caller behind a proxy has one budget in all protocols', async () => {
  const charged: string[] = []
  const budgets: Budgets = {
    spend: (key, cost) => {
      charged.push(key)
      return { allowed: true, debt: cost }
    },
  }
  const asking = await clients({ budgets, http: { trustedProxies: ['127.0.0.1'] } })
  for (const [face, ask] of Object.entries(asking))
    for (const event of ['list', 'create', 'follow'] as const) {
      expect((await ask(event, 'note')).status, `${face} ${event}`).toBeLessThan(300)
      expect(charged.splice(0), `${face} ${event}`).toEqual(['notes\naddress\n192.0.2.7'])
    }
})

test('a resource past its sunset cannot be followed in any protocol', async () => {
  for (const [face, ask] of Object.entries(await clients()))
    for (const event of ['list', 'follow'] as const)
      expect(await ask(event, 'fax'), `${face} ${event}`).toMatchObject({ status: 410 })
})

test('a key is one key on all faces', async () => {
  for (const [face, ask] of Object.entries(await clients()))
    expect(await ask('create', 'order', 'k1'), face).toMatchObject({ status: 201, body: { id: 1 } })
})

test.each<[string, unknown]>([
  ['no key', undefined],
  ['what is no key', 'a key'],
])('%s is refused with its place', async (_, key) => {
  const { http, native, envelope, socketio } = await clients()
  const at = (place: object): object => ({ status: 400, body: { errors: [place] } })
  expect(await http!('create', 'order', key)).toMatchObject(at({ header: 'idempotency-key' }))
  expect(await native!('create', 'order', key)).toMatchObject(at({ pointer: '#/key' }))
  expect(await socketio!('create', 'order', key)).toMatchObject(at({ pointer: '#/key' }))
  expect(await envelope!('create', 'order', key)).toEqual({ status: 400, body: [{ key: [expect.any(String)] }] })
})

test.each(faces)('over %s a row that leaves and returns in one step sends both events in this order', async face => {
  const door = resource({ id: t.id(), open: t.bool() }).rules((_, door) => ({ read: door.open.is(true) }))
  const app = api({ door }, { report: () => {}, http: { log: () => {} } })
  const port = await served(app)
  await app.post('door', { open: true })
  const speaker = await speak(face, port)
  await speaker.follow('door')
  await Promise.all([app.patch('door', 1, { open: false }), app.patch('door', 1, { open: true })])
  expect([await speaker.next(), await speaker.next()]).toEqual([
    ['leave', 1],
    ['enter', 1],
  ])
})

test.each(faces)('rows of one message cost one for every ten over %s, in a batch as well', async face => {
  const costs: number[] = []
  const budgets: Budgets = {
    spend: (_key, cost) => {
      costs.push(cost / 1_000)
      return { allowed: true, debt: 0 }
    },
  }
  const team = resource({ id: t.id(), notes: t.back('paper', 'team') }, { rateLimit: '60/60s' }).public()
  const paper = resource(
    { id: t.id(), text: t.text(), team: t.one('team').nullable() },
    { rateLimit: '60/60s' },
  ).public()
  const app = api({ team, paper }, { budgets, report: () => {}, http: { log: () => {} } })
  const ann = await speak(face, await served(app))
  const rows = (count: number): object[] => Array.from({ length: count }, () => ({ text: 'a' }))
  await ann.create('paper', { text: 'a' })
  await ann.create('team', { notes: rows(24) })
  await ann.patch('team', 1, { notes: rows(9) })
  await ann.batch([
    { method: 'POST', uri: '/paper', body: rows(25) },
    { method: 'POST', uri: '/team', body: [{ notes: rows(10) }, { notes: rows(10) }] },
  ])
  expect(costs).toEqual([1, 3, 1, 3, 3])
})

describe('a position in `at`', () => {
  /** Every way to read an earlier position. An envelope tells its faults by field. */
  async function readers(): Promise<{
    readonly app: Api<any>
    readonly readers: Readonly<Record<string, (id: number | null, at: unknown) => Promise<Answer>>>
  }> {
    const app = api({ note }, { report: () => {}, http: { log: () => {} } })
    const port = await served(app)
    const base = `http://127.0.0.1:${port}/note`
    const native = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => native.socket.terminate())
    const plain = new WebSocket(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => plain.terminate())
    await once(plain, 'open')
    const overHttp = async (url: string, request?: RequestInit): Promise<Answer> => {
      const answer = await fetch(url, request)
      return { status: answer.status, body: await answer.json() }
    }
    const overNative = async (message: object): Promise<Answer> => {
      const { status, data, error } = await native.ask(message)
      return { status, body: data ?? error }
    }
    const path = (id: number | null): string => (id === null ? '' : `/${id}`)
    const op = (id: number | null): string => (id === null ? 'list' : 'get')
    return {
      app,
      readers: {
        'a URI': (id, at) => overHttp(`${base}${path(id)}?at=${String(at)}`),
        'a URI in restuary.1': (id, at) => overNative({ op: op(id), uri: `/note${path(id)}?at=${String(at)}` }),
        'params in restuary.1': (id, at) => overNative({ op: op(id), uri: `/note${path(id)}`, params: { at } }),
        envelope: async (pk, at) => {
          plain.send(
            JSON.stringify({
              stream: 'note',
              payload: { action: pk === null ? 'list' : 'retrieve', pk, at, data: {} },
            }),
          )
          const { payload } = JSON.parse(String((await once(plain, 'message'))[0]))
          return { status: payload.response_status, body: payload.data ?? payload.errors }
        },
      },
    }
  }

  test('is read alike by every face that reads', async () => {
    const { app, readers: all } = await readers()
    await app.post('note', { text: 'a' })
    const { position } = await app.safe.post('note', { text: 'b' })
    await app.patch('note', 1, { text: 'z' })
    await app.delete('note', 2)
    for (const [way, read] of Object.entries(all)) {
      expect(await read(2, position), way).toEqual({ status: 200, body: { id: 2, text: 'b' } })
      expect(await read(null, position), way).toEqual({
        status: 200,
        body: [
          { id: 1, text: 'a' },
          { id: 2, text: 'b' },
        ],
      })
      expect(await read(3, position), way).toMatchObject({ status: 404 })
    }
  })

  test('is refused alike, with its place', async () => {
    const { app, readers: all } = await readers()
    await app.post('note', { text: 'a' })
    const places = {
      'a URI': { parameter: 'at' },
      'a URI in restuary.1': { parameter: 'at' },
      'params in restuary.1': { pointer: '#/params/at' },
    }
    for (const at of ['nonsense', 'zzzzzz.1', `${app.engine.epoch}.999`])
      for (const [way, read] of Object.entries(all)) {
        const { status, body } = await read(1, at)
        expect(status, `${way} ${at}`).toBe(400)
        if (way === 'envelope') expect(body, at).toEqual([{ at: [expect.any(String)] }])
        else expect(body, `${way} ${at}`).toMatchObject({ errors: [places[way as keyof typeof places]] })
      }
    expect(await all['params in restuary.1']!(1, 7)).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'type' }] },
    })
    expect(await all['envelope']!(1, 7)).toMatchObject({ status: 400, body: [{ at: [expect.any(String)] }] })
  })

  test('is gone where the log does not reach, with the oldest position', async () => {
    const { app, readers: all } = await readers()
    const { position } = await app.safe.post('note', { text: 'a' })
    await app.patch('note', 1, { text: 'b' })
    await app.store.load(app.model.resources.get('note')!, [[9, 0, 0, 'c']])
    for (const [way, read] of Object.entries(all)) expect((await read(1, position)).status, way).toBe(410)
  })

  test('is for reads only: writes, subscriptions and batches refuse it', async () => {
    const app = api({ note }, { report: () => {}, http: { log: () => {} } })
    const port = await served(app)
    const { position } = await app.safe.post('note', { text: 'a' })
    const uri = `/note/1?at=${position}`
    const native = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => native.socket.terminate())
    const unknown = { errors: [{ code: 'unknown_param' }] }
    expect((await native.ask({ op: 'subscribe', uri })).error).toMatchObject(unknown)
    expect((await native.ask({ op: 'patch', uri, data: { text: 'b' } })).error).toMatchObject(unknown)
    const followed = await fetch(`http://127.0.0.1:${port}${uri}`, { headers: { accept: 'text/event-stream' } })
    expect(await followed.json()).toMatchObject(unknown)
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true })
    onTestFinished(() => void socket.disconnect())
    expect(await socket.emitWithAck('subscribe', uri, {})).toMatchObject(unknown)
    const calls = [{ method: 'GET', uri }]
    const refused = { status: 400, detail: '#/0: a transaction sees the present only' }
    expect(await socket.emitWithAck('batch', calls, {})).toMatchObject(refused)
    expect((await native.ask({ op: 'batch', calls })).error).toMatchObject(refused)
    const plain = new WebSocket(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => plain.terminate())
    await once(plain, 'open')
    plain.send(JSON.stringify({ stream: 'note', payload: { action: 'delete', pk: 1, at: position } }))
    const { payload } = JSON.parse(String((await once(plain, 'message'))[0]))
    expect(payload).toMatchObject({ response_status: 400, errors: [{ at: ['Only list and retrieve read the past.'] }] })
    expect(await app.list('note')).toEqual([{ id: 1, text: 'a' }])
  })
})
