// Two related resources: `GET /lists?depth=2` shows each list with its todos.
import { api, resource, serve, sqlite, t } from '../../src/index.ts'
import { LISTS, listTitle, TODOS, todoText } from './lists.ts'
import { readStart, tellReady } from './todo.ts'

const { port, db, uncached } = readStart()
const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }, { path: 'lists' }).public()
const todo = resource({
  id: t.id(),
  text: t.text(),
  done: t.bool().default(false),
  list: t.one('list', { onDelete: 'cascade' }),
}).public()

const app = api({ list, todo }, { store: sqlite(db), report: () => {}, ...(uncached && { cache: 0 }) })
await app.ready()
for (let from = 0; from < LISTS; from += 100) {
  const batch = Array.from({ length: 100 }, (_, i) => from + i + 1)
  await app.post(
    'list',
    batch.map(id => ({
      title: listTitle(id),
      todos: Array.from({ length: TODOS }, (_, nth) => ({ text: todoText(id, nth) })),
    })),
  )
}
await serve(app, { port, report: () => {} })
tellReady(port)
