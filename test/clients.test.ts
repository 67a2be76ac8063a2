// Existing clients: we understand what they send, and they understand what they get.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { AddressInfo, Socket as NetSocket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { app as todoApp } from '../examples/todo-socketio/app.ts'
import { api, attachFaces, handler, resource, t, type Api, type SocketApi } from '../src/index.ts'
import { EventStream } from '../src/testing/event-stream.ts'
import { nodeServer } from '../src/transport/hosts/node.ts'
import { areInPath, pythonWith, runsWith } from './system-programs.ts'

interface Served {
  readonly authority: string
  /** Cuts every connection, as a network does. */
  cut(): void
}

async function serve(app: SocketApi): Promise<Served> {
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits)
  const faces = attachFaces(server, app)
  const open = new Set<NetSocket>()
  server.on('connection', socket => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  onTestFinished(async () => {
    await faces.close()
    cut()
    server.close()
  })
  return { authority: `127.0.0.1:${(server.address() as AddressInfo).port}`, cut }
}

const require = createRequire(import.meta.url)

interface OldSocket {
  on(event: string, listener: (...args: any[]) => void): void
  emit(event: string, ...args: unknown[]): void
  close(): void
}

describe('socket.io-client 1.3.6', () => {
  const connectOld = require('socket.io-client-1') as (url: string, options: object) => OldSocket

  test.each([
    ['polling, then WebSocket', ['polling', 'websocket']],
    ['WebSocket alone', ['websocket']],
  ])('does what the page of the ancestor does: %s', async (_, transports) => {
    const { authority } = await serve(todoApp)
    const socket = connectOld(`http://${authority}`, { forceNew: true, transports })
    onTestFinished(() => socket.close())
    const heard: unknown[] = []
    let wake = (): void => {}
    for (const event of ['state', 'create', 'patch', 'delete', 'api_error', 'server_error'])
      socket.on(event, payload => {
        heard.push([event, payload])
        wake()
      })
    const next = async (): Promise<any> => {
      while (heard.length === 0) await new Promise<void>(resolve => (wake = resolve))
      return heard.shift()
    }
    await new Promise<void>(resolve => socket.on('connect', resolve))
    socket.emit('subscribe', 'todo/')
    expect(await next()).toMatchObject(['state', { uri: 'todo/' }])
    socket.emit('create', { uri: 'todo/', attributes: { text: 'pack' } })
    const [, { resource: todo }] = await next()
    expect(todo).toEqual({ id: expect.stringMatching(/^\d+$/), text: 'pack', completed: false })
    const uri = `todo/${todo.id}`
    socket.emit('patch', { uri, patch: { completed: true } })
    expect(await next()).toEqual(['patch', { uri, patch: { completed: true } }])
    socket.emit('patch', { uri: 'todo/none', patch: {} })
    expect(await next()).toEqual(['api_error', { error: 'NotFoundError', message: 'there is no todo none' }])
    socket.emit('delete', { uri })
    expect(await next()).toEqual(['delete', { uri }])
  })

  test('is refused where old clients are not asked for', async () => {
    const { authority } = await serve({ ...todoApp, faces: {} })
    const socket = connectOld(`http://${authority}`, { forceNew: true, transports: ['polling'], reconnection: false })
    onTestFinished(() => socket.close())
    await new Promise<void>((resolve, reject) => {
      socket.on('connect_error', () => resolve())
      socket.on('connect', () => reject(new Error('connected')))
    })
  })
})

