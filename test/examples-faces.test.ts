// Examples over every face, in process, as their callers.
import { afterAll, describe, expect, test } from 'vitest'
import { app as ownership } from '../examples/ownership/app.ts'
import { app as todos } from '../examples/todo-socketio/app.ts'
import { testClient } from '../src/testing/index.ts'

afterAll(async () => {
  await ownership.close()
  await todos.close()
})

describe('ownership: rows of others do not exist', () => {
  const [alice, bob] = ['alice', 'bob'].map(id => testClient(ownership, { as: { id } })) as [
    ReturnType<typeof testClient>,
    ReturnType<typeof testClient>,
  ]

  test('over HTTP', async () => {
    const { status, body } = await alice.http('POST', '/jar', { label: 'mine', cookies: [{ type: 'donut' }] })
    expect([status, body.label]).toEqual([201, 'mine'])
    expect((await bob.http('GET', `/jar/${body.id}`)).status).toBe(404)
    expect((await bob.http('GET', '/cookie')).body).toEqual([])
    expect((await testClient(ownership).http('POST', '/jar', { label: 'x' })).status).toBe(401)
  })

  test('over Server-Sent Events', async () => {
    const events = await bob.sse('/jar')
    expect(await events.next()).toMatchObject({ event: 'snapshot', data: [] })
    await alice.http('POST', '/jar', { label: 'hers' })
    const { body } = await bob.http('POST', '/jar', { label: 'his' })
    expect(await events.next()).toMatchObject({ event: 'created', data: { id: body.id, data: { label: 'his' } } })
    events.close()
    await bob.http('DELETE', `/jar/${body.id}`)
  })

  test('with restuary.1', async () => {
    const [mine, his] = [await alice.native(), await bob.native()]
    await his.ask({ op: 'subscribe', uri: '/cookie' })
    const { data } = await mine.ask({ op: 'create', uri: '/cookie', data: { type: 'muffin' } })
    expect(await his.ask({ op: 'get', uri: `/cookie/${data.id}` })).toMatchObject({ status: 404 })
    const made = await his.ask({ op: 'create', uri: '/cookie', data: { type: 'scone' } })
    const { events } = await his.hear(frame => frame.op === 'commit')
    expect(events).toMatchObject([{ id: made.data.id, data: { type: 'scone' } }])
    for (const socket of [mine, his]) socket.close()
  })

  test('with the envelope', async () => {
    const [mine, his] = [await alice.envelope(), await bob.envelope()]
    const { payload } = await mine.ask({ stream: 'jar', action: 'create', data: { label: 'hers' } })
    expect(payload.response_status).toBe(201)
    const refused = await his.ask({ stream: 'jar', action: 'retrieve', pk: payload.data.id })
    expect(refused.payload.response_status).toBe(404)
    for (const socket of [mine, his]) socket.close()
  })

  test('with Socket.IO', async () => {
    const [mine, his] = [await alice.socketio(), await bob.socketio()]
    const { status, data } = await mine.emit('create', { uri: '/jar/', attributes: { label: 'hers' } }, {})
    expect(status).toBe(201)
    expect(await his.emit('delete', { uri: `/jar/${data.id}` }, {})).toMatchObject({ status: 404 })
    for (const socket of [mine, his]) socket.close()
  })
})

test('todo-socketio: what one writes over HTTP, another hears on Socket.IO', async () => {
  const client = testClient(todos)
  const socket = await client.socketio()
  expect(await socket.emit('subscribe', '/todo/', {})).toMatchObject({ status: 200 })
  expect(await socket.hear('state')).toMatchObject({ uri: '/todo/', resource: [] })
  const { body } = await client.http('POST', '/todo/', { text: 'pack' })
  expect(await socket.hear('create')).toMatchObject({ resource: { id: body.id, text: 'pack' } })
  await client.http('PATCH', `/todo/${body.id}`, { completed: true })
  expect((await client.http('GET', '/todo/')).body).toMatchObject([{ completed: true }])
  socket.close()
})
