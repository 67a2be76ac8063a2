// What holds of a resource on every face, asked by real clients: whose budget is charged, and that what ended has ended.
import { once } from 'node:events'
import { io, type Socket } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { api, resource, t, type ApiOptions, type Budgets } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { served } from './speakers.ts'

const note = resource({ id: t.id(), text: t.text() }, { rateLimit: { name: 'notes', quota: 100, window: 60 } }).public()
const fax = resource({ id: t.id() }, { deprecation: { since: '2020-01-01', sunset: '2021-01-01' } }).public()

type Ask = (event: 'list' | 'create' | 'follow', name: 'note' | 'fax') => Promise<number>

/** Clients behind a proxy: each asks for one of three things and gives the status. */
async function clients(options: ApiOptions = {}): Promise<Readonly<Record<string, Ask>>> {
  const app = api({ note, fax }, { report: () => {}, ...options, http: { ...options.http, log: () => {} } })
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
    http: (event, name) => overHttp(`http://127.0.0.1:${port}/${name}`, event, headers),
    native: (event, name) => overNative(native, event, name),
    envelope: (event, name) => overEnvelope(plain, event, name),
    socketio: (event, name) => overSocketIo(socket, event, name),
  }
}

async function overHttp(url: string, event: string, shown: Readonly<Record<string, string>>): Promise<number> {
  const leaving = new AbortController()
  const headers = { ...shown, ...(event === 'follow' && { accept: 'text/event-stream' }) }
  const written = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{"text":"a"}' }
  const { status } = await fetch(url, { signal: leaving.signal, ...(event === 'create' ? written : { headers }) })
  leaving.abort()
  return status
}

async function overNative(client: NativeClient, event: string, name: string): Promise<number> {
  const op = event === 'follow' ? 'subscribe' : event
  const answer = await client.ask({ op, uri: `/${name}`, ...(event === 'create' && { data: { text: 'a' } }) })
  return answer.status as number
}

async function overEnvelope(socket: WebSocket, event: string, stream: string): Promise<number> {
  const data = { list: {}, create: { text: 'a' }, follow: { action: 'update' } }[event]
  socket.send(JSON.stringify({ stream, payload: { action: event === 'follow' ? 'subscribe' : event, data } }))
  const [message] = await once(socket, 'message')
  return JSON.parse(String(message)).payload.response_status
}

async function overSocketIo(socket: Socket, event: string, name: string): Promise<number> {
  const uri = `/${name}/`
  const answer =
    event === 'create'
      ? await socket.emitWithAck('create', { uri, attributes: { text: 'a' } }, {})
      : await socket.emitWithAck('subscribe', uri, {})
  return answer.status
}

test('whoever comes through a proxy has one budget on all faces', async () => {
  const charged: string[] = []
  const budgets: Budgets = {
    spend: (key, cost) => {
      charged.push(key)
      return { allowed: true, debt: cost }
    },
  }
  const faces = await clients({ budgets, http: { trustedProxies: ['127.0.0.1'] } })
  for (const [face, ask] of Object.entries(faces))
    for (const event of ['list', 'create', 'follow'] as const) {
      expect(await ask(event, 'note'), `${face} ${event}`).toBeLessThan(300)
      expect(charged.splice(0), `${face} ${event}`).toEqual(['notes\naddress\n192.0.2.7'])
    }
})

test('what has ended can be followed on no face', async () => {
  for (const [face, ask] of Object.entries(await clients()))
    expect([face, await ask('list', 'fax'), await ask('follow', 'fax')]).toEqual([face, 410, 410])
})
