// Two related resources: `GET /lists?depth=2` shows each list with its todos.
import { api, resource, serve, sqlite, t } from '../../src/index.ts'
import { LISTS, listTitle, TODOS, todoText } from './lists.ts'
import { readStart, tellReady } from './todo.ts'

const { port, db } = readStart()
const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }, { path: 'lists' }).public()
const todo = resource({
  id: t.id(),
  text: t.text(),
  done: t.bool().default(false),
  list: t.one('list', { onDelete: 'cascade' }),
}).public()

const app = api({ list, todo }, { store: sqlite(db), report: () => {} })
await app.ready()
await app.post(
  'list',
  Array.from({ length: LISTS }, (_, i) => ({
    title: listTitle(i + 1),
    todos: Array.from({ length: TODOS }, (_, nth) => ({ text: todoText(i + 1, nth) })),
  })),
)
await serve(app, { port, report: () => {} })
tellReady(port)
