// A start waits for few answers of the server, because the server may be far away.
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { runsWith } from '../system-programs.ts'

const PORT = 6_433

/** A way to the server that counts how often somebody has waited for an answer before something was sent. */
async function countedWay(folder: string): Promise<{ readonly url: string; readonly waits: () => number }> {
  let waits = 0
  const server = createServer(client => {
    let isAnswered = true
    const upstream = createConnection(join(folder, '.s.PGSQL.5432'))
    client.on('data', data => {
      if (isAnswered) waits++
      isAnswered = false
      upstream.write(data)
    })
    upstream.on('data', data => {
      isAnswered = true
      client.write(data)
    })
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy())
  })
  await new Promise<void>(resolve => server.listen(join(folder, `.s.PGSQL.${PORT}`), resolve))
  onTestFinished(() => void server.close())
  return { url: `postgresql:///postgres?host=${folder}&port=${PORT}&user=postgres`, waits: () => waits }
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a start', () => {
  test('waits for few answers', async () => {
    const folder = inject('postgresFolder')
    await startPostgres(folder)
    const { url, waits } = await countedWay(folder)
    const schema = newSchema()
    const start = async (): Promise<number> => {
      const user = resource({ id: t.id(), name: t.text(), todos: t.back('todo', 'owner') }).public()
      const todo = resource({ id: t.id(), owner: t.one('user', { inverse: 'todos' }), tags: t.many('user') }).public()
      const before = waits()
      const store = postgres(url, { schema, bus: false })
      const app = api({ user, todo }, { store, report: () => {} })
      await app.ready()
      const count = waits() - before
      await app.close()
      return count
    }
    // Six and five, with that of the connection; some more if what is sent together is answered in parts.
    expect(await start(), 'waits of the first start').toBeLessThan(10)
    expect(await start(), 'waits of a later one').toBeLessThan(9)
  })
})
