// The WebSocket envelope with real sockets: requests, pushes, silence that is answered, limits.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { action, api, ApiError, resource, t, type Api, type ApiOptions } from '../src/index.ts'
import { handler, nodeServer } from '../src/transport/hosts/node.ts'
import type { SocketSession } from '../src/transport/socket/session.ts'
import { EnvelopeFace } from '../src/dialects/channels/face.ts'
import { envelope } from '../src/dialects/channels/index.ts'
import type { Profile } from '../src/dialects/channels/profile.ts'
import { acceptSockets } from '../src/transport/websocket/upgrade.ts'

const question = resource({
  id: t.id(),
  text: t.text({ min: 1, max: 20 }),
  votes: t.integer({ min: -5 }).default(0),
  tag: t.text().unique().nullable(),
})
  .with(envelope({ label: 'vec.question', page: 2 }))
  .public()
  .actions({
    shout: action({ on: 'row', run: ({ row }) => row.text.toUpperCase() }),
    fail: action({ run: () => { throw new ApiError('rate_limited', { detail: 'Not so fast.' }) } }), // prettier-ignore
  })
const tagged = resource({ id: t.id(), slug: t.text().unique() }).with(
  envelope({ stream: 'tags', lookup: 'slug', operations: ['retrieve', 'list', 'subscribe'] }),
)

type World = Api<{ question: typeof question; tagged: typeof tagged }>

