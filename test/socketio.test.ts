// Socket.IO with real clients: the ancestor's words, what goes beyond them, limits, resume, old clients.
import { once } from 'node:events'
import { get as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { io, type Socket } from 'socket.io-client'
import { api, ApiError, attachFaces, handled, resource, t, type Api, type ApiOptions } from '../src/index.ts'
import { handler, nodeServer } from '../src/transport/hosts/node.ts'
import type { SocketSession } from '../src/transport/socket/session.ts'
import type { SocketIoFace } from '../src/transport/socketio/face.ts'
import type { SocketIoOptions } from '../src/transport/socketio/options.ts'

const list = resource({ id: t.id(), title: t.text({ min: 1 }), todos: t.back('todo', 'list') }).public()
const todo = resource({
  id: t.id(),
  text: t.text({ max: 50 }),
  done: t.bool().default(false),
  rank: t.integer().default(0),
  list: t.one('list', { inverse: 'todos', onDelete: 'cascade' }).nullable(),
}).public()

type World = Api<{ list: typeof list; todo: typeof todo }>

interface Served {
  readonly app: World
  readonly url: string
  readonly face: SocketIoFace
  readonly faults: unknown[]
}

async function serve(
  options: SocketIoOptions = {},
  more: ApiOptions = {},
  others: Pick<ApiOptions, 'websocket'> = {},
): Promise<Served> {
  const notes = new Map<string, { id: string; text: string }>()
  const faults: unknown[] = []
  const app = api(
    {
      list,
      todo,
      notes: handled(
        {
          '/notes/': {
            get: () => [...notes.values()],
            create: (_, { text }: { text: string }) => {
              const note = { id: String(notes.size + 1), text }
              notes.set(note.id, note)
              return note
            },
          },
          '/notes/<id>': {
            get: ({ params }) => notes.get(params.id),
            patch: ({ params }, patch: { text: string }) => {
              const note = notes.get(params.id)
              if (!note) throw new ApiError('not_found', { detail: `no note ${params.id}` })
              note.text = patch.text
            },
            delete: ({ params }) => void notes.delete(params.id),
          },
        },
        { public: true },
      ),
    },
    {
      report: () => {},
      onFault: () => {},
      socketio: options,
      ...others,
      ...more,
      http: { log: record => faults.push(record.error) },
    },
  )
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits)
  const { socketio: face, close } = attachFaces(server, app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    await close()
    server.closeAllConnections()
    server.close()
    await app.close()
  })
  return {
    app: app as unknown as World,
    face: face!,
    faults,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  }
}

interface Client {
  readonly socket: Socket
  /** Sends an event and waits until it is done. */
  say(event: string, ...given: unknown[]): Promise<unknown>
  /** What has arrived since the last call. */
  heard(): unknown[]
}

const clients: Socket[] = []
afterEach(() => {
  for (const socket of clients.splice(0)) socket.disconnect()
})

async function connect(url: string, options: object = {}): Promise<Client> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, ...options })
  clients.push(socket)
  const heard: unknown[] = []
  socket.onAny((event, ...args) => heard.push([event, ...args]))
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  return {
    socket,
    say: (event, ...given) =>
      new Promise(resolve => socket.emit(event, ...given, (...answer: unknown[]) => resolve(answer[0]))),
    heard: () => heard.splice(0),
  }
}

