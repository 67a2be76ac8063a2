// In a body with several rows, a fault of one of them names its place.
import { describe, expect, onTestFinished, test } from 'vitest'
import { api, memory, resource, sqlite, t, type Store } from '../src/index.ts'
import { slow } from '../src/testing/slow-store.ts'

const stores: Readonly<Record<string, () => Store>> = {
  memory: () => memory(),
  sqlite: () => sqlite(':memory:'),
  slow: () => slow(memory()),
}

const list = resource({ id: t.id(), title: t.text(), notes: t.back('note', 'list') }).public()
const note = resource({
  id: t.id(),
  u: t.text().unique(),
  a: t.integer().default(0),
  b: t.integer().default(0),
  list: t.one('list').nullable(),
})
  .public()
  .unique('a', 'b')
  .check(row => (row['u'] === 'bad' ? { u: 'is bad' } : true))

describe.each(Object.entries(stores))('%s', (_, store) => {
  test.each<[string, unknown, number, string[]]>([
    [
      '/note',
      [
        { u: 'x', a: 1 },
        { u: 'there', a: 2 },
      ],
      409,
      ['#/1/u'],
    ],
    [
      '/note',
      [
        { u: 'x', a: 1 },
        { u: 'y', a: 2 },
        { u: 'x', a: 3 },
      ],
      409,
      ['#/2/u'],
    ],
    ['/note', [{ u: 'x', a: 9, b: 9 }], 409, ['#/0/a', '#/0/b']],
    ['/note', { u: 'there', a: 3 }, 409, ['#/u']],
    [
      '/list',
      {
        title: 'l',
        notes: [
          { u: 'x', a: 1 },
          { u: 'there', a: 2 },
        ],
      },
      409,
      ['#/notes/1/u'],
    ],
    [
      '/note',
      [
        { u: 'x', a: 1 },
        { u: 'bad', a: 2 },
      ],
      400,
      ['#/1/u'],
    ],
    ['/list', { title: 'l', notes: [{ u: 'bad', a: 1 }] }, 400, ['#/notes/0/u']],
  ])('POST %s %j', async (path, body, status, places) => {
    const app = api({ list, note }, { store: store(), report: () => {} })
    onTestFinished(() => app.close())
    await app.post('note', { u: 'there', a: 9, b: 9 })
    const answer = await app.fetch(
      new Request(`http://x${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    )
    const told = (await answer.json()) as { errors: { pointer: string }[] }
    expect([answer.status, told.errors?.map(({ pointer }) => pointer)]).toEqual([status, places])
    expect(await app.list('note')).toHaveLength(1)
  })
})
