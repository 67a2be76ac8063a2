import { expect, onTestFinished, test } from 'vitest'
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
  const call = appCall(app.engine, 'list', 'note', null, undefined, { sort: '-size', me: { id: 1 } })
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
