// Rows with related rows, about a millisecond of work each list: what one process can be asked too much of.
// node overload.ts PORT [DELAY]: with a delay, requests are refused once turns of the event loop stay longer.
import { api, memory, resource, serve, t } from '../../src/index.ts'
import { tellReady } from './todo.ts'

const [port, delay] = process.argv.slice(2).map(Number) as [number, number?]
const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).public()
const todo = resource({ id: t.id(), title: t.text(), done: t.bool(), list: t.one('list') }).public()

const app = api(
  { list, todo },
  // Each answer is made anew: what is kept costs no more than a refusal.
  { store: memory(), report: () => {}, cache: 0, http: { overload: delay ? { delay } : false, log: () => {} } },
)
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))
await app.post(
  'list',
  many(50, i => ({ title: `List ${i}`, todos: many(20, j => ({ title: `Todo ${i}-${j}`, done: j % 2 === 0 })) })),
)
await serve(app, { port, report: () => {} })
tellReady(port)