test('socket.io-client 4 continues where it was after its connection was cut', async () => {
  const app = api({ todo: resource({ id: t.id(), text: t.text() }).public() }, { report: () => {} })
  const { authority, cut } = await serve(app)
  const socket = io(`http://${authority}`, { transports: ['websocket'], forceNew: true, reconnectionDelay: 10 })
  onTestFinished(async () => {
    socket.disconnect()
    await app.close()
  })
  let position: string | undefined
  const texts: string[] = []
  const take = (payload: { resource: any; position?: string }): void => {
    texts.push(...[payload.resource].flat().map(row => row.text as string))
    position = payload.position ?? position
  }
  socket.on('state', take)
  socket.on('create', take)
  const subscribed = async (): Promise<void> => {
    await once(socket as never, 'connect')
    await socket.emitWithAck('subscribe', '/todo', position === undefined ? {} : { since: position })
  }
  await subscribed()
  await app.post('todo', { text: 'a' })
  await expect.poll(() => texts).toEqual(['a'])
  for (const text of ['b', 'c', 'd']) {
    const again = subscribed()
    cut()
    await app.post('todo', { text })
    await again
  }
  await expect.poll(() => texts).toEqual(['a', 'b', 'c', 'd'])
})

describe('dcrf-client 0.3.0', () => {
  const { default: dcrf } = require('dcrf-client') as typeof import('dcrf-client')
  const model = { thing: resource({ id: t.id(), name: t.text(), counter: t.integer().default(0) }).public() }

  async function connect(profile: 'channels' | 'dcrf'): Promise<{
    app: Api<typeof model>
    client: ReturnType<typeof dcrf.createClient>
    cut: () => void
  }> {
    const app = api(model, { report: () => {}, websocket: { envelope: profile } })
    const { authority, cut } = await serve(app)
    const client = dcrf.createClient(`ws://${authority}/ws`, {
      pkField: 'id',
      websocket: { WebSocket, minReconnectionDelay: 10, maxReconnectionDelay: 50 },
    })
    client.initialize()
    onTestFinished(async () => {
      client.close()
      await app.close()
    })
    return { app, client, cut }
  }

  test.each(['channels', 'dcrf'] as const)('creates, reads, updates and deletes: %s', async profile => {
    const { client } = await connect(profile)
    const row = { id: 1, name: 'a', counter: 0 }
    expect(await client.create('thing', { name: 'a' })).toEqual(row)
    expect(await client.retrieve('thing', 1)).toEqual(row)
    expect(await client.list('thing')).toEqual([row])
    expect(await client.update('thing', 1, { name: 'b', counter: 2 })).toEqual({ id: 1, name: 'b', counter: 2 })
    expect(await client.patch('thing', 1, { counter: 3 })).toMatchObject({ counter: 3 })
    await client.delete('thing', 1)
    await expect(client.retrieve('thing', 1)).rejects.toMatchObject({ response_status: 404 })
    await expect(client.create('thing', {})).rejects.toMatchObject({ errors: [{ name: ['This field is required.'] }] })
  })

  test.each(['channels', 'dcrf'] as const)('hears of rows, also after a cut: %s', async profile => {
    const { app, client, cut } = await connect(profile)
    await app.post('thing', { name: 'a' })
    const heard: unknown[] = []
    await client.subscribe('thing', 1, (data, action) => heard.push([action, data]))
    await client.patch('thing', 1, { counter: 1 })
    await expect.poll(() => heard.splice(0)).toEqual([['update', { id: 1, name: 'a', counter: 1 }]])
    const again = once(client.transport as never, 'reconnect')
    cut()
    await again
    // It has subscribed again by itself; requests are done one after the other.
    await client.list('thing')
    await app.patch('thing', 1, { counter: 2 })
    await expect.poll(() => heard.splice(0)).toEqual([['update', { id: 1, name: 'a', counter: 2 }]])
    await app.delete('thing', 1)
    await expect.poll(() => heard.splice(0)).toEqual([['delete', { id: 1 }]])
    await expect(client.subscribe('thing', 9, () => {})).rejects.toMatchObject({ response_status: 404 })
  })
})

const script = `
import socketio, sys, json
client = socketio.Client()
def tell(value):
    sys.stdout.write(json.dumps(value, separators=(',', ':')) + '\\n')
    sys.stdout.flush()
for event in ('state', 'create', 'patch', 'delete', 'api_error'):
    client.on(event, lambda payload, event=event: tell([event, payload]))
client.connect(sys.argv[1], transports=['websocket'])
client.call('subscribe', 'todo/')
made = client.call('create', ({'uri': 'todo/', 'attributes': {'text': 'pack'}}, {}))
client.call('patch', {'uri': 'todo/%d' % made['data']['id'], 'patch': {'text': 'go'}})
client.call('delete', {'uri': 'todo/9'})
tell(client.call('delete', ({'uri': 'todo/1'}, {}))['status'])
client.disconnect()
`

