import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { api, type Api } from '../../../api.ts'
import type { ApiOptions } from '../../../api-options.ts'
import { resource } from '../../../model/declare/resource.ts'
import { t } from '../../../schema/builder.ts'
import { ApiError } from '../../../protocol/error.ts'
import { NativeClient } from '../../../testing/native-client.ts'
import { handler, nodeServer } from '../../hosts/node.ts'
import { attachFaces } from '../../hosts/faces.ts'

const models = {
  user: resource({ id: t.id('integer', { client: true }), name: t.text(), todos: t.back('todo', 'owner') }).public(),
  todo: resource({
    id: t.id('integer', { client: true }),
    text: t.text(),
    done: t.bool().default(false),
    owner: t.one('user', { inverse: 'todos' }).nullable(),
  }).public(),
  mark: resource({ id: t.id(), n: t.integer() }, { bulk: true }).public(),
  broken: resource({
    id: t.id(),
    never: t.calc({
      of: t.bool(),
      get: () => {
        throw new Error('secret')
      },
    }),
  }).public(),
}
type World = Api<typeof models>

const serve = async (
  options: ApiOptions = {},
): Promise<{ app: World; url: string; open: () => Promise<NativeClient> }> => {
  const app = api(models, { report: () => {}, ...options, http: { log: () => {}, ...options.http } })
  await app.ready()
  const server = nodeServer(handler(app.engine, app.http), app.engine.limits).listen(0, '127.0.0.1')
  attachFaces(server, { ...app, faces: { socketio: false } })
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await app.close()
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { app, url, open: () => connect(`${url}/`) }
}

