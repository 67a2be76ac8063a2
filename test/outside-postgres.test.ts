// Programs that write to the database of an application past it: with triggers, their changes are live and versioned as well.
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { readPostgres } from '../src/cli/database/postgres-source.ts'
import { triggers } from '../src/cli/database/triggers.ts'
import { apiOf } from '../src/cli/serve.ts'
import { api, resource, t, type Api } from '../src/index.ts'
import { postgres } from '../src/store/postgres/index.ts'
import { PostgresConnection } from '../src/store/postgres/connection.ts'
import { execute, newDatabase } from '../src/testing/postgres/new-database.ts'
import { hasPostgres, startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { connect, faces, serveFaces } from './speakers.ts'
import { runsWith } from './system-programs.ts'

const declare = (): Api<any> => {
  const user = resource({ id: t.id(), name: t.text(), todos: t.back('todo', 'owner') }).public()
  const todo = resource({
    id: t.id(),
    title: t.text(),
    price: t.decimal({ digits: 6, places: 2 }).nullable(),
    data: t.bytes().nullable(),
    at: t.datetime().nullable(),
    owner: t.one('user', { inverse: 'todos', onDelete: 'cascade' }).nullable(),
    tags: t.many('tag', { inverse: 'todos' }),
  }).public()
  const tag = resource({ id: t.id(), name: t.text(), todos: t.many('todo', { inverse: 'tags' }) }).public()
  return api({ user, todo, tag }, { store: postgres(url, { readers: 2, poll: 100 }), report: () => {} }) as Api<any>
}

let url: string

async function send(app: Api<any>, method: string, path: string, body?: unknown, headers: object = {}) {
  const init = { method, headers: { 'content-type': 'application/json', ...headers } }
  const response: Response = await app.fetch(
    new Request(`http://localhost${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) }),
  )
  const text = await response.text()
  return { status: response.status, etag: response.headers.get('etag'), body: text === '' ? null : JSON.parse(text) }
}

const isInstalled = runsWith('PostgreSQL', hasPostgres(), 'postgresql')

describe.runIf(isInstalled)('an application with triggers on its tables', () => {
  let nodes: Api<any>[] = []
  let servers: Awaited<ReturnType<typeof serveFaces>>[] = []

  beforeAll(async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    url = await newDatabase(await startPostgres(inject('postgresFolder')))
    await expect(triggers('install', url)).rejects.toThrow('it has no log of Restuary')
    const first = declare()
    await first.ready()
    await first.close()
    await triggers('install', url)
    nodes = [declare(), declare()]
    servers = await Promise.all(nodes.map(serveFaces))
    await nodes[0]!.post('user', [{ name: 'ann' }, { name: 'bob' }])
    await nodes[0]!.post('tag', [{ name: 'red' }])
    await nodes[0]!.post('todo', [{ title: 'a', owner: 1 }, { title: 'b' }])
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    for (const { close } of servers) await close()
  })

  const ask = async (sql: string): Promise<readonly unknown[]> => {
    const connection = await PostgresConnection.open({ url })
    const [row] = await connection.all({ name: undefined, sql, slots: null })
    await connection.close()
    return row!
  }

  const log = async (): Promise<{ count: number; isDense: boolean }> => {
    const [count, isDense] = await ask('select count(*), max(seq) - min(seq) + 1 = count(*) from _restuary_log')
    return { count: count as number, isDense: isDense === 1 }
  }

  test.each(faces)('%s tells a change on each node, and the row has another version', async face => {
    for (const [i, node] of nodes.entries()) {
      const speaker = await connect(face, servers[i]!.port)
      await speaker.follow('todo')
      const before = await send(node, 'GET', '/todo/1')
      const title = `${face} ${i}`
      await execute(
        url,
        `update todo set title = '${title}', price = 1.5, data = '\\x01', at = '2026-01-31 12:00+00' where id = 1`,
      )
      const row = { id: 1, title, price: '1.50', data: 'AQ==', at: '2026-01-31T12:00:00Z' }
      expect(await speaker.next()).toEqual(['change', 1])
      const after = await send(node, 'GET', '/todo/1', undefined, { 'if-none-match': before.etag })
      expect(after).toMatchObject({ status: 200, body: row })
      expect((await send(node, 'PATCH', '/todo/1', { title: 'x' }, { 'if-match': before.etag })).status).toBe(412)
      speaker.cut()
    }
  })

  test('new rows get ids and versions, and gone ones are told', async () => {
    const { count } = await log()
    await execute(url, `insert into todo (title, owner) values ('raw', 2)`)
    // What comes and goes before a node looks leaves no record.
    await expect.poll(async () => (await log()).count).toBeGreaterThan(count)
    await expect
      .poll(async () => (await send(nodes[1]!, 'GET', '/todo?title=raw')).body)
      .toMatchObject([{ id: 3, owner: 2 }])
    await expect.poll(async () => (await send(nodes[0]!, 'GET', '/user/2')).body).toMatchObject({ todos: [3] })
    const { etag } = await send(nodes[0]!, 'GET', '/user/2')
    expect((await nodes[1]!.post('todo', { title: 'ours' })) as unknown).toMatchObject({ id: 4 })
    await execute(url, 'delete from todo where id = 3')
    await expect.poll(async () => (await send(nodes[0]!, 'GET', '/user/2')).etag).not.toBe(etag)
    expect((await send(nodes[1]!, 'GET', '/todo/3')).status).toBe(404)
  })

  test('links are told on both sides', async () => {
    const before = await send(nodes[0]!, 'GET', '/tag/1')
    await execute(url, 'insert into tag_todos (tag_id, todo_id) values (1, 1)')
    await expect.poll(async () => (await send(nodes[0]!, 'GET', '/tag/1')).etag).not.toBe(before.etag)
    expect((await send(nodes[1]!, 'GET', '/todo/1')).body).toMatchObject({ tags: [1] })
  })

  test('changes of the application are recorded once', async () => {
    await expect.poll(async () => (await send(nodes[0]!, 'GET', '/todo/1')).status).toBe(200)
    const { count } = await log()
    await send(nodes[0]!, 'PATCH', '/todo/2', { title: 'once' })
    await send(nodes[1]!, 'PATCH', '/todo/2', { title: 'twice' })
    await execute(url, `update todo set title = 'last' where id = 2`)
    await expect.poll(async () => (await log()).count).toBe(count + 3)
    expect((await log()).isDense).toBe(true)
  })

  test('whoever writes at the same time, the log ends with what is there', async () => {
    const writes = Array.from({ length: 40 }, (_, i) => {
      const id = (i % 2) + 1
      const own = send(nodes[i % 2]!, 'PATCH', `/todo/${id}`, { price: `${i}.00` })
      return [own, execute(url, `update todo set title = title || '${i % 10}' where id = ${id}`)] as const
    })
    for (const [own, raw] of writes) {
      expect((await own).status).toBe(200)
      await raw
    }
    const told = `select (select count(*) from _restuary_captured), (select json_agg(t.title = r.after ->> 'title' and t.price = (r.after ->> 'price')::numeric)
      from todo t cross join lateral (select after::json from _restuary_log where resource = 'todo' and id = t.id::text order by seq desc limit 1) r where t.id in (1, 2))`
    await expect.poll(() => ask(told)).toEqual([0, '[true, true]'])
    expect((await log()).isDense).toBe(true)
  })

  test('truncate is told as well, and remove makes an end of it', async () => {
    await execute(url, 'truncate tag_todos')
    await expect.poll(async () => (await send(nodes[0]!, 'GET', '/tag/1')).body).toMatchObject({ todos: [] })
    await triggers('remove', url)
    const { count } = await log()
    await execute(url, `update todo set title = 'unseen' where id = 1`)
    const [captured] = await ask('select count(*) from _restuary_captured')
    expect([captured, (await log()).count]).toEqual([0, count])
  })
})

describe.runIf(isInstalled)('a database that is served, with triggers', () => {
  test('its own cascades and triggers are told as well', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const shop = await newDatabase(await startPostgres(inject('postgresFolder')))
    await execute(
      shop,
      `create table item (id serial primary key, name text);
       create table note (item int, nr int, text text, primary key (item, nr), foreign key (item) references item on delete cascade);
       create table audit (id serial primary key, what text);
       create function audit() returns trigger language plpgsql as
         $$ begin insert into audit (what) values (new.name); return new; end $$;
       create trigger audit after update on item for each row execute function audit();
       insert into item (name) values ('a'), ('b'); insert into note values (1, 1, 'x')`,
    )
    const open = async (): Promise<Api<any>> => {
      const app = apiOf(await readPostgres(shop, { readOnly: false }), {
        public: true,
        readOnly: false,
        report: () => {},
      })
      await app.ready()
      return app
    }
    await (await open()).close()
    await triggers('install', shop)
    const app = await open()
    try {
      const { port, close } = await serveFaces(app)
      const speaker = await connect('native', port)
      await speaker.follow('audit')
      expect((await send(app, 'PATCH', '/item/1', { name: 'c' })).status).toBe(200)
      expect(await speaker.next()).toEqual(['enter', 1])
      speaker.cut()
      const notes = await connect('native', port)
      await notes.follow('note')
      await execute(shop, 'delete from item where id = 1')
      expect((await notes.next())[0]).toBe('leave')
      notes.cut()
      const { etag } = await send(app, 'GET', '/item/2')
      expect(etag).not.toMatch(/^"~/)
      await execute(shop, `update item set name = 'd' where id = 2`)
      await expect.poll(async () => (await send(app, 'GET', '/item/2')).etag).not.toBe(etag)
      await close()
    } finally {
      vi.restoreAllMocks()
      await app.close()
    }
  })
})
