// §7.6: reads tell their position and, where rows do not show them, the ids; requests wait for a position.
import { once } from 'node:events'
import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { action, api, memory, resource, t, type Api } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { served } from './speakers.ts'

const todo = resource({ id: t.id('text', { client: true }), text: t.text(), photo: t.file() })
  .actions({ get_count: action({ run: async ({ ctx }) => (await ctx.db.list('todo')).length }) })
  .public()

async function open(): Promise<{ app: Api<any>; port: number; position: string }> {
  const app = api({ todo }, { store: memory(), report: () => {}, http: { log: () => {} } })
  await app.create('todo', [
    { id: 'ä', text: 'a' },
    { id: 'b', text: 'b' },
  ])
  return { app, port: await served(app), position: app.store.terms.position(2) }
}

test('reads over HTTP tell their position and the ids', async () => {
  const { port, position } = await open()
  const ask = (path: string, headers = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { prefer: 'position', ...headers } })
  const list = await ask('/todo?fields=text')
  expect([list.headers.get('position'), list.headers.get('ids')]).toEqual([position, '["b","\\u00e4"]'])
  expect((await ask('/todo')).headers.get('ids')).toBeNull()
  const item = await ask('/todo/b')
  expect(item.headers.get('position')).toBe(position)
  expect((await ask('/todo/b', { prefer: '' })).headers.get('position')).toBeNull()
  const again = await ask('/todo/b', { 'if-none-match': item.headers.get('etag')! })
  expect([again.status, again.headers.get('position')]).toEqual([304, position])
})

test('reads with restuary.1 and in code do as well', async () => {
  const { app, port, position } = await open()
  const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
  onTestFinished(() => client.cut())
  expect(await client.ask({ op: 'list', uri: '/todo?fields=text' })).toMatchObject({ position, ids: ['b', 'ä'] })
  expect(await client.ask({ op: 'list', uri: '/todo' })).not.toHaveProperty('ids')
  const { etag } = await client.ask({ op: 'get', uri: '/todo/b' })
  expect(await client.ask({ op: 'get', uri: '/todo/b', ifNoneMatch: etag })).toMatchObject({ status: 304, position })
  expect(await app.safe.list('todo', { fields: ['text'] })).toMatchObject({ position, ids: ['b', 'ä'] })
})

/** Asks for a row on a face, and names a position first. Gives the status. */
const ways: Readonly<Record<string, (at: { app: Api<any>; port: number }, min: string) => Promise<number>>> = {
  ...Object.fromEntries(
    [
      ['GET', '/todo/b'],
      ['GET', '/todo/count'],
      ['GET', '/todo/b/photo'],
      ['PATCH', '/todo/b', { text: 'x' }],
      ['POST', '/batch', [{ method: 'GET', uri: '/todo' }]],
    ].map(([method, path, body]) => [
      `${method as string} ${path as string}`,
      async ({ port }: { port: number }, min: string) => {
        const headers = { 'min-position': min, 'content-type': 'application/json' }
        const sent = { method: method as string, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
        return (await fetch(`http://127.0.0.1:${port}${path as string}`, sent)).status
      },
    ]),
  ),
  sse: async ({ port }, min) => {
    const stream = await fetch(`http://127.0.0.1:${port}/todo?min-position=${min}`, {
      headers: { accept: 'text/event-stream' },
    })
    await stream.body?.cancel()
    return stream.status
  },
  native: async ({ port }, min) => {
    const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => client.cut())
    return (await client.ask({ op: 'act', uri: '/todo/count', method: 'GET', min })).status
  },
  envelope: async ({ port }, min) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    socket.send(JSON.stringify({ stream: 'todo', payload: { action: 'retrieve', pk: 'b', min } }))
    const [text] = await once(socket, 'message')
    return JSON.parse(String(text)).payload.response_status
  },
  socketio: async ({ port }, min) => {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, reconnection: false })
    onTestFinished(() => void socket.disconnect())
    await once(socket as never, 'connect')
    return (await socket.emitWithAck('subscribe', '/todo', { min })).status
  },
  code: async ({ app }, min) => (await app.safe.list('todo', { min })).status,
}

test.each(Object.keys(ways))('%s waits for a position', async way => {
  const at = await open()
  const next = at.app.store.terms.position(3)
  const waiting = ways[way]!(at, next)
  await at.app.create('todo', { id: 'c', text: 'c' })
  const status = await waiting
  expect(status).toBe(way.endsWith('photo') ? 404 : 200)
})

test.each(Object.keys(ways))('%s refuses what is no position, and one of another history', async way => {
  const at = await open()
  expect(await ways[way]!(at, 'nonsense')).toBe(400)
  expect(await ways[way]!(at, 'zzzzzz.1')).toBe(503)
})
