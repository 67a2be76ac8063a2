// A caller who may not use a resource is refused, whatever else is wrong with the request. A closed resource does not
// reveal the names of its fields.
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { once } from 'node:events'
import { io } from 'socket.io-client'
import { api, memory, resource, t } from '../../src/index.ts'
import { SUBPROTOCOL } from '../../src/protocol/frames.ts'
import { onTestFinished } from 'vitest'
import { served } from '../speakers.ts'

const model = () => ({
  todo: resource({
    id: t.id(),
    title: t.text(),
    list: t.one('list').nullable(),
    key: t.text().unique(),
  }).rules(me => ({ read: me.signedIn, write: me.signedIn, create: me.signedIn })),
  list: resource({ id: t.id(), name: t.text(), todos: t.back('todo', 'list') }).rules(me => ({
    read: me.signedIn,
    write: me['role'].is('admin'),
  })),
})

const open = () => api(model(), { store: memory(), report: () => {}, auth: {} as never })

/** A body without its ids, which differ from run to run. */
const bare = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')

test.each<[string, string, string, RequestInit?]>([
  ['a field that is not there', '/todo?title=x', '/todo?nosuch=x'],
  ['a value that does not fit', '/todo?id=1', '/todo?id=abc'],
  ['a filter', '/todo?filter={"title":"x"}', '/todo?filter={"nosuch":1}'],
  ['a filter that is no JSON', '/todo?filter={}', '/todo?filter={'],
  ['a sort key', '/todo?sort=title', '/todo?sort=nosuch'],
  ['a limit', '/todo?limit=1', '/todo?limit=x'],
  ['a cursor', '/todo?limit=1', '/todo?cursor=abc'],
  ['an expansion', '/todo?include=list', '/todo?include=nosuch'],
  ['fields of a row', '/todo/1?fields=title', '/todo/1?fields=nosuch'],
  ['a position', '/todo?at=abc', '/todo?at=abc&nosuch=1'],
  ['a nested list', '/list/1/todos?title=x', '/list/1/todos?nosuch=x'],
  ['a history', '/todo/1/history', '/todo/1/history?nosuch=1'],
  ['a format', '/todo', '/todo', { headers: { accept: 'image/png' } }],
  ['a stream', '/todo', '/todo?nosuch=1', { headers: { accept: 'text/event-stream' } }],
  ['a unique key', '/todo?key=x', '/todo?nosuch=x', { method: 'PUT', body: '{}' }],
  ['a body', '/todo', '/todo', { method: 'POST', body: '{"title":' }],
  ['a media type', '/todo', '/todo', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }],
  ['a query in a body', '/todo', '/todo', { method: 'QUERY', body: '{"filter":{"nosuch":1}}' }],
])('HTTP answers 401 before it looks at %s', async (_, good, bad, init = {}) => {
  const app = open()
  onTestFinished(() => app.close())
  const ask = async (path: string, given: RequestInit): Promise<[number, string]> => {
    const headers = { 'content-type': 'application/json', ...(given.headers as object) }
    const answer = await app.fetch(new Request(`http://x${path}`, { ...given, headers }))
    return [answer.status, bare(await answer.text())]
  }
  const plain = { ...init, headers: {}, ...(typeof init.body === 'string' && { body: '{}' }) }
  const [status, text] = await ask(good, plain)
  expect(status).toBe(401)
  expect(await ask(bad, init)).toEqual([401, text.replaceAll(good.split('?')[0]!, bad.split('?')[0]!)])
})

test('a write that a signed-in caller may not do is refused before its body is read', async () => {
  const app = api(model(), {
    store: memory(),
    report: () => {},
    authenticate: () => ({ id: 1, role: 'member' }),
  })
  onTestFinished(() => app.close())
  for (const body of ['{"name":"x"}', '{"nosuch":1}', '{'])
    expect((await app.fetch(new Request('http://x/list', { method: 'POST', body }))).status).toBe(403)
  expect((await app.fetch(new Request('http://x/todo?nosuch=1'))).status).toBe(400)
})

test('calls of the application for a caller are authorised before they are read', async () => {
  const app = open()
  onTestFinished(() => app.close())
  for (const filter of [{ title: 'x' }, { nosuch: 1 }])
    expect((await app.safe.list('todo', { me: null, filter })).status).toBe(401)
  expect((await app.safe.list('todo', { filter: { nosuch: 1 } })).status).toBe(400)
})

test('restuary.1 and the envelope refuse a stranger before they look at a query', async () => {
  const port = await served(open())
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, SUBPROTOCOL)
  onTestFinished(() => socket.terminate())
  const frames = new Map<unknown, any>()
  socket.on('message', text => {
    const frame = JSON.parse(String(text))
    frames.set(frame.id, frame)
  })
  await once(socket, 'open')
  const asked = [
    { op: 'list', uri: 'todo?title=x' },
    { op: 'list', uri: 'todo?nosuch=x' },
    { op: 'list', uri: 'todo', params: { filter: { nosuch: 1 } } },
    { op: 'subscribe', uri: 'todo?nosuch=x' },
    { op: 'subscribe', uri: 'todo', params: { sort: ['nosuch'] } },
    { op: 'get', uri: 'todo/1?fields=nosuch' },
    { op: 'create', uri: 'todo?fields=nosuch', data: {} },
    { op: 'create', uri: 'todo/1', data: {} },
  ]
  for (const [id, frame] of asked.entries()) socket.send(JSON.stringify({ id: id + 1, ...frame }))
  while (frames.size < asked.length + 1) await once(socket, 'message')
  for (const id of asked.keys()) expect([asked[id], frames.get(id + 1).status]).toEqual([asked[id], 401])

  const envelope = new WebSocket(`ws://127.0.0.1:${port}/ws`)
  onTestFinished(() => envelope.terminate())
  const payloads: any[] = []
  envelope.on('message', text => payloads.push(JSON.parse(String(text)).payload))
  await once(envelope, 'open')
  for (const page of [1, 'x', 0])
    envelope.send(JSON.stringify({ stream: 'todo', payload: { action: 'list', data: { page }, request_id: page } }))
  while (payloads.length < 3) await once(envelope, 'message')
  const [first, ...others] = payloads.map(({ response_status, errors }) => ({ response_status, errors }))
  expect(first!.response_status).toBe(401)
  for (const other of others) expect(other).toEqual(first)
})

test('Socket.IO refuses a stranger before it looks at a query', async () => {
  const app = api({ ...model() }, { store: memory(), report: () => {}, authenticate: () => null })
  const port = await served(app)
  const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, reconnection: false })
  onTestFinished(() => void socket.disconnect())
  await new Promise<void>(resolve => void socket.once('connect', resolve))
  for (const uri of ['/todo/?title=x', '/todo/?nosuch=x', '/todo/?sort=nosuch', '/todo/1?fields=nosuch']) {
    const answer = await new Promise<any>(resolve => void socket.emit('subscribe', uri, {}, resolve))
    expect([uri, answer.status]).toEqual([uri, 401])
  }
  for (const uri of ['/todo/?fields=title', '/todo/?fields=nosuch']) {
    const answer = await new Promise<any>(resolve => void socket.emit('create', { uri, attributes: {} }, {}, resolve))
    expect([uri, answer.status]).toEqual([uri, 401])
  }
})
