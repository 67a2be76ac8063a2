import { expect, test } from 'vitest'
import { api, resource, t } from '../src/index.ts'

test('the entity tag of a row that shows another row of its own resource changes with that row', async () => {
  const node = resource({ id: t.id(), name: t.text(), parent: t.one('node').nullable() }).public()
  const app = api({ node }, { report: () => {}, http: { log: () => {} } })
  await app.post('node', { name: 'root' })
  await app.post('node', { name: 'leaf', parent: 1 })
  const read = async (etag?: string): Promise<Response> =>
    app.fetch(new Request('http://host/node/2?include=parent', { headers: etag ? { 'if-none-match': etag } : {} }))
  const etag = (await read()).headers.get('etag')!
  expect((await read(etag)).status).toBe(304)
  await app.patch('node', 1, { name: 'trunk' })
  const answer = await read(etag)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ parent: { name: 'trunk' } })
  await app.close()
})

test('the entity tag of a list changes with rows that its filter only counts', async () => {
  const user = resource({ id: t.id(), todos: t.back('todo', 'owner', { ids: false }) }).public()
  const todo = resource({ id: t.id(), owner: t.one('user').nullable() }).public()
  const app = api({ user, todo }, { report: () => {}, http: { log: () => {} } })
  await app.post('user', {})
  const read = async (etag?: string): Promise<Response> =>
    app.fetch(new Request('http://host/user?todos[size]=1', { headers: etag ? { 'if-none-match': etag } : {} }))
  const none = await read()
  expect(await none.json()).toEqual([])
  const etag = none.headers.get('etag')!
  expect((await read(etag)).status).toBe(304)
  await app.post('todo', { owner: 1 })
  const answer = await read(etag)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual([{ id: 1 }])
  await app.close()
})
