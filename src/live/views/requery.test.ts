import { expect, onTestFinished, test, vi } from 'vitest'
import { api } from '../../api.ts'
import { appCall } from '../../engine/call/app-call.ts'
import { resource } from '../../model/declare/resource.ts'
import { t } from '../../schema/builder.ts'
import { memory } from '../../store/memory.ts'
import { sqlite } from '../../store/sqlite/index.ts'
import { Recorder } from '../../testing/recorder.ts'

const note = resource({
  id: t.id('integer', { client: true }),
  open: t.bool().default(false),
  parent: t.one('note', { inverse: 'kids', onDelete: 'cascade' }).nullable(),
  kids: t.back('note', 'parent'),
  size: t.count('kids').sortable(),
}).rules((_, note) => ({ read: note.parent['open'].is(true) }))

test.each([
  ['memory', () => memory()],
  ['sqlite', () => sqlite(':memory:')],
])('over %s a view that is asked again hears of rows of its own resource that decide it', async (_, store) => {
  const app = api({ note }, { store: store(), report: () => {} })
  onTestFinished(() => app.close())
  await app.post('note', [
    { id: 1, open: true },
    { id: 2, parent: 1 },
  ])
  const heard = new Recorder()
  const call = appCall(app.engine, { operation: 'list', name: 'note' }, { sort: '-size', me: { id: 1 } })
  await app.http.live!.subscribe(call, heard)
  expect([...heard.rows.keys()]).toEqual([2])
  await app.patch('note', 1, { open: false })
  await app.http.live!.advance()
  expect([...heard.rows.keys()]).toEqual([])
  await app.patch('note', 1, { open: true })
  await app.delete('note', 1)
  await app.http.live!.advance()
  expect([...heard.rows.keys()]).toEqual([])
  expect(heard.faults).toEqual([])
})

const team = resource({ id: t.id('integer', { client: true }), members: t.many('user') })
const list = resource({
  id: t.id('integer', { client: true }),
  team: t.one('team'),
  user: t.one('user', { inverse: 'lists' }),
}).rules((me: any, list: any) => ({ read: list.team.members.has(me.id) }))
const user = resource({
  id: t.id('integer', { client: true }),
  lists: t.back('list', 'user'),
  size: t.count('lists').sortable(),
})

test('a view that is sorted by a count hears of what decides which rows are counted', async () => {
  const app: any = api({ team, list, user }, { store: memory(), report: () => {} })
  onTestFinished(() => app.close())
  for (const id of [1, 2]) await app.put('user', id, {})
  await app.put('team', 1, { members: [2] })
  await app.put('list', 1, { team: 1, user: 1 })
  const query = { sort: 'size', depth: 0, me: { id: 2 } }
  const heard = new Recorder()
  await app.http.live.subscribe(appCall(app.engine, { operation: 'list', name: 'user' }, query), heard)
  await app.patch('team', 1, { members: [] })
  await app.http.live.advance()
  expect(heard.batches.map(({ order }) => order)).toEqual([[1, 2]])
})

test('a query that would take too long after every commit is refused, and others are not', async () => {
  let passed = 0
  const now = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + passed)
  const length = t.calc({
    of: t.integer(),
    uses: ['text'],
    get: ({ text }) => {
      passed += 1_001
      return String(text).length
    },
  })
  const page = resource({ id: t.id(), text: t.text(), length: length.sortable() })
  const app = api({ page }, { store: memory(), report: () => {} })
  onTestFinished(() => {
    clock.mockRestore()
    return app.close()
  })
  await app.post('page', { text: 'long' })
  const follow = (query: object): Promise<unknown> =>
    app.http.live!.subscribe(appCall(app.engine, { operation: 'list', name: 'page' }, query), new Recorder())
  await expect(follow({ sort: 'length' })).rejects.toMatchObject({
    code: 'too_complex',
    message: expect.stringMatching(/^this query takes \d{4} ms, .* as it is sorted by a calculated field/),
  })
  await follow({ sort: 'text' })
  expect(app.http.live!.subscriptions).toBe(1)
})
