// What the examples serve, over every face in process.
import { afterAll, describe, expect, test } from 'vitest'
import { app as cookies } from '../examples/cookies/app.ts'
import { app as koala } from '../examples/koala/app.ts'
import { app as restaction } from '../examples/test-resource/app.ts'
import { open as openTodo } from '../examples/todo/app.ts'
import { open as openWorld } from '../examples/world/app.ts'
import { memory } from '../src/index.ts'
import { testClient } from '../src/testing/index.ts'

const todo = openTodo(memory())
const world = openWorld(memory())
afterAll(() => Promise.all([cookies, koala, restaction, todo, world].map(app => app.close())))

let made = 0

describe.each([
  { name: 'cookies', app: cookies, resource: 'cookie', row: () => ({ type: 'muffin', jar: 1 }) },
  { name: 'koala', app: koala, resource: 'note', row: () => ({ text: 'the heating hums' }) },
  { name: 'todo', app: todo, resource: 'list', row: () => ({ title: 'Trip' }) },
  { name: 'world', app: world, resource: 'language', row: () => ({ code: `q${++made}`, name: 'Esperanto' }) },
])('$name: what is created over HTTP', ({ app, resource, row }) => {
  const uri = `/${resource}`
  const client = testClient(app)
  const create = async (): Promise<number> => {
    const sent = row()
    const { status, body } = await client.http('POST', uri, sent)
    expect(status).toBe(201)
    expect(body).toMatchObject(sent)
    return body.id
  }

  test('is told over Server-Sent Events', async () => {
    const events = await client.sse(uri)
    await events.next()
    const id = await create()
    expect(await events.next()).toMatchObject({ event: 'created', data: { id } })
    events.close()
  })

  test('is told and read with restuary.1', async () => {
    const socket = await client.native()
    expect(await socket.ask({ op: 'subscribe', uri })).toMatchObject({ status: 200 })
    const id = await create()
    expect(await socket.hear(frame => frame.op === 'commit')).toMatchObject({ events: [{ kind: 'enter', id }] })
    expect(await socket.ask({ op: 'get', uri: `${uri}/${id}` })).toMatchObject({ status: 200, data: { id } })
    socket.close()
  })

  test('is read with the envelope', async () => {
    const socket = await client.envelope()
    const id = await create()
    const { payload } = await socket.ask({ stream: resource, action: 'retrieve', pk: id })
    expect(payload).toMatchObject({ response_status: 200, data: { id } })
    socket.close()
  })

  test('is told with Socket.IO', async () => {
    const socket = await client.socketio()
    expect(await socket.emit('subscribe', `${uri}/`, {})).toMatchObject({ status: 200 })
    await socket.hear('state')
    const id = await create()
    expect(await socket.hear('create')).toMatchObject({ resource: { id } })
    socket.close()
  })
})

test('koala: a cage is changed on one face, and its note and subscribers hear of it on others', async () => {
  const client = testClient(koala)
  const [socket, io] = [await client.native(), await client.socketio()]
  await socket.ask({ op: 'subscribe', uri: '/cages/koala' })
  await io.emit('subscribe', '/cages/koala', {})
  const { status } = await client.http('PATCH', '/cages/koala', { heating: true, degrees: 99 })
  expect(status).toBeLessThan(300)
  expect(await socket.hear(frame => frame.op === 'commit')).toMatchObject({ events: [{ patch: { heating: true } }] })
  expect(await io.hear('patch')).toMatchObject({ patch: { heating: true } })
  const { body } = await client.http('GET', '/note?sort=-id&limit=1')
  expect(body).toMatchObject([{ text: 'koala: heating on' }])
  for (const one of [socket, io]) one.close()
})

test('test-resource: its actions greet over HTTP and with restuary.1', async () => {
  const client = testClient(restaction)
  expect((await client.http('GET', '/test?name=Ann')).body).toEqual({ hello: 'Ann' })
  const socket = await client.native()
  expect(await socket.ask({ op: 'act', uri: '/test', method: 'GET', data: { name: 'Ben' } })).toMatchObject({
    data: { hello: 'Ben' },
  })
  socket.close()
})