describe('modelled resources', () => {
  test('are created, patched, deleted and followed in the words of the ancestor', async () => {
    const { app, url } = await serve()
    const a = await connect(url)
    expect(await a.say('subscribe', 'todo/')).toBeUndefined()
    expect(a.heard()).toEqual([['state', { uri: 'todo/', resource: [] }]])
    expect(await a.say('create', { uri: '/todo/', attributes: { text: 'pack' } })).toBeUndefined()
    const row = { id: 1, text: 'pack', done: false, rank: 0, list: null }
    expect(a.heard()).toEqual([['create', { uri: 'todo/', resource: row }]])
    await a.say('patch', { uri: 'todo/1', patch: { done: true, rank: 0 } })
    expect(a.heard()).toEqual([['patch', { uri: 'todo/1', patch: { done: true } }]])
    await a.say('patch', { uri: 'todo/1', patch: { done: true } })
    expect(a.heard()).toEqual([])
    await a.say('delete', { uri: 'todo/1' })
    expect(a.heard()).toEqual([['delete', { uri: 'todo/1' }]])
    expect(await app.list('todo')).toEqual([])
  })

  test('items are followed; an item and its list send each event once', async () => {
    const { app, url } = await serve()
    await app.post('todo', { text: 'pack' })
    const a = await connect(url)
    await a.say('subscribe', '/todo/1')
    await a.say('subscribe', '/todo')
    expect(a.heard().map(one => (one as unknown[])[0])).toEqual(['state', 'state'])
    await a.say('patch', { uri: '/todo/1', patch: { text: 'go' } })
    expect(a.heard()).toEqual([['patch', { uri: '/todo/1', patch: { text: 'go' } }]])
    await a.say('unsubscribe', '/todo')
    await a.say('create', { uri: '/todo', attributes: { text: 'other' } })
    await a.say('patch', { uri: '/todo/1', patch: { rank: 2 } })
    await a.say('delete', { uri: '/todo/1' })
    expect(a.heard()).toEqual([
      ['patch', { uri: '/todo/1', patch: { rank: 2 } }],
      ['delete', { uri: '/todo/1' }],
    ])
  })

  test('a filter in the URI makes rows come and go', async () => {
    const { app, url } = await serve()
    await app.post('todo', { text: 'a' })
    const a = await connect(url)
    await a.say('subscribe', '/todo/?done=true')
    a.heard()
    await a.say('patch', { uri: '/todo/1', patch: { done: true } })
    await a.say('patch', { uri: '/todo/1', patch: { done: false } })
    expect(a.heard()).toEqual([
      ['create', { uri: '/todo/?done=true', id: 1, resource: expect.objectContaining({ id: 1, done: true }) }],
      ['leave', { uri: '/todo/?done=true', id: 1 }],
    ])
  })

  test('a row that left a view and came back is sent whole, because its changes meanwhile were not sent', async () => {
    const { app, url } = await serve()
    await app.post('todo', { text: 'a' })
    const a = await connect(url)
    await a.say('subscribe', '/todo/?done=false', { mode: 400 })
    a.heard()
    const steps = [{ text: 'b' }, { done: true }, { text: 'c', rank: 7 }, { done: false }]
    for (const patch of steps) {
      await app.patch('todo', 1, patch)
      await app.http.live!.advance()
    }
    const told: unknown[] = []
    await expect.poll(() => told.push(...a.heard()) && told.length).toBe(2)
    const row = { id: 1, text: 'c', done: false, rank: 7, list: null }
    expect(told[1]).toMatchObject(['patch', { patch: row }])
  })

  test('subscriptions with a query or options use their own URI, and distinguish leaving from deletion', async () => {
    const { app, url } = await serve()
    await app.post('list', { title: 'trip' })
    await app.post('todo', [{ text: 'a', list: 1 }, { text: 'b' }])
    const [query, rich] = ['/todo?done=false&depth=2', 'todo?rank=0']
    const a = await connect(url)
    for (const uri of ['/todo/1', '/todo/', query]) await a.say('subscribe', uri)
    await a.say('subscribe', rich, {})
    const states = a.heard() as [string, any][]
    expect(states.map(([, { uri, ids }]) => [uri, ids])).toEqual([
      ['/todo/1', undefined],
      ['/todo/', undefined],
      [query, [1, 2]],
      [rich, [1, 2]],
    ])
    const told = async (write: Promise<unknown>): Promise<unknown> => {
      await write
      await app.http.live!.advance()
      await a.say('unsubscribe', '/nothing')
      return Object.fromEntries((a.heard() as [string, any][]).map(([event, what]) => [what.uri, [event, what]]))
    }
    const position = expect.any(String)
    expect(await told(app.patch('todo', 1, { done: true }))).toEqual({
      '/todo/1': ['patch', { uri: '/todo/1', patch: { done: true } }],
      [query]: ['leave', { uri: query, id: 1 }],
      [rich]: ['patch', { uri: rich, id: 1, patch: { done: true }, position }],
    })
    expect(await told(app.patch('todo', 1, { done: false }))).toMatchObject({
      '/todo/1': ['patch', { patch: { done: false } }],
      [query]: ['create', { uri: query, id: 1, resource: { id: 1, list: { id: 1, title: 'trip' } } }],
      [rich]: ['patch', { uri: rich, id: 1, patch: { done: false }, position }],
    })
    expect(await told(app.delete('todo', 2))).toEqual({
      '/todo/2': ['delete', { uri: '/todo/2' }],
      [query]: ['delete', { uri: query, id: 2 }],
      [rich]: ['delete', { uri: rich, id: 2, position }],
    })
  })

  test('an item that may be gone or only out of sight says which', async () => {
    const { app, url } = await serve()
    await app.post('todo', [{ text: 'a' }, { text: 'b' }])
    const a = await connect(url)
    await a.say('subscribe', '/todo/1')
    await a.say('subscribe', '/todo/2', {})
    a.heard()
    for (const id of [1, 2]) await app.delete('todo', id)
    const heard: unknown[] = []
    await expect
      .poll(() => {
        heard.push(...a.heard())
        return heard
      })
      .toEqual([
        ['delete', { uri: '/todo/1' }],
        ['delete', { uri: '/todo/2', position: `${app.engine.epoch}.4` }],
      ])
  })

  test('the order is sent if it does not follow from the rows', async () => {
    const { app, url } = await serve()
    await app.post('list', [{ title: 'a' }, { title: 'b' }])
    await app.post('todo', [
      { text: 'one', list: 1 },
      { text: 'two', list: 2 },
    ])
    const a = await connect(url)
    await a.say('subscribe', '/todo?sort=list.title')
    a.heard()
    await app.patch('list', 1, { title: 'c' })
    await expect.poll(() => a.heard()).toEqual([['order', { uri: '/todo?sort=list.title', ids: [2, 1] }]])
  })

  test('nested lists are lists like others; derived changes of a parent are patches', async () => {
    const { app, url } = await serve()
    await app.post('list', { title: 'trip' })
    const a = await connect(url)
    await a.say('subscribe', '/list/1/todos')
    await a.say('subscribe', '/list/1')
    a.heard()
    await a.say('create', { uri: '/list/1/todos', attributes: { text: 'pack' } })
    expect(a.heard()).toEqual(
      expect.arrayContaining([
        ['create', { uri: '/list/1/todos', resource: expect.objectContaining({ id: 1, list: 1 }) }],
        ['patch', { uri: '/list/1', patch: { todos: [1] } }],
      ]),
    )
    await a.say('patch', { uri: '/list/1/todos/1', patch: { text: 'go' } })
    expect(a.heard()).toEqual([['patch', { uri: '/list/1/todos/1', patch: { text: 'go' } }]])
  })

  test('a patch contains related rows that changed in the same step', async () => {
    const { app, url } = await serve()
    await app.post('list', { title: 'trip' })
    await app.post('todo', { text: 'pack', list: 1 })
    const a = await connect(url)
    await a.say('subscribe', '/todo/?depth=2')
    a.heard()
    await app.transaction(async tx => {
      await tx.patch('todo', 1, { done: true })
      await tx.patch('list', 1, { title: 'holidays' })
    })
    await app.http.live!.advance()
    await a.say('unsubscribe', '/todo/?depth=2')
    const patch = { done: true, list: { id: 1, title: 'holidays', todos: [1] } }
    expect(a.heard()).toEqual([['patch', { uri: '/todo/?depth=2', id: 1, patch }]])
  })

  test('errors are sent only to the sender, with the names of Flask-SocketAPI', async () => {
    const { url } = await serve()
    const a = await connect(url)
    const b = await connect(url)
    await a.say('create', { uri: '/todo/', attributes: { text: 5 } })
    await a.say('patch', { uri: '/todo/9', patch: { text: 'x' } })
    await a.say('subscribe', '/todo/9')
    await a.say('subscribe', '/todo/2 room name guess')
    await a.say('delete', { uri: '/todo/' })
    expect(a.heard()).toEqual([
      ['api_error', { error: 'InvalidRequestError', message: expect.stringContaining('text') }],
      ['api_error', { error: 'NotFoundError', message: expect.any(String) }],
      ['api_error', { error: 'NotFoundError', message: expect.any(String) }],
      ['api_error', { error: 'NotFoundError', message: expect.any(String) }],
      ['api_error', { error: 'MethodNotAllowedError', message: expect.any(String) }],
    ])
    expect(b.heard()).toEqual([])
  })
})

