import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { memory } from 'restuary'
import { testClient } from 'restuary/testing'

process.env.SECRET ??= 'only for tests: 0123456789 abcdefghij'
const { createApp } = await import('../app.ts')

test('everybody sees their own todos alone', async () => {
  const app = createApp(memory())
  const ann = testClient(app, { as: await app.post('user', { email: 'ann@example.com', password: 'correct horse' }) })
  const bob = testClient(app, { as: await app.post('user', { email: 'bob@example.com', password: 'battery staple' }) })

  const { status } = await ann.http('POST', '/api/todo', { text: 'pack' })
  equal(status, 201)
  deepEqual((await ann.http('GET', '/api/todo')).body, [{ id: 1, text: 'pack', done: false, owner: 1 }])
  deepEqual((await bob.http('GET', '/api/todo')).body, [])
  equal((await bob.http('PATCH', '/api/todo/1', { done: true })).status, 404)
  await app.close()
})
