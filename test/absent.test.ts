// A subscription to a row that is not there yet: refused, or by `absent=wait` a snapshot of nothing, then its creation.
import { once } from 'node:events'
import { get } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { io } from 'socket.io-client'
import { api, memory, resource, sqlite, t, type Api, type Store } from '../src/index.ts'
import { EventStream } from '../src/testing/event-stream.ts'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import { served } from './speakers.ts'

const todo = resource({ id: t.id('integer', { client: true }), text: t.text() }).public()

const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memory(),
  sqlite: () => sqlite(':memory:'),
  slow: () => slow(memory()),
}

describe.each(Object.entries(stores))('%s', (_, store) => {
  const open = (): Api<{ todo: typeof todo }> => {
    const app = api({ todo }, { store: store(), report: () => {}, http: { log: () => {} } })
    onTestFinished(() => app.close())
    return app
  }

  test('on SSE', async () => {
    const app = open()
    const port = await served(app)
    const status = async (path: string): Promise<number> => {
      const request = get({ port, path, headers: { accept: 'text/event-stream' } })
      const [answer] = (await once(request, 'response')) as [{ statusCode: number }]
      request.destroy()
      return answer.statusCode
    }
    expect(await Promise.all(['/todo/99', '/todo/99?absent=no', '/todo?absent=wait'].map(status))).toEqual([
      404, 400, 400,
    ])
    const stream = new EventStream()
    const request = get({ port, path: '/todo/99?absent=wait', headers: { accept: 'text/event-stream' } }, answer => {
      answer.setEncoding('utf8').on('data', (text: string) => stream.feed(text))
    })
    onTestFinished(() => void request.on('error', () => {}).destroy())
    expect(await stream.take(1)).toMatchObject([{ event: 'snapshot', data: [] }])
    await app.post('todo', { id: 99, text: 'a' })
    expect(await stream.take(1)).toMatchObject([{ event: 'created', data: { id: 99, data: { id: 99, text: 'a' } } }])
    await app.delete('todo', 99)
    await app.put('todo', 99, { text: 'b' })
    expect((await stream.take(2)).map(({ event }) => event)).toEqual(['deleted', 'created'])
    // Clients that were disconnected together do not come back together.
    expect(stream.retry).toBeGreaterThanOrEqual(1_000)
    expect(stream.retry).toBeLessThan(3_000)
  })

  test('on restuary.1', async () => {
    const app = open()
    const client = await NativeClient.open(`ws://127.0.0.1:${await served(app)}/`)
    onTestFinished(() => client.cut())
    const heard: any[] = []
    const told = Promise.withResolvers<void>()
    client.socket.on('message', data => {
      heard.push(JSON.parse(String(data)))
      if (heard.at(-1).op === 'commit') told.resolve()
    })
    expect(await client.ask({ id: 'r', op: 'subscribe', uri: '/todo/99' })).toMatchObject({ status: 404 })
    client.send({ id: 's', op: 'subscribe', uri: '/todo/99', absent: 'wait' })
    await expect.poll(() => heard.find(({ op }) => op === 'snapshot')).toMatchObject({ sub: 's', data: [] })
    await app.post('todo', { id: 99, text: 'a' })
    await told.promise
    expect(heard.at(-1).events).toMatchObject([{ kind: 'enter', id: 99, data: { text: 'a' } }])
  })

  test('on Socket.IO', async () => {
    const app = open()
    const port = await served(app)
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, reconnection: false })
    onTestFinished(() => void socket.disconnect())
    const heard: unknown[] = []
    socket.onAny((event, told) => heard.push([event, told]))
    await once(socket as never, 'connect')
    expect(await socket.emitWithAck('subscribe', '/todo/99', {})).toMatchObject({ status: 404 })
    expect(await socket.emitWithAck('subscribe', '/todo/99', { absent: 'wait' })).toMatchObject({ status: 200 })
    await app.post('todo', { id: 99, text: 'a' })
    await app.delete('todo', 99)
    await app.put('todo', 99, { text: 'b' })
    await expect
      .poll(() => heard)
      .toMatchObject([
        ['state', { uri: '/todo/99', resource: null }],
        ['create', { uri: '/todo/99', resource: { id: 99, text: 'a' } }],
        ['delete', { uri: '/todo/99' }],
        ['create', { uri: '/todo/99', resource: { id: 99, text: 'b' } }],
      ])
  })

  test('on the envelope, where a subscription to the creation of a row waits by itself', async () => {
    const app = open()
    const socket = new WebSocket(`ws://127.0.0.1:${await served(app)}/`)
    onTestFinished(() => socket.close())
    const heard: any[] = []
    socket.addEventListener('message', ({ data }) => heard.push(JSON.parse(String(data)).payload))
    await once(socket as never, 'open')
    const say = (payload: object): void => socket.send(JSON.stringify({ stream: 'todo', payload }))
    say({ action: 'subscribe', pk: 99, data: { action: 'create' }, request_id: 1 })
    say({ action: 'subscribe_instance', pk: 99, request_id: 2 })
    await expect.poll(() => heard).toMatchObject([{ response_status: 200 }, { response_status: 404 }])
    await app.post('todo', { id: 99, text: 'a' })
    await expect.poll(() => heard[2]).toMatchObject({ action: 'create', pk: 99, data: { id: 99, text: 'a' } })
  })

  test('in process', async () => {
    const app = open()
    const steps = app.live('todo', { id: 99, absent: 'wait' })
    expect((await steps.next()).value).toMatchObject({ rows: [] })
    await app.post('todo', { id: 99, text: 'a' })
    expect((await steps.next()).value).toMatchObject({ rows: [{ id: 99, text: 'a' }] })
    await steps.return()
    await expect(app.live('todo', { id: 98 }).next()).rejects.toMatchObject({ code: 'not_found' })
  })
})
