// What each node has for itself.
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resource } from '../../src/model/declare/resource.ts'
import { t } from '../../src/schema/builder.ts'
import { serve } from '../../src/serve.ts'
import { hasPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { ask, databases, nodesOf, sharedSchema, type Resources } from './nodes.ts'

const note = (): Resources => ({
  note: resource({ id: t.id() }).public(),
  slow: resource({ id: t.id() }).public(),
})

describe.each(databases)('each of several nodes on %s', (_, make) => {
  test('counts its own connections', async () => {
    const nodes = await nodesOf(2, await make(), note, { limits: { connections: 1 } })
    for (const node of nodes) {
      const { port, close } = await serve(node, { port: 0, report: () => {} })
      onTestFinished(close)
      const first = createConnection(port)
      onTestFinished(() => void first.destroy())
      await once(first, 'connect')
      const second = createConnection(port)
      await once(second, 'close')
      first.write('GET /note HTTP/1.1\r\nhost: localhost\r\n\r\n')
      expect(String((await once(first, 'data'))[0])).toContain('HTTP/1.1 200')
    }
  })

  test('refuses what is too much for it, and others answer', async () => {
    const gate = Promise.withResolvers<void>()
    onTestFinished(() => gate.resolve())
    let waiting = 0
    const [one, other] = await nodesOf(2, await make(), note, {
      http: { overload: { inFlight: 1 }, log: () => {} },
      before: async ({ resource: name }) => {
        if (name === 'slow') await (waiting++, gate.promise)
      },
    })
    const long = ask(one!, 'GET', '/slow')
    await expect.poll(() => waiting).toBe(1)
    expect((await ask(one!, 'GET', '/note')).status).toBe(503)
    expect((await ask(other!, 'GET', '/note')).status).toBe(200)
    gate.resolve()
    await long
  })
})

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a node on PostgreSQL', () => {
  test('does not start with files that others could not read', async () => {
    const [node] = await nodesOf(1, await sharedSchema(), () => ({
      photo: resource({ id: t.id(), picture: t.file() }).public(),
    }))
    await expect(serve(node!, { port: 0, report: () => {} })).rejects.toThrow('other nodes could not read them')
  })
})
