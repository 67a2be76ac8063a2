// node examples/todo/main.ts
import { api, resource, serve, sqlite, t } from '../../src/index.ts'

const list = resource({
  id: t.id(),
  title: t.text({ min: 1, max: 80 }),
  todos: t.back('todo', 'list'),
})

const todo = resource({
  id: t.id(),
  text: t.text({ min: 1, max: 500 }),
  done: t.bool().default(false),
  due: t.date().nullable(),
  list: t.one('list', { onDelete: 'cascade' }),
})

const app = api({ list, todo }, { store: sqlite('todo.db') })
await serve(app)