const connect = async (url: string, headers: Record<string, string> = {}): Promise<NativeClient> => {
  const client = await NativeClient.open(url, headers)
  onTestFinished(() => client.cut())
  return client
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('the handshake', () => {
  test('says hello', async () => {
    const { app, open } = await serve()
    expect(await (await open()).hear()).toEqual({
      op: 'hello',
      protocol: 'restuary.1',
      epoch: app.engine.epoch,
      retry: expect.any(Number),
      me: null,
      limits: { message: 262_144, subscriptions: 100, rate: 50, burst: 100, keys: 86_400 },
    })
  })

  test('with another subprotocol is refused', async () => {
    const { url } = await serve()
    await expect(NativeClient.open(`${url}/`, {}, 'graphql-ws')).rejects.toThrow(/400/)
  })

  test('is taken at the mount and at any path below it', async () => {
    const { url } = await serve({ http: { prefix: '/api' } })
    for (const path of ['/api', '/api?x', '/api/', '/api/live', '/api/a/b?c=d']) {
      expect(await (await connect(url + path)).hear()).toMatchObject({ op: 'hello' })
    }
    for (const path of ['/', '/other', '/apix']) await expect(NativeClient.open(url + path)).rejects.toThrow(/404/)
  })
})

describe('a ping', () => {
  test('is answered after everything up to the position that it tells', async () => {
    const { app, open } = await serve()
    const client = await open()
    expect(await client.ask({ op: 'ping' })).toEqual({ id: 1, op: 'pong', position: `${app.engine.epoch}.0` })
    await client.ask({ id: 's', op: 'subscribe', uri: '/user' })
    await client.ask({ id: 'slowly', op: 'subscribe', uri: '/user', mode: 60_000 })
    client.keep = true
    for (const id of [1, 2]) await app.post('user', { id, name: 'a' })
    const pong = await client.ask({ op: 'ping' })
    expect(pong.position).toBe(`${app.engine.epoch}.2`)
    const order = client.all.map(({ sub, position }) => `${sub ?? 'pong'} ${position.split('.')[1]}`)
    expect(order.at(-1)).toBe('pong 2')
    expect(order).toContain('s 2')
    expect(order).toContain('slowly 2')
  })

  test('does not wait for a write that waits', async () => {
    const { app, open } = await serve()
    const client = await open()
    client.send({ id: 'w', op: 'create', uri: '/user', data: { id: 1, name: 'a' }, min: `${app.engine.epoch}.1` })
    expect(await client.ask({ op: 'ping' })).toMatchObject({ op: 'pong' })
    expect(client.heard.some(frame => frame.id === 'w')).toBe(false)
  })
})

describe('requests', () => {
  test('do the same as over HTTP', async () => {
    const { app, open } = await serve()
    const { epoch } = app.engine
    const client = await open()
    const row = { id: 1, text: 'a', done: false, owner: null }
    expect(await client.ask({ op: 'create', uri: '/todo', data: { id: 1, text: 'a' } })).toEqual({
      id: 1,
      status: 201,
      data: row,
      etag: `${epoch}.1`,
      position: `${epoch}.1`,
    })
    expect(await client.ask({ op: 'get', uri: 'todo/1' })).toMatchObject({ status: 200, data: row, etag: `${epoch}.1` })
    expect(await client.ask({ op: 'get', uri: '/todo/1', ifNoneMatch: `${epoch}.1` })).toMatchObject({ status: 304 })
    expect(await client.ask({ op: 'patch', uri: '/todo/1', data: { done: true } })).toMatchObject({
      status: 200,
      data: { done: true },
    })
    const patch = [{ op: 'replace', path: '/text', value: 'b' }]
    expect(await client.ask({ op: 'patch', uri: '/todo/1', data: patch })).toMatchObject({ data: { text: 'b' } })
    expect(await client.ask({ op: 'patch', uri: '/todo/1', data: {}, ifMatch: `${epoch}.1` })).toMatchObject({
      status: 412,
      error: { error: 'precondition_failed' },
    })
    expect(await client.ask({ op: 'replace', uri: '/todo/1', data: { text: 'c' } })).toMatchObject({
      data: { text: 'c', done: false },
    })
    expect(await client.ask({ op: 'list', uri: '/todo?done=false', params: undefined })).toMatchObject({
      data: [{ id: 1 }],
    })
    expect(
      await client.ask({ op: 'list', uri: '/todo', params: { filter: { done: true }, total: true } }),
    ).toMatchObject({
      data: [],
      total: 0,
    })
    expect(await client.ask({ op: 'delete', uri: '/todo/1' })).toEqual({
      id: 10,
      status: 204,
      data: null,
      position: `${epoch}.5`,
    })
  })

  test('nest as URIs do', async () => {
    const { open } = await serve()
    const client = await open()
    await client.ask({ op: 'create', uri: '/user', data: { id: 3, name: 'ann' } })
    expect(await client.ask({ op: 'create', uri: '/user/3/todos', data: { id: 1, text: 'a' } })).toMatchObject({
      data: { owner: 3 },
    })
    expect(await client.ask({ op: 'list', uri: '/user/3/todos' })).toMatchObject({ data: [{ id: 1 }] })
  })

  test('with a key take effect once', async () => {
    const { app, open } = await serve()
    const client = await open()
    const create = { op: 'create', uri: '/todo', data: { id: 1, text: 'a' }, key: 'k1' }
    const first = await client.ask(create)
    expect(await client.ask(create)).toEqual({ ...first, id: 2, replayed: true })
    expect(await app.list('todo')).toHaveLength(1)
  })

  test('change and delete the rows that a filter selects, if the resource allows it', async () => {
    const { open } = await serve()
    const client = await open()
    await client.ask({ op: 'create', uri: '/mark', data: [{ n: 1 }, { n: 1 }, { n: 2 }] })
    expect(await client.ask({ op: 'patch', uri: '/mark?n=1', data: { n: 3 } })).toMatchObject({
      status: 200,
      data: [
        { id: 1, n: 3 },
        { id: 2, n: 3 },
      ],
      position: expect.any(String),
    })
    expect(await client.ask({ op: 'delete', uri: '/mark', params: { filter: { n: 3 } } })).toMatchObject({
      status: 204,
    })
    expect(await client.ask({ op: 'list', uri: '/mark' })).toMatchObject({ data: [{ id: 3, n: 2 }] })
  })

  test.each<[object, number, object | null]>([
    [{ op: 'delete', uri: '/mark' }, 400, { parameter: 'filter', code: 'required' }],
    [{ op: 'delete', uri: '/mark?n=2&limit=1' }, 400, { parameter: 'limit' }],
    [
      { op: 'patch', uri: '/mark', params: { filter: { n: 2 }, limit: 1 }, data: {} },
      400,
      { pointer: '#/params/limit' },
    ],
    [{ op: 'patch', uri: '/mark', params: { filter: { m: 2 } }, data: {} }, 400, { pointer: '#/params/filter/m' }],
    [{ op: 'replace', uri: '/mark?n=2', data: {} }, 405, null],
    [{ op: 'delete', uri: '/todo?id=1' }, 405, null],
  ])('%j is refused', async (frame, status, place) => {
    const { error } = await (await (await serve()).open()).ask(frame)
    expect(error).toMatchObject({ status, ...(place && { errors: [place] }) })
  })

  test('behind a write see it', async () => {
    const { open } = await serve()
    const client = await open()
    await client.ask({ op: 'create', uri: '/todo', data: { id: 1, text: '0' } })
    for (let n = 1; n <= 20; n++) {
      client.send({ id: `w${n}`, op: 'patch', uri: '/todo/1', data: { text: String(n) } })
      client.send({ id: `r${n}`, op: 'get', uri: '/todo/1' })
      expect((await client.hear(frame => frame.id === `r${n}`)).data.text).toBe(String(n))
    }
  })

  test('may wait for a position', async () => {
    const { app, open } = await serve()
    const client = await open()
    await app.post('todo', { id: 1, text: 'a' })
    const waiting = client.ask({ op: 'get', uri: '/todo/1', min: `${app.engine.epoch}.2` })
    await app.patch('todo', 1, { text: 'b' })
    expect(await waiting).toMatchObject({ data: { text: 'b' } })
    expect(await client.ask({ op: 'get', uri: '/todo/1', min: 'x' })).toMatchObject({ status: 400 })
  })

  test.each<[string, unknown, string, object?]>([
    ['no JSON', 'hello', 'bad_json'],
    ['a tag in quotes', '{"id":1,"op":"get","uri":"/todo/1","ifMatch":"\\"a.1\\""}', 'validation'],
    ['a member twice', '{"id":1,"op":"get","op":"delete","uri":"/todo/1"}', 'duplicate_key'],
    ['no object', [1, 2], 'bad_request'],
    ['null', 'null', 'bad_request'],
    ['no op', { id: 1, uri: '/todo' }, 'unknown_op'],
    ['an inherited op', { id: 1, op: 'constructor', uri: '/todo' }, 'unknown_op'],
    ['no id', { op: 'list', uri: '/todo' }, 'validation'],
    ['a huge id', { id: 'x'.repeat(65), op: 'list', uri: '/todo' }, 'validation'],
    ['an id that is no integer', { id: 1.5, op: 'list', uri: '/todo' }, 'validation'],
    ['no uri', { id: 1, op: 'list' }, 'validation'],
    ['a uri that is no text', { id: 1, op: 'list', uri: ['/todo'] }, 'validation'],
    ['an unknown member', { id: 1, op: 'list', uri: '/todo', nope: 1 }, 'validation'],
    ['an unknown word', { id: 1, op: 'list', uri: '/todo', params: { nope: 1 } }, 'unknown_param'],
    ['two queries', { id: 1, op: 'list', uri: '/todo?limit=1', params: { limit: 1 } }, 'vague'],
    ['no such resource', { id: 1, op: 'list', uri: '/nope' }, 'not_found'],
    ['no such row', { id: 1, op: 'get', uri: '/todo/9' }, 'not_found'],
    ['a row where a list belongs', { id: 1, op: 'list', uri: '/todo/1' }, 'method_not_allowed'],
    ['a list where a row belongs', { id: 1, op: 'patch', uri: '/todo', data: {} }, 'method_not_allowed'],
    ['a bad body', { id: 1, op: 'create', uri: '/todo', data: { text: 5 } }, 'validation'],
    ['a bad mode', { id: 1, op: 'subscribe', uri: '/todo', mode: 'never' }, 'validation'],
    ['a position that is an object', { id: 1, op: 'subscribe', uri: '/todo', since: { a: 1 } }, 'validation'],
    ['a subscription that is not there', { id: 1, op: 'unsubscribe', sub: 'nope' }, 'not_found'],
    ['credentials where there are none', { id: 1, op: 'auth', token: 'x' }, 'bad_request'],
  ])('with %s are refused, and the connection lives', async (_, frame, code) => {
    const { open } = await serve()
    const client = await open()
    await client.hear()
    client.send(frame)
    const refusal = await client.hear()
    expect(refusal.error.error).toBe(code)
    expect(refusal.status).toBe(refusal.error.status)
    expect(await client.ask({ op: 'ping', id: 'p' })).toMatchObject({ op: 'pong', id: 'p' })
  })

  test('that are binary are refused', async () => {
    const { open } = await serve()
    const client = await open()
    client.socket.send(Buffer.from([0, 255]))
    expect(await client.hear(frame => frame.error)).toMatchObject({ id: null, error: { error: 'bad_request' } })
  })

  test('a fault of ours says nothing but its code', async () => {
    const { app, open } = await serve({ onFault: () => {} })
    const client = await open()
    await app.post('broken', {}, { fields: ['id'] })
    const refusal = await client.ask({ op: 'get', uri: '/broken/1' })
    expect(refusal).toMatchObject({ status: 500, error: { error: 'internal' } })
    expect(JSON.stringify(refusal)).not.toContain('secret')
  })
})

describe('subscriptions', () => {
  test('get an answer, then a snapshot, then every commit', async () => {
    const { app, open } = await serve()
    const { epoch } = app.engine
    await app.post('todo', { id: 1, text: 'a' })
    const client = await open()
    await client.hear()
    client.send({ id: 's', op: 'subscribe', uri: '/todo?done=false' })
    expect(await client.hear()).toMatchObject({ id: 's', status: 200, data: { name: 'todo', id: 'id', sort: [] } })
    const row = { id: 1, text: 'a', done: false, owner: null }
    expect(await client.hear()).toEqual({
      sub: 's',
      op: 'snapshot',
      data: [row],
      ids: [1],
      versions: [`${epoch}.1`],
      position: `${epoch}.1`,
    })
    await app.post('todo', [
      { id: 2, text: 'b' },
      { id: 3, text: 'c' },
    ])
    await app.patch('todo', 1, { done: true })
    await app.delete('todo', 2)
    expect(await client.hear()).toEqual({
      sub: 's',
      op: 'commit',
      position: `${epoch}.3`,
      events: [2, 3].map(id => ({
        kind: 'enter',
        id,
        version: `${epoch}.${id}`,
        data: { id, text: id === 2 ? 'b' : 'c', done: false, owner: null },
        own: true,
      })),
    })
    expect((await client.hear()).events).toEqual([{ kind: 'leave', id: 1, version: `${epoch}.4` }])
    expect((await client.hear()).events).toEqual([{ kind: 'leave', id: 2, version: `${epoch}.5`, own: true }])
  })

  test("get the connection's own write before its answer, at its position", async () => {
    const { open } = await serve()
    const client = await open()
    await client.ask({ id: 's', op: 'subscribe', uri: '/todo' })
    await client.hear(frame => frame.op === 'snapshot')
    await client.hear(frame => frame.op === 'hello')
    for (let n = 1; n <= 20; n++) {
      client.send({ id: n, op: 'create', uri: '/todo', data: { text: 'a', id: n } })
      const [event, answer] = [await client.hear(), await client.hear()]
      expect([event.op, answer.id]).toEqual(['commit', n])
      expect(event.position).toBe(answer.position)
    }
  })

  test('resume exactly, or are reset', async () => {
    const { app, url, open } = await serve()
    const first = await open()
    await first.ask({ id: 1, op: 'subscribe', uri: '/todo' })
    const { position } = await first.hear(frame => frame.op === 'snapshot')
    first.cut()
    await app.post('todo', { id: 1, text: 'a' })
    await app.patch('todo', 1, { text: 'b' })
    const second = await connect(`${url}/`)
    await second.ask({ id: 7, op: 'subscribe', uri: '/todo', since: position })
    expect(await second.hear(frame => frame.sub === 7)).toMatchObject({ op: 'resumed', position })
    expect((await second.hear(frame => frame.sub === 7)).events).toMatchObject([{ kind: 'enter' }])
    expect((await second.hear(frame => frame.sub === 7)).events).toMatchObject([{ kind: 'change' }])
    await second.ask({ id: 8, op: 'subscribe', uri: '/todo', since: 'zzzzzz.1' })
    expect(await second.hear(frame => frame.sub === 8)).toMatchObject({ op: 'reset', ids: [1] })
  })

  test('of long lists come in parts', async () => {
    const { app, open } = await serve()
    const text = 'x'.repeat(2_000)
    await app.post(
      'todo',
      Array.from({ length: 300 }, (_, i) => ({ id: i + 1, text })),
    )
    const client = await open()
    await client.ask({ id: 1, op: 'subscribe', uri: '/todo' })
    const parts: any[] = []
    do parts.push(await client.hear(frame => frame.sub === 1))
    while (parts.at(-1).more)
    expect(parts.length).toBeGreaterThan(2)
    expect(parts.flatMap(part => part.ids)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
    expect(parts.map(part => part.position === undefined)).toEqual([...parts.slice(1).map(() => true), false])
  })

  test('with the same query share their bytes', async () => {
    const { app, url } = await serve()
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect(`${url}/`)))
    await Promise.all(clients.map(client => client.ask({ id: 1, op: 'subscribe', uri: '/todo' })))
    expect(app.http.live!.groups).toBe(1)
    await app.post('todo', { id: 1, text: 'a' })
    const told = await Promise.all(clients.map(client => client.hear(frame => frame.op === 'commit')))
    for (const frame of told) expect(frame).toEqual(told[0])
  })

  test('on one connection are independent, and end one by one', async () => {
    const { app, open } = await serve()
    const client = await open()
    await client.ask({ id: 1, op: 'subscribe', uri: '/todo' })
    await client.ask({ id: 2, op: 'subscribe', uri: '/todo?done=true' })
    expect(await client.ask({ id: 2, op: 'subscribe', uri: '/user' })).toMatchObject({ error: { error: 'conflict' } })
    expect(await client.ask({ id: 3, op: 'unsubscribe', sub: 1 })).toMatchObject({ status: 200 })
    await app.post('todo', { id: 1, text: 'a', done: true })
    await client.ask({ id: 4, op: 'list', uri: '/todo' })
    expect(client.heard.filter(frame => frame.op === 'commit').map(frame => frame.sub)).toEqual([2])
    client.cut()
    await expect.poll(() => app.http.live!.subscriptions).toBe(0)
  })

  test('that end right after they began are answered in that order, and send nothing after the end', async () => {
    const { app, open } = await serve()
    await app.post('todo', { id: 1, text: 'a' })
    const client = await open()
    await client.hear()
    client.keep = true
    for (let round = 0; round < 3; round++) {
      client.send({ id: 's', op: 'subscribe', uri: '/todo' })
      client.send({ id: `u${round}`, op: 'unsubscribe', sub: 's' })
    }
    await app.patch('todo', 1, { text: 'b' })
    await client.hear(frame => frame.id === 'u2')
    client.send({ id: 'bad', op: 'subscribe', uri: '/todo/9' })
    client.send({ id: 'none', op: 'unsubscribe', sub: 'bad' })
    await client.hear(frame => frame.id === 'none')
    const told = client.all.map(({ id, sub, op, status }) => (id === undefined ? `${sub} ${op}` : `${id} ${status}`))
    expect(told).toEqual([
      ...[0, 1, 2].flatMap(round => ['s 200', 's snapshot', `u${round} 200`]),
      'bad 404',
      'none 404',
    ])
    expect(app.http.live!.subscriptions).toBe(0)
  })

  test('are limited', async () => {
    const { open } = await serve({ limits: { subscriptions: 3 } })
    const client = await open()
    for (const id of [1, 2, 3]) await client.ask({ id, op: 'subscribe', uri: '/todo' })
    expect(await client.ask({ id: 4, op: 'subscribe', uri: '/todo' })).toMatchObject({
      status: 429,
      error: { error: 'too_many_subscriptions' },
    })
    await client.ask({ id: 5, op: 'unsubscribe', sub: 1 })
    expect(await client.ask({ id: 6, op: 'subscribe', uri: '/todo' })).toMatchObject({ status: 200 })
  })

  test('of a connection that has closed are not begun any more', async () => {
    const { app, open } = await serve()
    const a = await open()
    expect(await a.ask({ op: 'subscribe', uri: '/user' })).toMatchObject({ status: 200 })
    // Requests after a write wait for it, and the write waits for a position that does not exist yet.
    a.send({ id: 'write', op: 'patch', uri: '/todo/1', data: {}, min: `${app.engine.epoch}.1` })
    a.send({ id: 'behind', op: 'subscribe', uri: '/todo' })
    await a.ask({ op: 'ping' })
    a.cut()
    await expect.poll(() => app.http.live!.subscriptions).toBe(0)
    await app.post('user', { id: 1, name: 'ann' })
    const b = await open()
    expect(await b.ask({ op: 'subscribe', uri: '/user' })).toMatchObject({ status: 200 })
    expect(app.http.live!.subscriptions).toBe(1)
  })

  test('of a slow reader are bounded, and start anew when it reads again', async () => {
    const { app, open } = await serve({ limits: { mailbox: 50_000 } })
    await app.post('todo', { id: 1, text: 'a' })
    const client = await open()
    await client.ask({ id: 1, op: 'subscribe', uri: '/todo' })
    client.socket.pause()
    for (let n = 0; n < 500; n++) {
      await app.patch('todo', 1, { text: `${n}${'漢'.repeat(9_000)}` })
      await turn()
    }
    client.socket.resume()
    const reset = await client.hear(frame => frame.op === 'reset')
    expect(reset.position).toBe(`${app.engine.epoch}.501`)
    expect(reset.data[0].text.slice(0, 3)).toBe('499')
    expect(client.heard.length).toBeLessThan(450)
  })

  test('of a slow reader are behind before the answer to a write that they will only see in the reset', async () => {
    const { app, open } = await serve({ limits: { mailbox: 50_000 } })
    await app.post('todo', { id: 1, text: 'a' })
    const client = await open()
    await client.ask({ id: 1, op: 'subscribe', uri: '/todo' })
    client.socket.pause()
    for (let n = 0; n < 300; n++) {
      await app.patch('todo', 1, { text: `${n}${'漢'.repeat(9_000)}` })
      await turn()
    }
    client.keep = true
    const answer = client.ask({ id: 'w', op: 'patch', uri: '/todo/1', data: { text: 'mine' } })
    await expect.poll(async () => (await app.get('todo', 1)).text).toBe('mine')
    client.socket.resume()
    expect(await answer).toMatchObject({ status: 200 })
    expect((await client.hear(frame => frame.op === 'reset')).data[0].text).toBe('mine')
    const order = client.all.map(frame => frame.op ?? frame.id)
    const [first, ...rest] = order.filter(one => one !== 'commit' && one !== 'snapshot')
    expect([first, new Set(rest)]).toEqual(['behind', new Set(['w', 'reset'])])
  })

  test('tell another version when a related row changes that is shown, and it still counts for conditions', async () => {
    const { app, open } = await serve()
    await app.post('user', { id: 1, name: 'ann' })
    await app.post('todo', { id: 1, text: 'a', owner: 1 })
    const { epoch } = app.engine
    const client = await open()
    const params = { include: ['owner'] }
    await client.ask({ id: 's', op: 'subscribe', uri: '/todo', params })
    const { versions } = await client.hear(frame => frame.op === 'snapshot')
    expect(versions[0].split('.').slice(0, 2)).toEqual([epoch, '2'])
    await app.patch('user', 1, { name: 'bob' })
    const { events } = await client.hear(frame => frame.op === 'commit')
    expect(events).toMatchObject([{ kind: 'change', data: { owner: { name: 'bob' } } }])
    expect(events[0].version).not.toBe(versions[0])
    const patch = { op: 'patch', uri: '/todo/1', data: { text: 'b' } }
    expect(await client.ask({ ...patch, ifMatch: events[0].version })).toMatchObject({ status: 200 })
    expect(await client.ask({ ...patch, ifMatch: events[0].version })).toMatchObject({ status: 412 })
  })

  test('of a client that reads nothing are closed', async () => {
    const { app, open } = await serve({ limits: { mailbox: 50_000, stall: 50 } })
    await app.post('todo', { id: 1, text: 'a' })
    const client = await open()
    await client.ask({ id: 1, op: 'subscribe', uri: '/todo' })
    client.socket.pause()
    for (let n = 0; n < 400; n++) {
      await app.patch('todo', 1, { text: `${n}${'漢'.repeat(9_000)}` })
      await turn()
    }
    await expect.poll(() => app.http.live!.subscriptions).toBe(0)
    client.socket.resume()
    await client.whenClosed()
  })
})

