import { describe, expect, test } from 'vitest'
import { api } from '../api.ts'
import { resource } from '../model/declare/resource.ts'
import { t } from '../schema/builder.ts'
import { memory } from '../store/memory.ts'

describe('what it costs to follow a query', () => {
  const todo = resource({
    id: t.id(),
    n: t.integer(),
    text: t.text(),
    list: t.one('list', { inverse: 'todos' }),
  }).public()
  const list = resource({
    id: t.id(),
    owner: t.text(),
    todos: t.back('todo', 'list'),
    guests: t.back('here', 'list', { ids: false }),
    size: t.count('todos').sortable(),
  }).public()
  const here = resource.ephemeral({ id: t.id(), list: t.one('list', { inverse: 'guests' }) }, { ttl: '1 h' }).public()
  const app = api({ todo, list, here }, { store: memory() })

  test("if the filter only uses the row's own fields, the changed row is enough", async () => {
    expect(await app.live.explain('todo', { filter: { n: { $gte: 2, $lt: 5 } } })).toEqual({
      upkeep: 'rows',
      reason: null,
      isExact: true,
      foundBy: ['2 ≤ n ≤ 5'],
      reads: ['todo'],
      cost: null,
    })
  })

  test('other rows decide, and are followed', async () => {
    expect(await app.live.explain('todo', { filter: { list: { owner: 'ann' } } })).toMatchObject({
      upkeep: 'maintained',
      isExact: true,
      foundBy: ['list.owner = "ann"'],
      reads: ['todo', 'list'],
    })
    expect(await app.live.explain('todo', { sort: 'list.owner' as never, limit: 5 })).toMatchObject({
      upkeep: 'maintained',
      isExact: false,
    })
  })

  test('a view that must be queried again has a reason', async () => {
    expect(await app.live.explain('list', { sort: '-size' as never })).toMatchObject({
      upkeep: 'requeried',
      reason: 'it is sorted by a calculated field, a count or a list',
    })
    expect(await app.live.explain('list', { filter: { guests: { $size: 0 } } })).toMatchObject({
      upkeep: 'requeried',
      reason: 'it reads rows of an ephemeral resource, which are in no log',
      reads: ['list', 'here', 'todo'],
    })
  })
})
