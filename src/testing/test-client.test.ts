import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from '../api.ts'
import { resource } from '../model/declare/resource.ts'
import { t } from '../schema/builder.ts'
import { testClient } from './test-client.ts'

const user = resource({ id: t.id(), name: t.text(), notes: t.back('note', 'owner') })
const note = resource({ id: t.id(), text: t.text(), owner: t.one('user') }).rules((me, row) => ({
  read: row.owner.is(me),
  create: row.owner.is(me),
  write: row.owner.is(me),
}))

async function open() {
  const app = api({ user, note }, { report: () => {}, http: { log: () => {} }, authenticate: () => null })
  onTestFinished(() => app.close())
  for (const name of ['ann', 'bob']) await app.create('user', { name })
  return { app, ann: testClient(app, { as: { id: 1 } }), bob: testClient(app, { as: { id: 2 } }) }
}

describe('a test client', () => {
  test('is its caller over HTTP, and nobody without one', async () => {
    const { app, ann, bob } = await open()
    expect(await ann.http('POST', '/note', { text: 'a', owner: 1 })).toMatchObject({ status: 201, body: { id: 1 } })
    expect((await ann.http('GET', '/note')).body).toEqual([{ id: 1, text: 'a', owner: 1 }])
    expect((await bob.http('GET', '/note')).body).toEqual([])
    expect((await testClient(app).http('GET', '/note')).status).toBe(401)
    const etag = (await ann.http('GET', '/note/1')).headers.get('etag')!
    expect((await ann.http('DELETE', '/note/1', undefined, { 'if-match': etag })).body).toBeNull()
  })

  test('follows by Server-Sent Events', async () => {
    const { app, ann } = await open()
    const events = await ann.sse('/note')
    expect(await events.next()).toMatchObject({ event: 'snapshot', data: [] })
    await app.create('note', { text: 'b', owner: 2 })
    await app.create('note', { text: 'a', owner: 1 })
    expect(await events.next()).toMatchObject({ event: 'created', data: { data: { text: 'a' } } })
    events.close()
    await expect(testClient(app).sse('/note')).rejects.toMatchObject({ error: 'unauthenticated' })
  })

  test('speaks restuary.1', async () => {
    const { app, ann, bob } = await open()
    const socket = await ann.native()
    expect(await socket.hear()).toMatchObject({ op: 'hello', me: 1 })
    expect(await socket.ask({ op: 'subscribe', uri: '/note' })).toMatchObject({ status: 200 })
    await app.create('note', { text: 'a', owner: 1 })
    expect(await socket.hear(frame => frame.op === 'commit')).toMatchObject({ events: [{ data: { text: 'a' } }] })
    const other = await bob.native()
    expect(await other.ask({ op: 'get', uri: '/note/1' })).toMatchObject({ status: 404 })
    socket.close()
    await expect(socket.hear(frame => frame.op === 'nothing')).rejects.toThrow('closed')
  })

  test('speaks the envelope', async () => {
    const { ann } = await open()
    const socket = await ann.envelope()
    const made = await socket.ask({ stream: 'note', action: 'create', data: { text: 'a', owner: 1 } })
    expect(made.payload).toMatchObject({ response_status: 201, data: { text: 'a' } })
    socket.close()
  })

  test('speaks Socket.IO', async () => {
    const { ann, bob } = await open()
    const socket = await ann.socketio()
    expect(await socket.emit('subscribe', '/note/', {})).toMatchObject({ status: 200 })
    expect(await socket.hear('state')).toMatchObject({ uri: '/note/', resource: [] })
    const made = await socket.emit('create', { uri: '/note/', attributes: { text: 'a', owner: 1 } }, {})
    expect(made).toMatchObject({ status: 201, data: { text: 'a' } })
    expect(await socket.hear('create')).toMatchObject({ resource: { text: 'a' } })
    const other = await bob.socketio()
    expect(await other.emit('delete', { uri: '/note/1' }, {})).toMatchObject({ status: 404 })
    socket.close()
    other.close()
  })
})