const python = pythonWith('socketio', 'websocket')
const packages = 'python3-socketio and python3-websocket'
test.skipIf(!runsWith('python-socketio', python !== undefined, packages))(
  'python-socketio speaks the same',
  async () => {
    expect(python, `install ${packages}`).toBeDefined()
    const app = api({ todo: resource({ id: t.id(), text: t.text() }).public() }, { report: () => {} })
    const { authority } = await serve(app)
    onTestFinished(() => app.close())
    const child = spawn(python!, ['-c', script, `http://${authority}`])
    let told = ''
    let wrong = ''
    child.stdout.on('data', (chunk: Buffer) => (told += chunk))
    child.stderr.on('data', (chunk: Buffer) => (wrong += chunk))
    expect([(await once(child, 'close'))[0], wrong]).toEqual([0, ''])
    // Its threads print in any order.
    expect(told.trim().split('\n').toSorted()).toEqual(
      [
        ['state', { uri: 'todo/', resource: [] }],
        ['create', { uri: 'todo/', resource: { id: 1, text: 'pack' } }],
        ['patch', { uri: 'todo/1', patch: { text: 'go' } }],
        ['api_error', { error: 'NotFoundError', message: 'there is no todo 9' }],
        ['delete', { uri: 'todo/1' }],
        204,
      ]
        .map(one => JSON.stringify(one))
        .toSorted(),
    )
  },
)

describe.skipIf(!runsWith('curl', areInPath('curl'), 'curl'))('curl', () => {
  /** A stream as curl prints it. */
  function follow(url: string, ...args: readonly string[]): { stream: EventStream; ended: Promise<unknown> } {
    const child = spawn('curl', ['-sSN', '-H', 'accept: text/event-stream', ...args, url])
    onTestFinished(() => void child.kill())
    const stream = new EventStream()
    child.stdout.setEncoding('utf8').on('data', (text: string) => stream.feed(text))
    child.stdout.on('end', () => stream.end())
    return { stream, ended: once(child, 'close').then(([code]) => code as unknown) }
  }

  test('follows a list, and resumes it where it was cut off', async () => {
    const app = api({ todo: resource({ id: t.id(), text: t.text() }).public() }, { report: () => {} })
    const { authority, cut } = await serve(app)
    onTestFinished(() => app.close())
    await app.post('todo', { text: 'pack' })
    const first = follow(`http://${authority}/todo`)
    const [snapshot] = await first.stream.take(1)
    expect(snapshot).toMatchObject({ event: 'snapshot', data: [{ id: 1, text: 'pack' }] })
    await app.patch('todo', 1, { text: 'go' })
    const [changed] = await first.stream.take(1)
    expect(changed).toMatchObject({ event: 'updated', data: { id: 1, data: { text: 'go' } } })
    cut()
    // curl: (18) transfer closed with outstanding read data remaining
    expect(await first.ended).toBe(18)
    await app.post('todo', { text: 'rest' })
    const second = follow(`http://${authority}/todo`, '-H', `last-event-id: ${changed!.id}`)
    const [created] = await second.stream.take(1)
    expect(created).toMatchObject({ event: 'created', data: { data: { text: 'rest' } } })
  })

  test('is told why a stream ended', async () => {
    const app = api({ todo: resource({ id: t.id(), text: t.text() }).public() }, { report: () => {} })
    const { authority } = await serve(app)
    await app.post('todo', { text: 'pack' })
    const { stream, ended } = follow(`http://${authority}/todo/1`)
    expect(await stream.take(1)).toMatchObject([{ event: 'snapshot', data: [{ id: 1 }] }])
    await app.close()
    expect(await stream.take(1)).toMatchObject([{ event: 'problem', data: { error: 'unavailable' } }])
    expect(await ended).toBe(0)
  })
})
