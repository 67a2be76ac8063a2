// History and reads of the past over a change of the schema: in today's shape where that is defined, and said where it is not.
import { describe, expect, test } from 'vitest'
import type { Api } from '../src/api.ts'
import { migratedApp, migratedDatabases } from './migrated-app.ts'

describe.each(migratedDatabases)('%s', database => {
  const { declares, migrate, opened, rows } = migratedApp(database)

  const todo = (fields: string): string => declares(`todo: resource({ id: t.id(), ${fields} }).public()`)
  const get = async (app: Api<any>, path: string): Promise<{ status: number; body: any }> => {
    const response = await app.fetch(new Request(`http://localhost${path}`))
    return { status: response.status, body: await response.json() }
  }

  /** A row whose history has values that do not all become numbers, and then a field more. */
  async function changed(): Promise<string> {
    await opened(todo('title: t.text(), size: t.text()'), async app => {
      await app.post('todo', { title: 'a', size: '1' })
      await app.patch('todo', 1, { size: 'big' })
      await app.patch('todo', 1, { title: 'b' })
      await app.patch('todo', 1, { size: '3' })
      await app.patch('todo', 1, { title: 'c' })
    })
    const after = todo(`name: t.text().was('title'), amount: t.integer().was('size'), rank: t.integer()`)
    await migrate('plan', after, '--set', 'todo.rank=5')
    await migrate('apply', after)
    return after
  }

  test('history names the fields whose former value is not known', async () => {
    await opened(await changed(), async app => {
      await app.patch('todo', 1, { rank: 6 })
      const { body } = await get(app, '/todo/1/history')
      expect(body.map(({ data, before, unknown }: any) => [data, before, unknown])).toEqual([
        [{ id: 1, name: 'c', amount: 3, rank: 6 }, { rank: 5 }, undefined],
        [{ id: 1, name: 'c', amount: 3, rank: null }, { name: 'b' }, ['rank']],
        [{ id: 1, name: 'b', amount: 3, rank: null }, { amount: null }, ['amount', 'rank']],
        [{ id: 1, name: 'b', amount: null, rank: null }, { name: 'a' }, ['amount', 'rank']],
        [{ id: 1, name: 'a', amount: null, rank: null }, { amount: 1 }, ['amount', 'rank']],
        [{ id: 1, name: 'a', amount: 1, rank: null }, null, ['rank']],
      ])
      expect((await app.history('todo', 1)).records[3]!.unknown).toEqual(['amount', 'rank'])
    })
  })

  test('a read of the past that would show such a field is refused, and others are answered', async () => {
    await opened(await changed(), async app => {
      const { records } = await app.history('todo', 1)
      const at = (number: number): string => records[number]!.position
      const lost = await get(app, `/todo/1?at=${at(2)}`)
      expect([lost.status, lost.body.error, lost.body.unknown]).toEqual([410, 'gone', ['todo.amount', 'todo.rank']])
      expect(lost.body.detail).toContain('the value of todo.amount, todo.rank at that time is not known')
      expect((await get(app, `/todo/1?at=${at(1)}&fields=name,amount`)).body).toEqual({ name: 'b', amount: 3 })
      expect((await get(app, `/todo/1?at=${at(2)}&fields=name`)).body).toEqual({ name: 'b' })
      expect((await get(app, `/todo/1?at=${at(4)}&fields=amount`)).body).toEqual({ amount: 1 })
      expect((await get(app, `/todo?at=${at(2)}`)).status).toBe(410)
      await expect(app.get('todo', 1, { at: at(2) } as never)).rejects.toMatchObject({ code: 'gone' })
      // Since the change everything is known.
      await app.patch('todo', 1, { rank: 7 })
      const [now] = (await app.history('todo', 1)).records
      await app.patch('todo', 1, { amount: 9 })
      expect((await get(app, `/todo/1?at=${now!.position}`)).body).toEqual({ id: 1, name: 'c', amount: 3, rank: 7 })
      expect((await get(app, `/todo?at=${now!.position}`)).body).toEqual([{ id: 1, name: 'c', amount: 3, rank: 7 }])
    })
  })

  test('positions of before are of another history', async () => {
    const before = todo('title: t.text(), size: t.text()')
    const position = await opened(before, async app => {
      await app.post('todo', { title: 'a', size: '1' })
      return (await app.history('todo', 1)).records[0]!.position
    })
    const after = todo('title: t.text(), size: t.integer()')
    await migrate('plan', after, '--otherwise', 'todo.size=0')
    await migrate('apply', after)
    await opened(after, async app => {
      const { status, body } = await get(app, `/todo/1?at=${position}`)
      expect([status, body.errors[0].detail]).toEqual([400, 'is of another history than this one'])
    })
    expect(await rows(after, 'todo')).toEqual([{ id: 1, title: 'a', size: 1 }])
  })
})