describe('limits', () => {
  test('a message that is too large closes the connection', async () => {
    const { open } = await serve({ limits: { message: 1_000 } })
    const client = await open()
    client.send(JSON.stringify({ id: 1, op: 'list', uri: `/${'x'.repeat(1_000)}` }))
    expect((await client.whenClosed()).code).toBe(1009)
  })

  test('too many messages are refused, a flood closes the connection', async () => {
    const { open } = await serve({ limits: { messageRate: 1, messageBurst: 5 } })
    const client = await open()
    for (let n = 0; n < 6; n++) client.send({ op: 'ping' })
    expect(await client.hear(frame => frame.error)).toMatchObject({ status: 429, error: { error: 'rate_limited' } })
    for (let n = 0; n < 10; n++) client.send({ op: 'ping' })
    expect(await client.whenClosed()).toEqual({ code: 1008, reason: 'rate_limited' })
  })

  test('a flood of pings closes the connection', async () => {
    const { open } = await serve({ limits: { messageRate: 1, messageBurst: 5 } })
    const client = await open()
    for (let n = 0; n < 20; n++) client.socket.ping()
    expect((await client.whenClosed()).code).toBe(1008)
  })

  test('closing the Api asks to come back', async () => {
    const { app, open } = await serve()
    const client = await open()
    await client.ask({ id: 1, op: 'subscribe', uri: '/todo' })
    app.http.live!.close()
    expect((await client.whenClosed()).code).toBe(1012)
  })
})

