// What holds of a resource on every face, asked by real clients: whose budget is charged, that what ended has ended, that
// a key is one key, and that events come in the order of what happened.
import { once } from 'node:events'
import { io, type Socket } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { api, resource, t, type ApiOptions, type Budgets } from '../src/index.ts'
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