async function serve(
  profile: Profile = 'channels',
  options: ApiOptions = {},
): Promise<{ app: World; url: string; face: EnvelopeFace }> {
  const app = api({ question, tagged }, { report: () => {}, onFault: () => {}, ...options, http: { log: () => {} } })
  const { engine, handled, published, http } = app
  const host = { engine, handled, published, live: http.live!, admission: null, onFault: () => {} }
  const face = new EnvelopeFace(host, profile)
  const server = nodeServer(handler(engine, http), engine.limits)
  acceptSockets(server, { host, faces: { '': face.accept } })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await app.close()
    server.closeAllConnections()
    server.close()
  })
  return { app, face, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws` }
}

const sockets: WebSocket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate()
})

interface Client {
  readonly socket: WebSocket
  send(message: unknown): void
  /** The payload of the answer to a request, and all that came before it in `pushed`. */
  ask(payload: object, stream?: string): Promise<any>
  /** The next messages. */
  take(count: number): Promise<any[]>
}

async function connect(url: string, headers: Record<string, string> = {}): Promise<Client> {
  const socket = new WebSocket(url, { headers })
  sockets.push(socket)
  const heard: any[] = []
  let wake = (): void => {}
  socket.on('message', data => {
    heard.push(JSON.parse(String(data)))
    wake()
  })
  socket.on('close', () => wake())
  await once(socket, 'open')
  const take = async (count: number): Promise<any[]> => {
    while (heard.length < count && socket.readyState === WebSocket.OPEN)
      await new Promise<void>(resolve => (wake = resolve))
    return heard.splice(0, count)
  }
  return {
    socket,
    take,
    send: message => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    ask: async (payload, stream = 'question') => {
      socket.send(JSON.stringify({ stream, payload: { request_id: 'r', ...payload } }))
      const [answer] = await take(1)
      return answer.payload
    },
  }
}

describe('the envelope', () => {
  test('creates, retrieves, lists, updates, patches and deletes', async () => {
    const { url } = await serve()
    const { ask } = await connect(url)
    const row = { id: 1, text: 'a', votes: 7, tag: null }
    expect(await ask({ action: 'create', data: { id: 9, text: 'a', votes: '7', unknown: 1 } })).toEqual({
      errors: [],
      data: row,
      action: 'create',
      response_status: 201,
      request_id: 'r',
    })
    expect(await ask({ action: 'retrieve', pk: '1' })).toMatchObject({ data: row, response_status: 200 })
    expect(await ask({ action: 'update', pk: 1, data: { text: 'b' } })).toMatchObject({ data: { ...row, text: 'b' } })
    expect(await ask({ action: 'update', pk: 1, data: { votes: 'x' } })).toMatchObject({
      response_status: 400,
      errors: [{ text: ['This field is required.'], votes: ['A valid integer is required.'] }],
    })
    for (const asked of [{ action: 'create' }, { action: 'update', pk: 1 }, { action: 'patch', pk: 1 }])
      expect(await ask({ ...asked, data: { text: 'a', votes: null } }), asked.action).toMatchObject({
        response_status: 400,
        errors: [{ votes: ['This field may not be null.'] }],
      })
    expect(await ask({ action: 'patch', pk: 1, data: { votes: -6 } })).toMatchObject({
      errors: [{ votes: ['Ensure this value is greater than or equal to -5.'] }],
    })
    expect(await ask({ action: 'patch', pk: 1, data: { votes: 1 } })).toMatchObject({ data: { votes: 1 } })
    for (const text of ['c', 'd']) await ask({ action: 'create', data: { text } })
    expect((await ask({ action: 'list', data: { page: '2' } })).data).toMatchObject([{ text: 'd' }])
    expect(await ask({ action: 'list', data: { page: 3 } })).toMatchObject({ response_status: 404, data: null })
    expect(await ask({ action: 'list', data: { page: 0 } })).toMatchObject({ response_status: 400 })
    expect(await ask({ action: 'delete', pk: 1 })).toMatchObject({ response_status: 200, data: {} })
    expect(await ask({ action: 'retrieve', pk: 1 })).toMatchObject({ response_status: 404, errors: ['Not found.'] })
  })

  test('finds rows by another unique field, and offers only the declared operations', async () => {
    const { app, url, face } = await serve()
    await app.post('tagged', { slug: 'news' })
    const { ask } = await connect(url)
    expect((await ask({ action: 'retrieve', pk: 'news' }, 'tags')).data).toEqual({ id: 1, slug: 'news' })
    expect((await ask({ action: 'retrieve', pk: 'other' }, 'tags')).response_status).toBe(404)
    expect((await ask({ action: 'create', data: { slug: 'x' } }, 'tags')).errors).toEqual(['Invalid Action'])
    expect([...face.streams.keys()]).toEqual(['question', 'tags'])
  })

  test('calls actions of the application', async () => {
    const { app, url } = await serve()
    await app.post('question', { text: 'a' })
    const { ask } = await connect(url)
    expect(await ask({ action: 'shout', pk: 1 })).toMatchObject({ data: 'A', response_status: 200 })
    expect(await ask({ action: 'shout', data: { pk: '1' } })).toMatchObject({ data: 'A' })
    expect(await ask({ action: 'shout', pk: 9 })).toMatchObject({ errors: ['Not found.'], response_status: 404 })
    expect(await ask({ action: 'fail' })).toMatchObject({ errors: ['Not so fast.'], response_status: 429 })
  })

  test('pushes an event before the answer to its author', async () => {
    const { app, url } = await serve()
    const a = await connect(url)
    const b = await connect(url)
    for (const name of ['create', 'update', 'delete']) {
      expect(await a.ask({ action: 'subscribe', data: { action: name } })).toMatchObject({
        data: { action: name },
        response_status: 200,
      })
    }
    expect(await b.ask({ action: 'subscribe', data: { action: 'update', pk: 2 } })).toMatchObject({
      response_status: 200,
    })
    a.send({ stream: 'question', payload: { action: 'create', data: { text: 'a' }, request_id: 1 } })
    expect(await a.take(2)).toMatchObject([
      { stream: 'question', payload: { action: 'create', pk: 1, data: { text: 'a' }, model: 'vec.question' } },
      { payload: { request_id: 1 } },
    ])
    await app.post('question', { text: 'b' })
    await app.patch('question', 2, { votes: 3 })
    await app.delete('question', 2)
    const pushed = await a.take(3)
    expect(pushed.map(one => [one.payload.action, one.payload.pk, one.payload.data.votes])).toEqual([
      ['create', 2, 0],
      ['update', 2, 3],
      ['delete', 2, 3],
    ])
    expect(Object.keys(pushed[1].payload)).toEqual(['action', 'pk', 'data', 'model'])
    expect((await b.take(1))[0].payload).toMatchObject({ action: 'update', pk: 2 })
    expect(await a.ask({ action: 'unsubscribe', data: { action: 'create' } })).toMatchObject({ response_status: 200 })
    await app.post('question', { text: 'c' })
    await app.patch('question', 3, { votes: 1 })
    expect((await a.take(1))[0].payload).toMatchObject({ action: 'update', pk: 3 })
  })

  test('answers messages that channels-api ignores', async () => {
    const { url } = await serve()
    const { send, take, socket } = await connect(url)
    const cases: [unknown, object, string | null][] = [
      ['hello', { response_status: 400, action: null, request_id: null }, null],
      ['[1]', { response_status: 400 }, null],
      ['{"stream":"question","stream":"x","payload":{}}', { response_status: 400 }, null],
      [{ payload: { action: 'list', request_id: 4 } }, { response_status: 400, action: 'list', request_id: 4 }, null],
      [{ stream: 'question' }, { response_status: 400 }, 'question'],
      [{ stream: 'question', payload: 'x' }, { response_status: 400 }, 'question'],
      [
        { stream: 'question', payload: { request_id: { a: 1 } } },
        { response_status: 400, request_id: { a: 1 } },
        'question',
      ],
      [{ stream: 'question', payload: { action: ['list'] } }, { response_status: 400, action: null }, 'question'],
      [{ stream: 'nope', payload: { action: 'list', request_id: 1 } }, { response_status: 404, request_id: 1 }, 'nope'],
      [{ stream: 'question', payload: { action: 'subscribe' } }, { errors: ['action required'] }, 'question'],
      [
        { stream: 'question', payload: { action: 'subscribe', data: { action: 'x' } } },
        { response_status: 400 },
        'question',
      ],
    ]
    for (const [message, payload, stream] of cases) {
      send(message)
      const [answer] = await take(1)
      expect(answer, JSON.stringify(message)).toMatchObject({ stream, payload })
      expect(Object.keys(answer.payload)).toEqual(['errors', 'data', 'action', 'response_status', 'request_id'])
    }
    socket.send(Buffer.from([0, 255]))
    expect((await take(1))[0].payload.response_status).toBe(400)
    expect(socket.readyState).toBe(WebSocket.OPEN)
  })

  test('is bounded: messages, subscriptions', async () => {
    const { url } = await serve('channels', {
      limits: { messageRate: 1, messageBurst: 10, subscriptions: 1, message: 1_000 },
    })
    const a = await connect(url)
    await a.ask({ action: 'subscribe', data: { action: 'create' } })
    await a.ask({ action: 'subscribe', data: { action: 'create' } })
    // Events of the same rows are one subscription.
    expect((await a.ask({ action: 'subscribe', data: { action: 'update' } })).response_status).toBe(200)
    expect((await a.ask({ action: 'subscribe', data: { action: 'update', pk: 1 } })).response_status).toBe(429)
    const closed = once(a.socket, 'close')
    for (let i = 0; i < 50; i++) a.send({ stream: 'question', payload: { action: 'list' } })
    expect((await closed)[0]).toBe(1008)
    const b = await connect(url)
    const large = once(b.socket, 'close')
    b.send('x'.repeat(2_000))
    expect((await large)[0]).toBe(1009)
  })

  test('asks permissions first, with the values that were sent', async () => {
    const asked: unknown[] = []
    const guarded = question.permissions((who, name, pk) => {
      asked.push([who, name, pk])
      return name === 'list'
    })
    const app = api({ question: guarded }, { report: () => {} })
    const { engine, handled, published, http } = app
    const host = { engine, handled, published, live: http.live!, admission: null, onFault: () => {} }
    const face = new EnvelopeFace(host, 'dcrf')
    const server = nodeServer(handler(engine, http), engine.limits)
    acceptSockets(server, { host, faces: { '': face.accept } })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { ask } = await connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    const denied = { errors: ['You do not have permission to perform this action.'], response_status: 403 }
    expect(await ask({ action: 'nope', pk: '1' })).toMatchObject(denied)
    expect(await ask({ action: 'subscribe', data: { action: 'create' } })).toMatchObject(denied)
    expect(await ask({ action: 'list' })).toMatchObject({ data: [] })
    expect(asked).toEqual([
      [null, 'nope', '1'],
      [null, 'subscribe', null],
      [null, 'list', null],
    ])
    await app.close()
    server.close()
  })

  test('leaves nothing behind', async () => {
    const { app, url, face } = await serve()
    const a = await connect(url)
    await a.ask({ action: 'subscribe', data: { action: 'create' } })
    expect(app.http.live!.subscriptions).toBe(1)
    a.socket.close()
    await expect.poll(() => [app.http.live!.subscriptions, face.connections.size]).toEqual([0, 0])
  })

  test('follows nothing any more once it has closed, though it was asked for before', async () => {
    const { app, url, face } = await serve()
    const a = await connect(url)
    const [{ subscriptions }] = [...face.connections] as [SocketSession<string>]
    a.socket.close()
    await expect.poll(() => face.connections.size).toBe(0)
    const asked = { kind: 'subscribe', key: 'a', twice: 'keep', follow: vi.fn(), refuse: () => {} } as const
    await expect(subscriptions.subscribe(asked)).rejects.toMatchObject({ code: 'gone' })
    expect(asked.follow).not.toHaveBeenCalled()
    expect(app.http.live!.subscriptions).toBe(0)
  })
})
