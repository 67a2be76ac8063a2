import { api, resource, t, type Api, type Store } from '../../src/index.ts'

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

export const open = (store: Store): Api => api({ list, todo }, { store })
