// The declared resource on PostgreSQL, served as anyone would.
import { parseArgs } from 'node:util'
import { api, resource, serve, t } from '../../src/index.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { titleOf, tellReady } from './todo.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    url: { type: 'string' },
    rows: { type: 'string' },
    uncached: { type: 'boolean' },
  },
})
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

const app = api(
  { todo },
  { store: postgres(values.url!), report: () => {}, ...(values.uncached === true && { cache: 0 }) },
)
await app.ready()
for (let from = 0; from < Number(values.rows); from += 100)
  await app.post(
    'todo',
    Array.from({ length: 100 }, (_, i) => ({ title: titleOf(from + i + 1), done: i % 2 })),
  )
await serve(app, { port: Number(values.port), report: () => {} })
tellReady(Number(values.port))
