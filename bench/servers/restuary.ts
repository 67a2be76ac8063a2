// The same resource declared, served as anyone would: routing, validation, versions, change log, paging, conditions.
import { api, resource, serve, sqlite, t } from '../../src/index.ts'
import { readStart, tellReady, titleOf } from './todo.ts'

const { port, db, sync, rows } = readStart()
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

const app = api({ todo }, { store: sqlite(db, { synchronous: sync === 'FULL' ? 'full' : 'normal' }), report: () => {} })
await app.ready()
await app.post(
  'todo',
  Array.from({ length: rows }, (_, i) => ({ title: titleOf(i + 1), done: (i + 1) % 2 })),
)
await serve(app, { port, report: () => {} })
tellReady(port)
