// A follower that cannot be given a new snapshot is told so on every face, or loses its connection: nobody waits for ever.
import { once } from 'node:events'
import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { api, ApiError, memory, resource, t, type Api, type Store } from '../src/index.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { served } from './speakers.ts'

/** A store whose log once cannot tell what happened, and which then does not answer the next read. */
function failing(inner: Store): { readonly store: Store; readonly fail: () => void } {
  let state: 'well' | 'forgetful' | 'gone' = 'well'
  const store = new Proxy(inner, {
    get(target, name) {
      if (name === 'commits' && state === 'forgetful') {
        state = 'gone'
        return () => null
      }
      if (name === 'read' && state === 'gone') {
        state = 'well'
        return () => Promise.reject(new ApiError('unavailable', { detail: 'the database does not answer' }))
      }
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return { store, fail: () => (state = 'forgetful') }
}

async function serve(): Promise<{ app: Api; port: number; fail: () => void }> {
  const { store, fail } = failing(memory())
  const todo = resource({ id: t.id(), text: t.text() }).public()
  const app = api({ todo }, { store, report: () => {}, http: { log: () => {} }, onFault: () => {} })
  await app.post('todo', { text: 'a' })
  return { app, port: await served(app), fail }
}

test('restuary.1 names the subscription that has ended, and why', async () => {
  const { app, port, fail } = await serve()
  const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
  onTestFinished(() => client.cut())
  const { id } = await client.ask({ op: 'subscribe', uri: '/todo' })
  fail()
  await app.patch('todo', 1, { text: 'b' })
  const end = await client.hear(frame => frame.op === 'end')
  expect(end).toMatchObject({ sub: id, error: { error: 'unavailable' } })
})

test('a stream ends with the problem', async () => {
  const { app, port, fail } = await serve()
  const response = await fetch(`http://127.0.0.1:${port}/todo`, { headers: { accept: 'text/event-stream' } })
  const read = response.text()
  fail()
  await app.patch('todo', 1, { text: 'b' })
  expect(await read).toContain('"error":"unavailable"')
})

test.each([
  ['a stream of the envelope', { action: 'subscribe', data: { action: 'update' } }],
  ['one row on the envelope', { action: 'subscribe_instance', pk: 1 }],
])('the connection of %s is closed, and the client may connect again', async (_, payload) => {
  const { app, port, fail } = await serve()
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  socket.send(JSON.stringify({ stream: 'todo', payload: { ...payload, request_id: 1 } }))
  const [answer] = (await once(socket, 'message')) as [Buffer]
  expect(JSON.parse(answer.toString()).payload.response_status).toBeLessThan(300)
  const closed = once(socket, 'close')
  fail()
  await app.patch('todo', 1, { text: 'b' })
  expect((await closed)[0]).toBe(1012)
})

test('a client of Socket.IO hears why, and connects again by itself', async () => {
  const { app, port, fail } = await serve()
  const socket = io(`http://127.0.0.1:${port}/`, { transports: ['websocket'], reconnectionDelay: 1 })
  onTestFinished(() => void socket.disconnect())
  const told: unknown[] = []
  socket.on('server_error', error => told.push(error))
  await once(socket as never, 'connect')
  socket.emit('subscribe', '/todo/')
  await once(socket as never, 'state')
  const gone = once(socket as never, 'disconnect')
  const back = gone.then(() => once(socket as never, 'connect'))
  fail()
  await app.patch('todo', 1, { text: 'b' })
  expect((await gone)[0]).toBe('transport close')
  expect(told).toEqual([{ error: 'UnavailableError', message: 'the database does not answer' }])
  await back
})
