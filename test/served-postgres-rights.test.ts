// restuary serve postgres://… with a role that may only read the tables.
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { readPostgres } from '../src/cli/database/postgres-source.ts'
import { Misuse } from '../src/cli/misuse.ts'
import { apiOf, serveFile } from '../src/cli/serve.ts'
import { execute, newDatabase } from '../src/testing/postgres/new-database.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { runsWith } from './system-programs.ts'

const isInstalled = runsWith('PostgreSQL', hasPostgres(), 'postgresql')

describe.runIf(isInstalled)('a role with nothing but SELECT on the tables', () => {
  let admin: string
  let reader: string
  let url: string

  beforeEach(async () => {
    for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true)
    vi.spyOn(console, 'error').mockImplementation(() => {})
    admin = await newDatabase(await startPostgres(inject('postgresFolder')))
    reader = `reader_${new URL(admin, 'postgres://x').pathname.slice(1)}`
    url = admin.replace('user=postgres', `user=${reader}`)
    await execute(
      admin,
      `create table item (id int primary key, name text); insert into item values (1, 'a'), (2, 'B');
       create role ${reader} login; grant select on item to ${reader}`,
    )
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await execute(admin, `drop owned by ${reader}; drop role ${reader}`)
  })

  test('is refused, and the fix is told', async () => {
    const options = {
      host: '127.0.0.1',
      port: 0,
      public: true,
      readOnly: true,
      memory: false,
      jsonServer: false,
      cors: [],
    }
    const error = await serveFile(url, options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Misuse)
    expect(error).toMatchObject({
      message: expect.stringContaining('permission denied for database'),
      fix: expect.stringContaining('create schema restuary authorization'),
    })
  })

  test('reads where somebody has made the schema for it, and no table changes', async () => {
    await execute(admin, `create schema restuary authorization ${reader}`)
    const source = await readPostgres(url, { readOnly: true })
    const app = apiOf(source, { public: true, readOnly: true, report: () => {} })
    await app.ready()
    const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
      app.fetch(new Request(`http://localhost${path}`, init))
    expect(await (await ask('/item?name[ieq]=b&total=true')).json()).toEqual([{ id: 2, name: 'B' }])
    const tag = (await ask('/item/1')).headers.get('etag')
    await execute(admin, `update item set name = 'x' where id = 1`)
    const changed = await ask('/item/1', { headers: { 'if-none-match': tag! } })
    expect(await changed.json()).toEqual({ id: 1, name: 'x' })
    expect((await ask('/item/1', { method: 'DELETE' })).status).toBe(405)
    await app.close()
  })
})
