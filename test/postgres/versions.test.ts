// Two versions of an application share a database of PostgreSQL while its tables change.
import { expect, inject, onTestFinished, describe, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { runsWith } from '../system-programs.ts'

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('two versions of an application', () => {
  async function world(): Promise<(declared: object, drop?: string[]) => Promise<{ app: any; told: string[] }>> {
    const url = await startPostgres(inject('postgresFolder'))
    const schema = newSchema()
    return async (declared, drop = []) => {
      const told: string[] = []
      const store = postgres(url, { schema, readers: 2, poll: 50, drop })
      const app: any = api({ user: resource({ id: t.id() }), todo: resource({ id: t.id(), ...declared }) } as never, {
        store,
        report: (line: string) => told.push(line),
      })
      onTestFinished(() => app.close())
      await app.ready()
      return { app, told }
    }
  }

  test('what an earlier version writes is told by a later one with all fields', async () => {
    const opened = await world()
    const { app: old } = await opened({ title: t.text() })
    const { app: later } = await opened({ title: t.text(), rank: t.integer().default(7) })
    const live = later.live('todo', {})
    const seen: unknown[] = []
    const following = (async () => {
      for await (const { rows } of live) {
        seen.splice(0, seen.length, ...rows)
        if (rows.length === 1) return
      }
    })()
    await old.post('todo', { title: 'a' })
    await following
    expect(seen).toEqual([{ id: 1, title: 'a', rank: 7 }])
  })

  test('an earlier version starts again and changes no table; what it does not fit it refuses', async () => {
    const opened = await world()
    const { app: old } = await opened({ title: t.text() })
    await old.post('todo', { title: 'a' })
    const { app: later } = await opened({ title: t.text(), rank: t.integer().default(7) })
    const { app: again, told } = await opened({ title: t.text() })
    expect(told[0]).toContain('a later version of this application has used the database')
    expect(await again.get('todo', 1)).toEqual({ id: 1, title: 'a' })
    expect(await later.get('todo', 1)).toEqual({ id: 1, title: 'a', rank: 7 })
    await opened({ rank: t.integer().default(7) }, ['todo.title'])
    const refused = 'the database was changed for another version of this application: todo.title is gone'
    await expect.poll(() => old.get('todo', 1).catch((error: Error) => error.message)).toBe(refused)
    // Also a new row, for which an id is asked first. Resources whose tables are as they were go on.
    await expect(old.post('todo', { title: 'b' })).rejects.toThrow(refused)
    await expect(old.patch('todo', 1, { title: 'b' })).rejects.toThrow(refused)
    expect(await old.post('user', {})).toEqual({ id: 1 })
    expect(await old.list('user')).toEqual([{ id: 1 }])
  })
})
