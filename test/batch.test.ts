// Several calls, all or nothing, on every face.
import { once } from 'node:events'
import { io } from 'socket.io-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { abort, action, always, api, memory, never, resource, sqlite, t, type Api, type Store } from '../src/index.ts'
import { WebSocket } from 'ws'
import { NativeClient } from '../src/testing/native-client.ts'
import { slow } from '../src/testing/slow-store.ts'
import { served } from './speakers.ts'

const list = resource({ id: t.id(), title: t.text().unique(), todos: t.back('todo', 'list') }).public()
const todo = resource(
  { id: t.id(), text: t.text({ max: 5 }), list: t.one('list').nullable(), data: t.json().nullable() },
  { bulk: true },
)
  .actions({ shout: action({ on: 'row', run: ({ row }) => `${row.text}!` }) })
  .public()
const locked = resource({ id: t.id(), text: t.text() }).rules(() => ({ read: always, create: never }))
const limited = resource({ id: t.id() }, { rateLimit: '1/1h' }).public()

const stores: [string, () => Store][] = [
  ['memory', () => memory()],
  ['a slow store', () => slow(memory())],
  ['sqlite', () => sqlite(':memory:')],
]

interface Sent {
  readonly id?: string
  readonly method: string
  readonly uri: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
interface Answer {
  readonly status: number
  /** The outcomes, or the problem. */
  readonly body: any
  readonly position: string | null
}
type Send = (calls: unknown, key?: string) => Promise<Answer>

const clients: Readonly<Record<string, (port: number) => Promise<Send>>> = {
  async http(port) {
    return async (calls, key) => {
      const answer = await fetch(`http://127.0.0.1:${port}/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(key && { 'idempotency-key': key }) },
        body: JSON.stringify(calls),
      })
      return { status: answer.status, body: await answer.json(), position: answer.headers.get('position') }
    }
  },
  async native(port) {
    const client = await NativeClient.open(`ws://127.0.0.1:${port}/`)
    onTestFinished(() => client.cut())
    return async (calls, key) => {
      const { status, data, error, position = null } = await client.ask({ op: 'batch', calls, ...(key && { key }) })
      return { status, body: error ?? data, position }
    }
  },
  async socketio(port) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, reconnection: false })
    onTestFinished(() => void socket.disconnect())
    await once(socket as never, 'connect')
    return async (calls, key) => {
      const answer = await new Promise<any>(resolve => socket.emit('batch', calls, key ? { key } : {}, resolve))
      return { status: answer.status, body: answer.error ? answer : answer.data, position: answer.position ?? null }
    }
  },
}

const envelope = async (port: number): Promise<Send> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
  onTestFinished(() => socket.terminate())
  await once(socket, 'open')
  return async (data, key) => {
    const payload = { action: 'batch', data, request_id: 1, min: null, ...(key && { key }) }
    socket.send(JSON.stringify({ stream: 'todo', payload }))
    const [text] = await once(socket, 'message')
    const { response_status: status, errors, data: body, position = null } = JSON.parse(String(text)).payload
    return { status, body: errors[0] ?? body, position }
  }
}

const two: Sent[] = [
  { id: 'l', method: 'POST', uri: '/list', body: { title: 'a' } },
  { method: 'POST', uri: '/todo', body: { text: 'x', list: { $ref: 'l' } } },
]

function open(store: Store): Api<any> {
  return api({ list, todo, locked, limited }, { store, report: () => {}, http: { log: () => {} } })
}