describe('callers', () => {
  const authenticate: NonNullable<ApiOptions['authenticate']> = credentials => {
    const token = credentials.header('authorization')
    if (token === undefined) return null
    if (token === 'Bearer ann') return { id: 1 }
    throw new ApiError('unauthenticated')
  }

  test('are known by the handshake', async () => {
    const { url } = await serve({ authenticate })
    const client = await connect(`${url}/`, { authorization: 'Bearer ann' })
    expect(await client.hear()).toMatchObject({ op: 'hello', me: 1 })
    expect(await client.ask({ op: 'create', uri: '/todo', data: { text: 'a', id: 1 } })).toMatchObject({ status: 201 })
    await expect(NativeClient.open(`${url}/`, { authorization: 'Bearer nope' })).rejects.toThrow(/401/)
  })

  test('anonymous ones may use public resources, and no others', async () => {
    const { open } = await serve({ authenticate })
    const client = await open()
    expect(await client.ask({ op: 'create', uri: '/todo', data: { text: 'a' } })).toMatchObject({ status: 401 })
    expect(await client.ask({ op: 'list', uri: '/todo' })).toMatchObject({ status: 200 })
  })

  test('a client that only listens is not taken for gone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const { open } = await serve()
    const [quiet, other] = [await open(), await open()]
    for (let beat = 0; beat < 5; beat++) {
      const pinged = once(quiet.socket, 'ping')
      vi.advanceTimersByTime(25_000)
      await pinged
      await other.ask({ op: 'list', uri: '/todo' })
    }
    expect([quiet.closed, other.closed]).toEqual([null, null])
  })

  test('anonymous ones that ask for nothing are closed, and their long messages are refused', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { open } = await serve({ authenticate })
    const [idle, long] = [await open(), await open()]
    await idle.hear()
    long.send({ id: 1, op: 'list', uri: `/${'x'.repeat(5_000)}` })
    expect((await long.whenClosed()).code).toBe(1009)
    vi.advanceTimersByTime(5_000)
    expect(await idle.whenClosed()).toEqual({ code: 4401, reason: 'unauthenticated' })
  })
})
