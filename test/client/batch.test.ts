// Several calls of the client, all or nothing.
import { expect, test } from 'vitest'
import type { Served } from '../../src/client/index.ts'
import { api, resource, t } from '../../src/index.ts'
import { clientAt, urlOf } from './served.ts'

const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).public()
const todo = resource({
  id: t.id(),
  text: t.text({ min: 1 }),
  done: t.bool().default(false),
  list: t.one('list').nullable(),
}).public()
const declare = () => api({ list, todo })
interface App extends Served<ReturnType<typeof declare>> {}

test('calls of a batch name rows that earlier ones create, and have their answers', async () => {
  const app = declare()
  const c = clientAt<App>(await urlOf(app))
  await app.create('todo', { text: 'old' })
  const live = c.todo.live({ sort: 'text' })
  await live.ready
  const [trip, pack, changed, page, gone] = await c.$batch(batch => {
    const made = batch.list.create({ title: 'Trip' })
    const first = batch.todo.create({ text: 'pack', list: batch.$ref(made) })
    return [
      made,
      first,
      batch.todo.patch(1, { done: true }),
      batch.todo.list({ filter: { done: true } }),
      batch.todo.delete(1),
    ]
  })
  expect([trip.title, pack.list, changed.done]).toEqual(['Trip', trip.id, true])
  expect([page.rows.map(row => row.text), gone]).toEqual([['old'], undefined])
  await expect.poll(() => live.rows).toEqual([pack])
  // @ts-expect-error -- no such field
  await c.$batch(batch => [batch.todo.create({ txet: 'x' })]).safe()
})

test('a refused call refuses the batch, and says where', async () => {
  const app = declare()
  const c = clientAt<App>(await urlOf(app))
  const made = await c.$batch(batch => [batch.list.create({ title: 'a' }), batch.todo.create({ text: '' })]).safe()
  expect(made.problem?.code).toBe('validation')
  expect(made.problem?.at('#/1/body/text')?.code).toBe('length')
  expect(await app.list('list')).toEqual([])
})

test('a batch with a key happens once, and its conditions hold', async () => {
  const app = declare()
  const url = await urlOf(app)
  const c = clientAt<App>(url)
  const create = () => c.$batch(batch => [batch.list.create({ title: 'a' })], { key: 'one' })
  expect(await create()).toEqual(await create())
  expect(await app.list('list')).toHaveLength(1)
  const ifMatch = (await fetch(`${url}/list/1`)).headers.get('etag')!.slice(1, -1)
  await app.patch('list', 1, { title: 'b' })
  const { problem } = await c.$batch(batch => [batch.list.patch(1, { title: 'c' }, { ifMatch })]).safe()
  expect(problem?.code).toBe('precondition_failed')
})
