// restuary serve postgres://… with a role that may only read the tables.
import { once } from 'node:events'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { readPostgres } from '../src/cli/database/postgres-source.ts'
import { Misuse } from '../src/cli/misuse.ts'
import { apiOf, serveFile } from '../src/cli/serve.ts'
import type { Served } from '../src/serve.ts'
import { execute, newDatabase } from '../src/testing/postgres/new-database.ts'
import { NativeClient } from '../src/testing/native-client.ts'
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

  const options = {
    host: '127.0.0.1',
    port: 0,
    public: true,
    memory: false,
    jsonServer: false,
    cors: [],
  }

  test('is refused if it is to write, and the fix is told', async () => {
    const error = await serveFile(url, { ...options, readOnly: false }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Misuse)
    expect(error).toMatchObject({
      message: expect.stringContaining('permission denied for database'),
      fix: expect.stringContaining('serve it with --read-only'),
    })
  })

  test('is told what else has to be granted if it may not even make temporary functions', async () => {
    const name = new URL(admin, 'postgres://x').pathname.slice(1)
    await execute(admin, `revoke temporary on database ${name} from public`)
    const error = await serveFile(url, { ...options, readOnly: true }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: expect.stringContaining('grant temporary on database') })
    // A connection that is left open would keep the command alive.
    const left = `do $$ begin if exists (select 1 from pg_stat_activity where usename = '${reader}') then raise 'left open'; end if; end $$`
    await expect.poll(() => execute(admin, left).then(() => 'none')).toBe('none')
  })

  describe('with --read-only', () => {
    let served: Served
    const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${served.url}${path}`, init)
    const json = async (path: string): Promise<unknown> => (await ask(path)).json()

    beforeEach(async () => {
      await execute(
        admin,
        `create table maker (id int primary key, name text not null, tags jsonb);
         create table part (maker int references maker, n int, title text, primary key (maker, n));
         create table salary (maker int references maker, amount int, id int primary key);
         create schema hidden; create table hidden.plan (id int primary key);
         create view big as select id, name from maker where id > 1;
         insert into maker values (1, 'ÄCME', '["a", 1]'), (2, 'b', '[]');
         insert into part values (1, 1, 'x'), (1, 2, 'y'), (2, 1, 'z');
         grant select on maker, part, big to ${reader}`,
      )
      served = await serveFile(url, { ...options, readOnly: true })
    })
    afterEach(() => served.close())

    test('reads, filters, follows relations and counts, and makes nothing in the database', async () => {
      expect(await json('/maker?name[ieq]=äcme')).toMatchObject([{ id: 1, name: 'ÄCME' }])
      expect(await json('/maker/1?include=parts')).toMatchObject({ parts: [{ title: 'x' }, { title: 'y' }] })
      expect(await json('/part/1~2')).toMatchObject({ title: 'y', maker: 1 })
      expect(await json('/part?maker.name=b&sort=-title')).toMatchObject([{ title: 'z' }])
      expect((await ask('/part?total=true&limit=1')).headers.get('x-total-count')).toBe('3')
      expect(await json('/big')).toEqual([{ id: 2, name: 'b' }])
      expect((await ask('/maker?name[regex]=a')).status).toBe(400)
      await execute(
        admin,
        `do $$ begin
           if exists (select 1 from pg_namespace where nspname = 'restuary') or exists (
             select 1 from pg_class where relname ~ '^_restuary_') then raise 'something was made'; end if;
         end $$`,
      )
      const told = vi.mocked(console.error).mock.calls.map(([line]) => line as string)
      expect(told).toContainEqual(expect.stringContaining('has no log of Restuary'))
    })

    test('has entity tags that hold as long as nothing changes', async () => {
      const row = await ask('/maker/2')
      const list = await ask('/maker')
      const again = async (path: string, { headers }: Response): Promise<Response> =>
        ask(path, { headers: { 'if-none-match': headers.get('etag')! } })
      expect((await again('/maker/2', row)).status).toBe(304)
      await execute(admin, `update maker set name = 'c' where id = 2`)
      expect(await (await again('/maker/2', row)).json()).toMatchObject({ name: 'c' })
      expect(await (await again('/maker', list)).json()).toMatchObject([{ id: 1 }, { name: 'c' }])
    })

    test('leaves out the tables that the role may not read, and says so', async () => {
      for (const path of ['/salary', '/plan', '/hidden-plan']) expect((await ask(path)).status).toBe(404)
      expect(await json('/maker/2')).toEqual({ id: 2, name: 'b', tags: [] })
      const told = vi.mocked(console.error).mock.calls.map(([line]) => line as string)
      expect(told).toContain('salary is not served: the role has no SELECT on it')
      expect(told).toContain('plan is not served: the role has no USAGE on the schema hidden')
    })

    test('refuses to write', async () => {
      const body = JSON.stringify({ name: 'x' })
      const init = { method: 'PATCH', body, headers: { 'content-type': 'application/merge-patch+json' } }
      expect((await ask('/maker/1', init)).status).toBe(405)
      expect((await ask('/maker', { ...init, method: 'POST' })).status).toBe(405)
      expect((await ask('/maker/1', { method: 'DELETE' })).status).toBe(405)
    })

    test('gives followers everything anew when others have committed', async () => {
      const page = new AbortController()
      const stream = await ask('/maker', { headers: { accept: 'text/event-stream' }, signal: page.signal })
      const decoder = new TextDecoder()
      const events = stream.body!.getReader()
      const native = await NativeClient.open(served.url.replace('http', 'ws'))
      native.send({ op: 'subscribe', id: 's', uri: '/maker' })
      const first = await native.hear(frame => JSON.stringify(frame).includes('ÄCME'))
      await execute(admin, `update maker set name = 'told' where id = 2`)
      const later = await native.hear(frame => JSON.stringify(frame).includes('told'))
      expect(first.op).toBe('snapshot')
      expect(later.op).toBe('reset')
      let text = ''
      while (!text.includes('told')) text += decoder.decode((await events.read()).value, { stream: true })
      expect(text).toContain('event: reset')
      page.abort()
      native.socket.close()
    })

    test('gives the state anew over Socket.IO, and ends connections that wait for events of the envelope', async () => {
      const socket = new WebSocket(`${served.url.replace('http', 'ws')}/ws`)
      onTestFinished(() => socket.terminate())
      await once(socket, 'open')
      const answered = once(socket, 'message')
      const payload = { action: 'subscribe', data: { action: 'update' }, request_id: 1 }
      socket.send(JSON.stringify({ stream: 'maker', payload }))
      expect(String((await answered)[0])).toContain('"response_status":200')
      const other = io(served.url, { transports: ['websocket'], forceNew: true })
      onTestFinished(() => void other.disconnect())
      const states: string[] = []
      other.on('state', state => states.push(JSON.stringify(state)))
      await other.emitWithAck('subscribe', '/maker/')
      const closed = once(socket, 'close')
      await execute(admin, `update maker set name = 'told' where id = 2`)
      const [code, reason] = (await closed) as [number, Buffer]
      expect([code, String(reason)]).toEqual([4408, 'gone'])
      await expect.poll(() => states.at(-1)).toContain('told')
    })

    test('gives them everything anew at most once a second, however often others read', async () => {
      const native = await NativeClient.open(served.url.replace('http', 'ws'))
      onTestFinished(() => native.socket.close())
      native.send({ op: 'subscribe', id: 's', uri: '/maker' })
      await native.hear(({ op }) => op === 'snapshot')
      let resets = 0
      native.socket.on('message', data => (resets += String(data).includes('"reset"') ? 1 : 0))
      const begun = performance.now()
      for (let n = 0; n < 50; n++) {
        await execute(admin, `update part set title = '${n}' where n = 2`)
        expect(await json('/part/1~2')).toMatchObject({ title: String(n) })
      }
      await execute(admin, `update maker set name = 'the last' where id = 2`)
      await native.hear(frame => JSON.stringify(frame).includes('the last'))
      expect(resets).toBeLessThanOrEqual(2 + (performance.now() - begun) / 1_000)
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