describe.each(stores)('over %s', (_, store) => {
  describe.each(Object.entries({ ...clients, envelope }))('and %s', (face, connect) => {
    const begin = async () => {
      const app = open(store())
      return { app, send: await connect(await served(app)) }
    }

    test('calls are one commit, and later ones refer to rows that earlier ones made', async () => {
      const { app, send } = await begin()
      const done = await send([
        ...two,
        { method: 'PATCH', uri: '/todo/1', body: { text: 'y' } },
        { method: 'GET', uri: '/list?include=todos' },
        { method: 'POST', uri: '/todo/1/shout', body: {} },
        { method: 'DELETE', uri: '/todo/1' },
      ])
      expect(done.status).toBe(200)
      expect(done.body).toMatchObject([
        { id: 'l', status: 201, body: { id: 1, title: 'a' }, etag: expect.any(String) },
        { status: 201, body: { id: 1, text: 'x', list: 1 } },
        { status: 200, body: { text: 'y' } },
        { status: 200, body: [{ title: 'a', todos: [{ text: 'y' }] }] },
        { status: 200, body: 'y!' },
        { status: 204, body: null },
      ])
      const commits = (await app.store.commits(0, 100))!
      expect(commits).toHaveLength(1)
      expect(done.position).toBe(app.store.terms.position(commits[0]!.position))
    })

    test.each<[string, unknown[], number, string | undefined]>([
      [
        'a fault of a body',
        [...two, { method: 'POST', uri: '/todo', body: { text: 'too long' } }],
        400,
        '#/2/body/text',
      ],
      ['a conflict', [...two, { method: 'POST', uri: '/list', body: { title: 'a' } }], 409, '#/2/body/title'],
      ['a rule', [...two, { method: 'POST', uri: '/locked', body: { text: 'a' } }], 401, undefined],
      ['a missing row', [...two, { method: 'PATCH', uri: '/todo/9', body: {} }], 404, undefined],
      [
        'another version',
        [...two, { method: 'DELETE', uri: '/todo/1', headers: { 'If-Match': '"x.1"' } }],
        412,
        undefined,
      ],
      [
        'a reference to nothing',
        [...two, { method: 'POST', uri: '/todo', body: { text: 'a', list: { $ref: 'x' } } }],
        400,
        '#/2/body/list/%24ref',
      ],
      ['a query that makes no sense', [...two, { method: 'GET', uri: '/todo?nope=1' }], 400, '#/2/uri'],
      [
        'a budget',
        [...two, { method: 'POST', uri: '/limited', body: {} }, { method: 'POST', uri: '/limited', body: {} }],
        429,
        undefined,
      ],
    ])('%s undoes everything', async (_name, calls, status, pointer) => {
      const { app, send } = await begin()
      const refused = await send(calls)
      expect(refused).toMatchObject({ status, body: { failed: calls.length - 1 } })
      if (pointer !== undefined) expect(refused.body.errors.map((one: any) => one.pointer)).toContain(pointer)
      expect([await app.list('list'), await app.list('todo')]).toEqual([[], []])
    })

    test('what is no batch is refused with all faults', async () => {
      const { send } = await begin()
      const call = { id: 'a', method: 'GET', uri: '/todo' }
      const { status, body } = await send([{ method: 5, nope: 1 }, 7, call, call])
      expect(status).toBe(400)
      expect(body.errors.map((one: any) => one.pointer)).toEqual(['#/0/method', '#/0/nope', '#/0/uri', '#/1', '#/3/id'])
      expect((await send({})).status).toBe(400)
      expect((await send([])).status).toBe(400)
      expect((await send(Array.from({ length: 101 }, () => call))).status).toBe(400)
    })

    test('JSON fields may hold a `$ref` of their own, and may name rows as well', async () => {
      const { send } = await begin()
      const data = { schema: { $ref: '#/$defs/a' }, at: { $ref: 'l' } }
      const done = await send([two[0], { method: 'POST', uri: '/todo', body: { text: 'x', data } }])
      expect(done.body).toMatchObject([{}, { status: 201, body: { data: { schema: { $ref: '#/$defs/a' }, at: 1 } } }])
      const early = await send([{ method: 'POST', uri: '/todo', body: { text: 'x', data } }, two[0]])
      expect(early).toMatchObject({
        status: 400,
        body: { failed: 0, errors: [{ pointer: '#/0/body/data/at/%24ref' }] },
      })
    })

    test('a batch that is sent again happens once', async () => {
      const { app, send } = await begin()
      const first = await send(two, 'k-1')
      await app.patch('list', 1, { title: 'b' })
      const again = await send(two, 'k-1')
      expect(again).toMatchObject({
        status: 200,
        position: first.position,
        body: [{ status: 201, body: { title: 'b' } }, {}],
      })
      expect(await app.list('list')).toHaveLength(1)
      expect(await send([two[0]], 'k-1')).toMatchObject({ status: 422 })
    })

    test('a batch that is sent again succeeds, though its rows are gone by then', async () => {
      const { app, send } = await begin()
      const calls = [...two, { method: 'DELETE', uri: '/todo/1' }, { method: 'GET', uri: '/list/1' }]
      const first = await send(calls, 'k-1')
      expect(first.status).toBe(200)
      await app.delete('list', 1)
      const again = await send(calls, 'k-1')
      expect(again).toMatchObject({ status: 200, position: first.position })
      expect(again.body).toEqual([
        { id: 'l', status: 201, body: null },
        { status: 201, body: null },
        { status: 204, body: null },
        { status: 200, body: null },
      ])
    })

    test('a change that selected no rows selects none when it is sent again', async () => {
      const { app, send } = await begin()
      const calls = [{ method: 'PATCH', uri: '/todo?text=x', body: { text: 'y' } }]
      expect(await send(calls, 'k-1')).toMatchObject({ status: 200, body: [{ status: 200, body: [] }] })
      await app.post('todo', { text: 'x' })
      expect(await send(calls, 'k-1')).toMatchObject({ status: 200, body: [{ status: 200, body: [] }] })
      expect(await app.list('todo')).toMatchObject([{ text: 'x' }])
    })
  })
})

