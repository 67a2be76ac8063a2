// What the databases hold that a test copies, for the test and for the command.
import { resource, t, type api } from '../src/index.ts'

export const declared = (): Parameters<typeof api>[0] => ({
  tag: resource({ id: t.id(), name: t.text(), todos: t.many('todo', { inverse: 'tags' }) }).public(),
  todo: resource({
    id: t.id(),
    text: t.text().unique(),
    next: t.one('todo', { inverse: 'previous' }).nullable(),
    previous: t.back('todo', 'next'),
    tags: t.many('tag', { inverse: 'todos' }),
  }).public(),
})
