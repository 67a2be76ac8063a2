// What one process can be asked too much of, each answer made anew: searches through 20,000 rows without an index, about
// two milliseconds each, or lists of rows with theirs, half a millisecond and 55 KB each.
// node overload.ts PORT search|list DELAY PATIENCE: milliseconds that a request may wait; with a delay of 0 nothing is refused.
import { api, resource, serve, sqlite, t } from '../../src/index.ts'
import { titleOf } from './todo.ts'

const [port, work, delay, patience] = process.argv.slice(2) as [string, string, string, string]
const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).public()
const todo = resource({ id: t.id(), title: t.text(), done: t.bool(), list: t.one('list') }).public()

const app = api(
  { list, todo },
  {
    store: sqlite(':memory:'),
    report: () => {},
    cache: 0,
    http: { overload: delay === '0' ? false : { delay: Number(delay), patience: Number(patience) }, log: () => {} },
  },
)
for (let i = 0; i < 20_000; i += 200) {
  const lists = Array.from({ length: 10 }, (_, j) => ({
    title: `List ${i / 20 + j}`,
    todos: Array.from({ length: 20 }, (_, k) => ({ title: titleOf(i + j * 20 + k), done: k % 2 === 0 })),
  }))
  await app.post('list', lists)
}
await serve(app, { port: Number(port), report: () => {} })
console.log(work === 'list' ? '/list?limit=50&depth=2' : '/todo?title[contains]=nowhere')