describe('with options', () => {
  test('acks have the outcome, and errors in them are problem documents', async () => {
    const { app, url } = await serve()
    const a = await connect(url)
    const made = (await a.say('create', { uri: '/todo/', attributes: { text: 'a' } }, {})) as Record<string, string>
    expect(made).toEqual({
      status: 201,
      data: expect.objectContaining({ id: 1 }),
      position: `${app.engine.epoch}.1`,
      etag: `${app.engine.epoch}.1`,
    })
    expect(await a.say('patch', { uri: '/todo/1', patch: { rank: 1 } }, { ifMatch: made['etag'] })).toMatchObject({
      status: 200,
    })
    expect(await a.say('patch', { uri: '/todo/1', patch: { rank: 2 } }, { ifMatch: made['etag'] })).toMatchObject({
      status: 412,
      error: 'precondition_failed',
    })
    expect(await a.say('create', { uri: '/todo/', attributes: { text: 'b', x: 1 } }, {})).toMatchObject({
      status: 400,
      errors: [{ code: 'unknown_field' }],
    })
    expect(await a.say('delete', { uri: '/todo/1' }, {})).toMatchObject({ status: 204, data: null })
    expect(await a.say('delete', { uri: '/todo/1' }, { since: 'x' })).toMatchObject({
      status: 400,
      errors: [{ pointer: '#/since' }],
    })
    expect(await a.say('unsubscribe', '/todo/', {})).toMatchObject({ status: 404 })
    expect(await a.say('frobnicate', {})).toMatchObject({ status: 400, error: 'unknown_op' })
    expect(a.heard()).toEqual([])
  })

  test('a key makes a write that is sent again take effect once', async () => {
    const { app, url } = await serve()
    const a = await connect(url)
    const say = (): Promise<unknown> => a.say('create', { uri: '/todo/', attributes: { text: 'a' } }, { key: 'k1' })
    expect(await Promise.all([say(), say()])).toMatchObject([{ status: 201 }, { status: 201 }])
    expect(await app.list('todo')).toHaveLength(1)
  })

  test('a subscription resumes, or is told that it cannot', async () => {
    const { app, url } = await serve()
    const a = await connect(url)
    const begun = (await a.say('subscribe', '/todo/', {})) as { position: string }
    expect(a.heard()).toEqual([['state', { uri: '/todo/', resource: [], ids: [], position: begun.position }]])
    const row = (id: number): unknown => expect.objectContaining({ id })
    await app.post('todo', [{ text: 'a' }, { text: 'b' }])
    await app.http.live!.advance()
    await expect
      .poll(() => a.heard())
      .toEqual([
        ['create', { uri: '/todo/', id: 1, resource: row(1) }],
        ['create', { uri: '/todo/', id: 2, resource: row(2), position: `${app.engine.epoch}.2` }],
      ])
    a.socket.disconnect()
    await app.patch('todo', 1, { done: true })
    const b = await connect(url)
    await b.say('subscribe', '/todo/', { since: `${app.engine.epoch}.2` })
    const patched = { uri: '/todo/', id: 1, patch: { done: true }, position: `${app.engine.epoch}.3` }
    expect(b.heard()).toEqual([['patch', patched]])
    await b.say('subscribe', '/todo/?done=true', { since: 'zzzzzz.2' })
    expect(b.heard()).toEqual([
      [
        'state',
        {
          uri: '/todo/?done=true',
          resource: [expect.objectContaining({ id: 1 })],
          ids: [1],
          position: `${app.engine.epoch}.3`,
          reset: true,
        },
      ],
    ])
  })

  test('handled resources resume like the rest', async () => {
    const { app, url } = await serve()
    const a = await connect(url)
    const begun = (await a.say('subscribe', 'notes/', {})) as { position: string }
    await a.say('create', { uri: 'notes/', attributes: { text: 'x' } }, {})
    a.socket.disconnect()
    await app.publish('/notes/1', { patch: { text: 'outside' } })
    const b = await connect(url)
    await b.say('subscribe', 'notes/', { since: begun.position })
    expect(b.heard()).toEqual([
      ['create', { uri: 'notes/', resource: { id: '1', text: 'x' }, position: expect.any(String) }],
      ['patch', { uri: 'notes/', item: 'notes/1', patch: { text: 'outside' }, position: expect.any(String) }],
    ])
    expect(await b.say('patch', { uri: '/notes/9', patch: {} }, {})).toMatchObject({ status: 404 })
  })
})

