import { expect, expectTypeOf, test } from 'vitest'
import { api, resource, t } from '../src/index.ts'
import { fixtures } from '../src/testing/rows/fixtures.ts'

test('fixtures are rows by names, with the types of the declaration', async () => {
  const app = api({
    user: resource({ id: t.id(), name: t.text() }),
    todo: resource({ id: t.id(), title: t.text(), owner: t.one('user') }),
  })
  const { ada, bob } = await fixtures(app, 'user', { ada: { name: 'Ada' }, bob: { name: 'Bob' } })
  const { milk } = await fixtures(app, 'todo', { milk: { title: 'Milk', owner: bob.id } })
  expect(milk).toEqual({ id: 1, title: 'Milk', owner: 2 })
  expect(ada.name).toBe('Ada')
  expectTypeOf(milk.title).toEqualTypeOf<string>()
  // @ts-expect-error -- a todo has no name
  await expect(fixtures(app, 'todo', { bread: { name: 'Bread', owner: ada.id } })).rejects.toThrow('title')
  await app.close()
})