test('what a batch does is told before it is answered, with its key', async () => {
  const client = await NativeClient.open(`ws://127.0.0.1:${await served(open(memory()))}/`)
  onTestFinished(() => client.cut())
  await client.ask({ id: 's', op: 'subscribe', uri: '/todo' })
  client.keep = true
  const answer = await client.ask({ id: 'b', op: 'batch', calls: two, key: 'k-1' })
  const commit = client.all.find(frame => frame.op === 'commit')
  expect(commit).toMatchObject({ by: ['k-1'], position: answer.position, events: [{ kind: 'enter' }] })
  expect(client.all.indexOf(commit)).toBeLessThan(client.all.findIndex(frame => frame.id === 'b'))
})

describe.each(stores)('a repeated batch over %s', (_, store) => {
  test('costs each call once, and runs the hooks of each call once', async () => {
    const seen: string[] = []
    const note = resource({ id: t.id(), text: t.text() }, { rateLimit: '100/1h' })
      .actions({ count: action({ on: 'list', run: () => ({ notes: 2 }) }) })
      .public()
    const app = api(
      { note },
      {
        store: store(),
        clock: () => 0,
        report: () => {},
        http: { log: () => {} },
        before: ctx => void seen.push(`before ${ctx.operation} ${ctx.resource}`),
        after: (reply, ctx) => {
          seen.push(`after ${ctx.operation} ${ctx.resource}`)
          return ctx.operation === 'act' ? { ...reply, value: { told: reply.value } } : undefined
        },
      },
    )
    onTestFinished(() => app.close())
    const send = async (): Promise<any> => {
      const answer = await app.fetch(
        new Request('http://host/batch', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': 'k-1' },
          body: JSON.stringify([
            { method: 'POST', uri: '/note', body: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] },
            { method: 'POST', uri: '/note/count', body: {} },
            { method: 'DELETE', uri: '/note/3' },
            { method: 'GET', uri: '/note' },
          ]),
        }),
      )
      return answer.json()
    }
    const left = async (): Promise<number> =>
      Number(/r=(\d+)/.exec((await app.fetch(new Request('http://host/note'))).headers.get('ratelimit')!)![1])
    const first = await send()
    const heard = seen.splice(0)
    const before = await left()
    seen.length = 0
    const again = await send()
    expect(seen).toEqual(heard)
    expect(before - (await left())).toBe(1 + 4)
    expect(first[1].body).toEqual({ told: { notes: 2 } })
    expect(again[0].body).toEqual([{ id: 1, text: 'a' }, { id: 2, text: 'b' }, null])
    expect(again.slice(1)).toEqual(first.slice(1))
  })

  test('shows nothing that a hook keeps from its caller by then', async () => {
    let isOpen = true
    const before = (): void => {
      if (!isOpen) abort(403, 'Closed')
    }
    const app = api({ list, todo }, { store: store(), report: () => {}, http: { log: () => {} }, before })
    onTestFinished(() => app.close())
    const send = async (): Promise<any> => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': 'k-1' }
      const body = JSON.stringify([...two, { method: 'DELETE', uri: '/todo/1' }])
      return (await app.fetch(new Request('http://host/batch', { method: 'POST', headers, body }))).json()
    }
    expect(await send()).toMatchObject([{ body: { title: 'a' } }, { body: { text: 'x' } }, { status: 204 }])
    isOpen = false
    expect(await send()).toMatchObject([{ body: null }, { body: null }, { body: null }])
  })
})

test('hooks of the application guard each call', async () => {
  const before = async (ctx: { resource: string }): Promise<void> => {
    if (ctx.resource === 'todo') abort(403, 'Closed')
  }
  const app = api({ list, todo }, { report: () => {}, http: { log: () => {}, prefix: '/api' }, before })
  const send = async (calls: Sent[]): Promise<Response> =>
    app.fetch(
      new Request('http://host/api/batch', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(calls),
      }),
    )
  const refused = await send([...two])
  expect(await refused.json()).toMatchObject({ status: 403, error: 'Closed', failed: 1 })
  expect(await app.list('list')).toEqual([])
  expect((await send([{ method: 'POST', uri: '/api/list', body: { title: 'a' } }])).status).toBe(200)
})

test.each([
  ['/many', '/many', 200],
  [null, '/batch', 404],
])('batches are at %s', async (batch, path, status) => {
  const app = api({ list, todo }, { report: () => {}, http: { log: () => {} }, paths: { batch } })
  const headers = { 'content-type': 'application/json' }
  const sent = await app.fetch(
    new Request(`http://host${path}`, { method: 'POST', headers, body: JSON.stringify(two) }),
  )
  expect(sent.status).toBe(status)
  const described: any = await (await app.fetch(new Request('http://host/openapi.json'))).json()
  expect(Object.keys(described.paths).filter(one => one === batch || one === '/batch')).toEqual(batch ? [batch] : [])
})
