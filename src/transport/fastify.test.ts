import fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { api } from '../api.ts'
import { resource } from '../model/declare/resource.ts'
import { t } from '../schema/builder.ts'
import { memory } from '../store/memory.ts'
import { plugin } from './fastify.ts'

const app = api({ todo: resource({ id: t.id(), title: t.text() }) }, { store: memory(), report: () => {} })
const server = fastify()
let base = ''
beforeAll(async () => {
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-host', 'fastify')
  })
  server.get('/own', async () => ({ own: true }))
  await server.register(plugin(app.engine), { prefix: '/api' })
  base = await server.listen({ port: 0, host: '127.0.0.1' })
})
afterAll(async () => {
  await server.close()
  await app.close()
})

test('everything below the prefix is the API, and the rest stays with Fastify', async () => {
  const created = await fetch(`${base}/api/todo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"title":"a"}',
  })
  expect(created.status).toBe(201)
  const location = created.headers.get('location')
  expect(location).toBe('/api/todo/1')
  expect(await (await fetch(base + location)).json()).toEqual({ id: 1, title: 'a' })
  const asked = await fetch(`${base}/api/todo/`, {
    method: 'QUERY',
    headers: { 'content-type': 'application/json' },
    body: '{"filter":{"title":"a"}}',
  })
  expect(await asked.json()).toHaveLength(1)
  expect((await fetch(`${base}/api/`)).status).toBe(200)
  expect((await fetch(`${base}/api`)).status).toBe(200)
  expect((await fetch(`${base}/api/nope`)).headers.get('content-type')).toBe('application/problem+json')
  expect((await fetch(`${base}/api/todo`, { method: 'OPTIONS' })).headers.get('allow')).toContain('QUERY')
  expect(await (await fetch(`${base}/own`)).json()).toEqual({ own: true })
})

test('only the API reads bodies, so a body that Fastify would refuse gets our problem document', async () => {
  const broken = await fetch(`${base}/api/todo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"title":"a","title":"b"}',
  })
  expect(await broken.json()).toMatchObject({ status: 400, error: 'duplicate_key' })
  const plain = await fetch(`${base}/api/todo`, { method: 'POST', headers: { 'content-type': 'text/x' }, body: 'x' })
  expect(await plain.json()).toMatchObject({ status: 415, error: 'unsupported_media_type' })
})
