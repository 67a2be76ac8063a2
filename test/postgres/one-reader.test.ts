// What a read waits for needs no connection of those that reads have: all of them may be taken by reads that wait for the same.
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { runsWith } from '../system-programs.ts'

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('with one connection that reads', () => {
  test('many at once read history, the past and the log', async () => {
    const store = postgres(await startPostgres(inject('postgresFolder')), { schema: newSchema(), readers: 1 })
    const todo = resource({ id: t.id(), title: t.text() }).public()
    const app = api({ todo }, { store, report: () => {} })
    onTestFinished(() => app.close())
    const ask = (method: string, uri: string, title?: string): Promise<Response> => {
      const sent = title && { body: JSON.stringify({ title }), headers: { 'content-type': 'application/json' } }
      return app.fetch(new Request(`http://localhost${uri}`, { method, ...sent }))
    }
    await ask('POST', '/todo', 'a')
    const at = (await ask('PATCH', '/todo/1', 'b')).headers.get('position')!
    await ask('PATCH', '/todo/1', 'c')
    const asked = Array.from({ length: 5 }, async () => {
      const { records } = await app.history('todo', 1)
      const [one, all] = [await ask('GET', `/todo/1?at=${at}`), await ask('GET', `/todo?at=${at}`)]
      return [records.length, (await one.json()).title, (await all.json())[0].title]
    })
    for (const told of await Promise.all(asked)) expect(told).toEqual([3, 'b', 'b'])
  })
})
