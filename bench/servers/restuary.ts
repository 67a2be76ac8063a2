// The same resource declared, served as anyone would: routing, validation, versions, change log, paging, conditions.
import { api, resource, serve, sqlite, t } from '../../src/index.ts'
import { readStart, tellReady, titleOf } from './todo.ts'

const { port, db, sync, rows, uncached } = readStart()
const todo = resource(
  {
    id: t.id(),
    title: t.text({ min: 1, max: 200 }),
    done: t.integer({ min: 0, max: 1 }).default(0),
  },
  { path: 'todos' },
)
  .index('title')
  .public()

const store = sqlite(db, { synchronous: sync === 'FULL' ? 'full' : 'normal' })
const app = api({ todo }, { store, report: () => {}, ...(uncached && { cache: 0 }) })
await app.ready()
// Rows come in batches, as real data does. One request with all rows would teach the garbage collector that objects live long.
for (let from = 0; from < rows; from += 100) {
  const batch = Array.from({ length: Math.min(100, rows - from) }, (_, i) => from + i + 1)
  await app.post(
    'todo',
    batch.map(id => ({ title: titleOf(id), done: id % 2 })),
  )
}
await serve(app, { port, report: () => {} })
tellReady(port)
