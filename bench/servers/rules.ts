// A list of todos and callers by number; with --rules=rows each sees his own and the public ones, with --rules=none everything.
import { any, api, memory, resource, serve, sqlite, t, type Principal } from '../../src/index.ts'
import { tellReady, titleOf } from './todo.ts'

const argument = (name: string): string | undefined =>
  process.argv.find(one => one.startsWith(`--${name}=`))?.slice(name.length + 3)
const port = Number(argument('port'))
const rows = Number(argument('rows') ?? 500)
const db = argument('db')

const open = resource(
  {
    id: t.id(),
    title: t.text({ max: 200 }),
    done: t.integer({ min: 0, max: 1 }).default(0),
    owner: t.integer(),
    shared: t.bool(),
  },
  { path: 'todos' },
).index('title')
const todo =
  argument('rules') === 'none'
    ? open.public()
    : open.rules((me, todo) => {
        const mine = any(todo.owner.is(me['id']), todo.shared.is(true))
        return { read: mine, create: mine, write: mine }
      })

const callers: readonly Principal[] = Array.from({ length: 10 }, (_, id) => ({ id }))
const app = api(
  { todo },
  {
    store: db === undefined ? memory() : sqlite(db, { synchronous: 'normal' }),
    report: () => {},
    authenticate: asked => callers[Number(asked.header('authorization')?.slice('Bearer '.length) ?? 0)] ?? null,
  },
)
await app.ready()
for (let from = 0; from < rows; from += 100)
  await app.post(
    'todo',
    Array.from({ length: Math.min(100, rows - from) }, (_, i) => ({
      title: titleOf(from + i + 1),
      owner: 0,
      // In the benchmark of the fan-out everybody may see the written rows. The others belong to the first caller.
      shared: argument('shared') === 'all' || i % 2 === 0,
    })),
  )
await serve(app, { port, report: () => {} })
tellReady(port)
