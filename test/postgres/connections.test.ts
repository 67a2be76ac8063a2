// Ways to a server that are not a socket of this machine: TLS, and PgBouncer in transaction mode.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { api, resource, t, type Api } from '../../src/index.ts'
import { postgres, type PostgresOptions } from '../../src/store/postgres/index.ts'
import { execute, newDatabase } from '../../src/testing/postgres/new-database.ts'
import { hasPostgres, postgresFolder, startPostgres, stopPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { connect, faces, serveFaces } from '../speakers.ts'
import { runsWith } from '../system-programs.ts'
import { hasPooler, knowsPrepared, makeCertificate, startPooler } from './pooler.ts'

const declare = (url: string, options: PostgresOptions): Api<any> => {
  const user = resource({ id: t.id(), name: t.text(), todos: t.back('todo', 'owner') }).public()
  const todo = resource({
    id: t.id(),
    title: t.text(),
    n: t.integer().default(0),
    owner: t.one('user', { inverse: 'todos' }).nullable(),
  }).public()
  return api({ user, todo }, { store: postgres(url, options), report: () => {} }) as Api<any>
}

/** What was not to be reached is also reported there. */
function silence(): void {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  let error: unknown = await work.then(
    () => new Error('it was no failure'),
    (thrown: unknown) => thrown,
  )
  const words: string[] = []
  for (; error instanceof Error; error = error.cause) words.push(error.message)
  return words.join(': ')
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const canTls = runsWith('PostgreSQL or openssl', hasPostgres() && hasOpenssl, 'postgresql openssl')

describe.runIf(canTls)('TLS', () => {
  // An address of its own: other servers of this machine listen at other ones.
  const address = `127.7.${process.pid % 250}.${1 + (Date.now() % 250)}`
  const folder = postgresFolder()
  const another = address.replace('127.7.', '127.8.')
  let ca: string
  beforeAll(async () => {
    const files = makeCertificate(folder, address)
    ca = files.ca
    const local = await startPostgres(folder, {
      listen_addresses: `${address},${another}`,
      ssl: 'on',
      ssl_cert_file: files.certificate,
      ssl_key_file: files.key,
      fsync: 'off',
    })
    writeFileSync(join(folder, 'data', 'pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.0/8 trust\n')
    await execute(local, 'select pg_reload_conf()')
    await execute(local, 'create role shop login')
    await execute(local, 'create database shop owner shop')
  })
  afterAll(() => stopPostgres(folder))

  const url = (parameters: string, host: string = address): string => `postgres://shop@${host}:5432/shop${parameters}`

  test('verify-full with the certificate of the authority: rows are written, read and followed', async () => {
    const app = declare(url(`?sslmode=verify-full&sslrootcert=${ca}`), { schema: 'shop', readers: 2 })
    await app.post('todo', { title: 'a' })
    expect((await app.list('todo')) as unknown).toMatchObject([{ id: 1, title: 'a' }])
    const { port, close } = await serveFaces(app)
    const speaker = await connect('native', port)
    await speaker.follow('todo')
    await app.patch('todo', 1, { title: 'b' })
    expect(await speaker.next()).toEqual(['change', 1])
    speaker.cut()
    await close()
  })

  test('require is checked as well where pg does so, and not with uselibpqcompat, as psql does', async () => {
    silence()
    const strict = declare(url('?sslmode=require'), { readers: 1 })
    expect(await reasonOf(strict.ready())).toMatch(/unable to verify the first certificate/)
    const lax = declare(url('?sslmode=require&uselibpqcompat=true'), { schema: 'lax', readers: 1 })
    await lax.post('todo', { title: 'a' })
    await lax.close()
  })

  test('who comes without TLS, without the authority or to another name is refused with the reason', async () => {
    silence()
    expect(await reasonOf(declare(url(''), { readers: 1 }).ready())).toMatch(/no encryption/)
    expect(await reasonOf(declare(url('?sslmode=verify-full'), { readers: 1 }).ready())).toMatch(
      /unable to verify the first certificate/,
    )
    const elsewhere = url(`?sslmode=verify-full&sslrootcert=${ca}`, another)
    expect(await reasonOf(declare(elsewhere, { readers: 1 }).ready())).toMatch(/not in the cert's list/)
  })
})

const canPool = runsWith('PostgreSQL or PgBouncer', hasPostgres() && hasPooler(), 'postgresql pgbouncer')

describe.runIf(canPool)('PgBouncer in transaction mode', () => {
  const ways = [false, ...(hasPooler() && knowsPrepared() ? [true] : [])]
  let nodes: Api<any>[] = []
  let servers: Awaited<ReturnType<typeof serveFaces>>[] = []
  let pooler: Awaited<ReturnType<typeof startPooler>>

  describe.each(ways)('prepared: %s', prepared => {
    const folder = postgresFolder()
    beforeAll(async () => {
      const database = new URL(await newDatabase(await startPostgres(folder)), 'postgres://x').pathname.slice(1)
      pooler = await startPooler(folder, database)
      nodes = [0, 1].map(() => declare(pooler.url, { prepared, poll: 100, readers: 6 }))
      await Promise.all(nodes.map(node => node.ready()))
      servers = await Promise.all(nodes.map(serveFaces))
      await nodes[0]!.post('user', [{ name: 'ann' }, { name: 'bob' }])
      await nodes[0]!.post('todo', [{ title: 'a', owner: 1 }, { title: 'b' }])
    })
    afterAll(async () => {
      for (const { close } of servers) await close()
      await pooler.stop()
      stopPostgres(folder)
    })

    test('two nodes write and read at the same time, and nothing is lost', async () => {
      const writes = Array.from({ length: 200 }, (_, i) =>
        i % 4 === 0
          ? nodes[i % 2]!.transaction(async (tx: any) => {
              const row = await tx.get('todo', 1)
              await tx.patch('todo', 1, { n: row.n + 1 })
            })
          : nodes[i % 2]!.post('todo', { title: `t${i}`, owner: (i % 2) + 1 }),
      )
      const reads = Array.from({ length: 200 }, (_, i) =>
        nodes[i % 2]!.list('todo', {
          filter: { owner: { name: i % 3 === 0 ? 'ann' : 'bob' } } as never,
          depth: 2,
          limit: 50,
        }),
      )
      await Promise.all([...writes, ...reads])
      for (const node of nodes) {
        expect((await node.get('todo', 1)) as unknown).toMatchObject({ n: 50 })
        expect(await node.list('todo', { limit: 1000 })).toHaveLength(152)
      }
    })

    test.each(faces)('%s hears on one node what another has written', async face => {
      const speaker = await connect(face, servers[1]!.port)
      await speaker.follow('todo')
      await nodes[0]!.patch('todo', 2, { title: `by ${face}` })
      expect(await speaker.next()).toEqual(['change', 2])
      speaker.cut()
    })

    test('a fault leaves nothing behind on the connection that the next one gets', async () => {
      for (let i = 0; i < 10; i++) {
        await expect(nodes[i % 2]!.patch('todo', 999_999_999, { title: 'x' })).rejects.toThrow()
        await expect(
          nodes[i % 2]!.transaction(async (tx: any) => {
            await tx.patch('todo', 2, { title: 'taken back' })
            throw new Error('stop')
          }),
        ).rejects.toThrow('stop')
        expect((await nodes[(i + 1) % 2]!.get('todo', 2)) as unknown).not.toMatchObject({ title: 'taken back' })
      }
    })
  })

  test('a schema is not passed on, and the refusal says what to do', async () => {
    const folder = inject('postgresFolder')
    const database = new URL(await newDatabase(await startPostgres(folder)), 'postgres://x').pathname.slice(1)
    const { url, stop } = await startPooler(folder, database)
    onTestFinished(stop)
    silence()
    const app = declare(url, { schema: 'shop', prepared: false, readers: 1 })
    expect(await reasonOf(app.ready())).toMatch(/give the role a search path instead .*: unsupported startup parameter/)
  })
})