describe('a connection', () => {
  test('that sends nonsense gets errors and lives', async () => {
    const { url, faults } = await serve()
    const a = await connect(url)
    for (const given of [null, 5, ['uri']]) await a.say('create', given)
    await a.say('subscribe', 7)
    for (const given of ['todo', [1]]) await a.say('create', given)
    for (const event of ['create', 'patch', 'delete']) await a.say(event, { uri: 5 })
    expect(a.heard()).toEqual([
      ['server_error', { error: 'TypeError', message: null }],
      ['server_error', { error: 'TypeError', message: null }],
      ['server_error', { error: 'TypeError', message: null }],
      ['server_error', { error: 'TypeError', message: null }],
      ['api_error', { error: 'InvalidRequestError', message: 'missing URI' }],
      ['api_error', { error: 'InvalidRequestError', message: 'missing URI' }],
      ...[1, 2, 3].map(() => ['api_error', { error: 'InvalidRequestError', message: '#/uri: must be a text' }]),
    ])
    expect(await a.say('create', { uri: '/todo/', attributes: JSON.parse('{"__proto__":{"a":1}}') }, {})).toMatchObject(
      { error: 'validation' },
    )
    expect(await a.say('create', { uri: '/todo/', attributes: { text: 'a\0b' } }, {})).toMatchObject({
      error: 'validation',
    })
    expect(await a.say('create', { uri: '/todo/', attributes: { text: Buffer.from('x') } }, {})).toMatchObject({
      error: 'validation',
    })
    expect(await a.say('create', {}, {}, {})).toMatchObject({ error: 'bad_request' })
    expect(await a.say('create', { uri: '/notes/', attributes: 5 }, {})).toMatchObject({ error: 'validation' })
    expect(await a.say('create', { uri: '/nothing/', attributes: 5 }, {})).toMatchObject({
      error: 'InvalidRequestError',
    })
    for (const event of ['__proto__', 'constructor', 'error', 'get'])
      expect(await a.say(event, {}), event).toMatchObject({ error: 'unknown_op' })
    a.socket.emit('whatever', 1)
    expect(await a.say('subscribe', '/todo/')).toBeUndefined()
    expect(a.heard()).toHaveLength(1)
    expect(faults.every(fault => fault instanceof TypeError)).toBe(true)
  })

  test('has a bounded number of subscriptions', async () => {
    const { url, face } = await serve({}, { limits: { subscriptions: 2 } })
    const a = await connect(url)
    for (const uri of ['/a', '/todo/', '/b']) await a.say('subscribe', uri)
    expect(a.heard()).toEqual([
      ['state', { uri: '/todo/', resource: [] }],
      ['api_error', { error: 'TooManySubscriptionsError', message: expect.any(String) }],
    ])
    expect([...face.connections].map(one => one.subscriptions.keys)).toEqual([['/a', '/todo/']])
    await a.say('unsubscribe', '/a')
    await a.say('subscribe', '/b')
    expect(a.heard()).toEqual([])
  })

  test('a flooding client is warned, then disconnected', async () => {
    const { url } = await serve({}, { limits: { messageRate: 1, messageBurst: 5 } })
    const a = await connect(url)
    const gone = new Promise<string>(resolve => a.socket.once('disconnect', resolve))
    for (let i = 0; i < 40; i++) a.socket.emit('subscribe', `/a${i}`)
    expect(await gone).toBe('io server disconnect')
    expect(a.heard()).toContainEqual(['api_error', { error: 'RateLimitedError', message: expect.any(String) }])
  })

  test('leaves nothing behind', async () => {
    const { app, url, face } = await serve()
    const a = await connect(url)
    await a.say('subscribe', '/todo/')
    await a.say('subscribe', '/notes/')
    expect([app.http.live!.subscriptions, app.published.subscriptions]).toEqual([1, 1])
    a.socket.disconnect()
    await expect
      .poll(() => [app.http.live!.subscriptions, app.published.subscriptions, face.connections.size])
      .toEqual([0, 0, 0])
  })

  test('that has closed follows nothing any more, though it was asked for before', async () => {
    const { app, url, face } = await serve()
    const a = await connect(url)
    const [{ subscriptions }] = [...face.connections] as [SocketSession]
    a.socket.disconnect()
    await expect.poll(() => face.connections.size).toBe(0)
    const asked = { kind: 'subscribe', key: '/todo/', twice: 'replace', follow: vi.fn(), refuse: () => {} } as const
    await expect(subscriptions.subscribe(asked)).rejects.toMatchObject({ code: 'gone' })
    expect(asked.follow).not.toHaveBeenCalled()
    expect([app.http.live!.subscriptions, app.published.subscriptions]).toEqual([0, 0])
  })

  test('works by polling as well, in order', async () => {
    const { app, url } = await serve()
    const a = await connect(url, { transports: ['polling'] })
    await a.say('subscribe', '/todo/')
    for (let i = 0; i < 5; i++) await app.post('todo', { text: `${i}` })
    await a.say('patch', { uri: '/todo/5', patch: { rank: 9 } })
    expect(a.heard().map(one => (one as [string, any])[1].resource?.text ?? (one as [string])[0])).toEqual(
      [expect.any(Array), '0', '1', '2', '3', '4', 'patch'].map((one, i) => (i === 0 ? 'state' : one)),
    )
  })

  test('keeps its order while connections upgrade and answers go out among the events', async () => {
    const { app, url } = await serve()
    await app.post('todo', { text: 'a' })
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const client = await connect(url, { transports: i % 2 ? ['websocket'] : ['polling', 'websocket'] })
        await client.say('subscribe', '/todo/')
        return client
      }),
    )
    const upgraded = Promise.all(
      all.map(async ({ socket }) => {
        const { engine } = socket.io
        if (engine.transport.name !== 'websocket')
          await new Promise<void>(resolve => engine.once('upgrade', () => resolve()))
      }),
    )
    let rank = 0
    const write = async (): Promise<void> => void (await app.patch('todo', 1, { rank: ++rank }))
    const state = { over: false }
    void upgraded.then(() => (state.over = true))
    for (let least = 200; least > 0 || !state.over; least--) {
      await write()
      // Too many messages of one connection would be refused.
      if (rank % 10 === 0) void all[rank % 8]!.say('create', {})
      if (rank % 5 === 0) await new Promise(setImmediate)
    }
    await write()
    for (const client of all) {
      const ranks: number[] = []
      await expect
        .poll(() => {
          for (const [event, told] of client.heard() as [string, any][])
            if (event === 'patch') ranks.push(told.patch.rank)
          return ranks.at(-1)
        })
        .toBe(rank)
      expect(ranks).toEqual(Array.from({ length: rank }, (_, i) => i + 1))
    }
  })

  test.each(['websocket', 'polling'])('tells each event before the answer to its write, over %s', async transport => {
    const { url } = await serve()
    const { socket, say } = await connect(url, { transports: [transport] })
    await say('subscribe', '/todo/')
    const order: string[] = []
    socket.on('create', ({ resource }) => order.push(`event ${resource.text}`))
    const answers = Array.from(
      { length: 60 },
      (_, i) =>
        new Promise<void>(resolve =>
          socket.emit('create', { uri: '/todo/', attributes: { text: `${i}` } }, () => {
            order.push(`answer ${i}`)
            resolve()
          }),
        ),
    )
    await Promise.all(answers)
    expect(order).toEqual(answers.flatMap((_, i) => [`event ${i}`, `answer ${i}`]))
  })

  test('a slow reader is bounded, and gets a new snapshot when it reads again', async () => {
    const { app, url } = await serve({}, { limits: { mailbox: 50_000 } })
    await app.post('list', { title: 'a' })
    const a = await connect(url)
    await a.say('subscribe', '/list/')
    a.heard()
    const { ws } = a.socket.io.engine.transport as unknown as { ws: { pause(): void; resume(): void } }
    ws.pause()
    for (let n = 1; n <= 500; n++) {
      await app.patch('list', 1, { title: `${n}${'漢'.repeat(9_000)}` })
      await new Promise(setImmediate)
    }
    ws.resume()
    const heard: any[] = []
    await expect.poll(() => heard.push(...a.heard()) > 0 && heard.at(-1)[0]).toBe('state')
    expect(heard.at(-1)[1].resource[0].title.slice(0, 3)).toBe('500')
    expect(heard.length).toBeLessThan(450)
  })

  test('at another path is not served at the default path', async () => {
    const { app, url } = await serve({ path: '/live' })
    const { say } = await connect(url, { path: '/live' })
    await say('create', { uri: '/list/', attributes: { title: 'a' } })
    expect(await app.list('list')).toMatchObject([{ title: 'a' }])
  })

  test.each<[string, string, SocketIoOptions, Pick<ApiOptions, 'websocket'>]>([
    ['below its path', '/socket.io/more', {}, {}],
    ['at its path where it is elsewhere', '/socket.io/', { path: '/live' }, {}],
    ['anywhere where there is nothing else', '/', {}, { websocket: false }],
  ])('an upgrade that nobody takes is refused, not left open: %s', async (_, path, options, others) => {
    const { url } = await serve(options, {}, others)
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
    const [response] = await once(ask(`${url}${path}`, { headers }), 'response')
    response.resume()
    expect(response.statusCode).toBe(404)
  })

  test('in a namespace has everything there', async () => {
    const { url } = await serve({ namespace: '/api' })
    const a = await connect(`${url}/api`)
    await a.say('subscribe', '/todo/')
    await a.say('create', { uri: '/todo/', attributes: { text: 'a' } })
    await a.say('patch', { uri: '/todo/1', patch: { rank: 1 } })
    await a.say('create', {})
    expect(a.heard().map(one => (one as unknown[])[0])).toEqual(['state', 'create', 'patch', 'api_error'])
    await expect(connect(`${url}/other`)).rejects.toThrow('Invalid namespace')
    await expect(connect(url)).rejects.toThrow('Invalid namespace')
  })

  test('knows its caller, and ends with the right to be connected', async () => {
    const { url } = await serve(
      {},
      {
        authenticate: credentials => {
          const token = credentials.header('authorization')
          if (token === 'Bearer bad') throw new ApiError('unauthenticated', { detail: 'no such token' })
          return token === undefined ? null : { id: 1 }
        },
      },
    )
    await expect(connect(url, { auth: { token: 'bad' } })).rejects.toMatchObject({ data: { status: 401 } })
    await expect(connect(url, { auth: { token: { a: 1 } } })).rejects.toMatchObject({ data: { status: 401 } })
    const guest = await connect(url)
    await guest.say('create', { uri: '/todo/', attributes: { text: 'a' } })
    expect(guest.heard()).toEqual([['api_error', { error: 'UnauthenticatedError', message: expect.any(String) }]])
    const known = await connect(url, { auth: { token: 'good' } })
    expect(await known.say('create', { uri: '/todo/', attributes: { text: 'a' } }, {})).toMatchObject({ status: 201 })
  })
})
