import { expect, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { clientTypes } from '../../src/describe/client/client-types.ts'

test('the types of a client name queries and conditions once', async () => {
  const list = resource({ id: t.id(), title: t.text(), todos: t.back('todo', 'list') }).public()
  const todo = resource({ id: t.id(), text: t.text(), done: t.bool(), rank: t.integer(), list: t.one('list') }).public()
  const app = api({ list, todo }, { report: () => {}, http: { log: () => {} } })
  const document = await (await app.fetch(new Request('http://host/openapi.json'))).json()
  const types = clientTypes(document as never)
  expect(types).toContain('list(query?: ListQuery<TodoFilter, "id" | "text" | "done" | "rank" | "list">')
  expect(types).toContain('text?: string | null | TextTest')
  expect(types).toContain('rank?: number | null | OrderedTest<number>')
  expect(types).toContain('done?: boolean | null | EqualTest<boolean>')
  expect(types.match(/\$contains/g)).toHaveLength(1)
})
