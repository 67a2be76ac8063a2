// Two versions of an application serve one database side by side while it is changed: expand, fill, contract.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { client } from '../src/client/index.ts'
import { link } from '../src/model/link/link.ts'
import type { Value } from '../src/model/model.ts'
import { planSteps } from '../src/store/migrate/plan/plan-steps.ts'
import { targetOf } from '../src/store/migrate/target.ts'
import { decide } from '../src/store/migrate/decide.ts'
import type { Migrations } from '../src/store/migrate/migrations.ts'
import type { PostgresAddress } from '../src/store/postgres/connection.ts'
import { postgresMigrations, sqliteMigrations } from './migrations-of.ts'
import { startPostgres } from '../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../src/testing/postgres/postgres-store.ts'
import { migratedDatabases, type MigratedDatabase } from './migrated-app.ts'
import { callerOf, type Answer, type Caller } from './fault/call.ts'
import { versions, type Version } from './fault/version-server.ts'

const running = new Set<ChildProcess>()
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(Array.from(running, async child => child.exitCode ?? once(child, 'close')))
  running.clear()
})

interface Server {
  readonly call: Caller
  readonly url: string
  readonly said: readonly string[]
  /** Rejects if it cannot start, with what it says. */
  stop(): Promise<void>
}

async function started(database: string, version: Version): Promise<Server> {
  const script = join(import.meta.dirname, 'fault/version-server.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, database, version])
  running.add(child)
  const said: string[] = []
  let fault = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (fault += text))
  const ended = once(child, 'close')
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', line => {
      said.push(line)
      if (line.startsWith('http://')) resolve(line)
    })
    void ended.then(() => reject(new Error(fault)))
  })
  const call = callerOf(Number(new URL(url).port), 4)
  const stop = async (): Promise<void> => {
    call.close()
    child.kill('SIGKILL')
    await ended
    running.delete(child)
  }
  return { call, url, said, stop }
}

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'restuary-versions-'))
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 3 }))
  return join(folder, 'todo.db')
}

const newDatabase = async (kind: MigratedDatabase): Promise<string> =>
  kind === 'sqlite'
    ? newFile()
    : JSON.stringify({ url: await startPostgres(inject('postgresFolder')), schema: newSchema() })

/** Works on a database as a command does: beside the processes that serve it. */
async function migrating(database: string, work: (migrations: Migrations) => Promise<void>): Promise<void> {
  const migrations = database.startsWith('{')
    ? await postgresMigrations(JSON.parse(database) as PostgresAddress)
    : sqliteMigrations(database)
  try {
    await work(migrations)
  } finally {
    await migrations.close()
  }
}

/** Applies what leads the database to a version. Returns what takes it back. */
async function migrate(database: string, version: Version, drop: readonly string[] = []): Promise<() => Promise<void>> {
  await migrating(database, async migrations => {
    const target = targetOf(link(versions[version]), 1)
    const shape = await migrations.shape()
    const steps = planSteps(shape, target, { renames: new Map(), drop: new Set(drop) })
    const decided = decide(steps, shape, { set: [], map: [], otherwise: [] }, target.custom)
    await migrations.apply({ name: version, steps: decided }, target.custom)
  })
  return () =>
    migrating(database, async migrations => {
      await migrations.down(version, new Map())
    })
}

/** Follows a list of a server with the client. */
function follows(url: string, resource: 'todo' | 'user'): { readonly rows: () => readonly any[]; readonly live: any } {
  const c = client(url) as any
  const live = c[resource].live({ sort: 'id' })
  const end = live.subscribe(() => {})
  onTestFinished(() => {
    end()
    c.$close()
  })
  return { live, rows: () => live.rows as any[] }
}

/** All rows, page by page. */
async function all({ call }: Server): Promise<{ readonly id: number; readonly title: string }[]> {
  const rows: { id: number; title: string }[] = []
  for (;;) {
    const { body } = await call('GET', `/todo?sort=id&offset=${rows.length}`)
    rows.push(...(body as typeof rows))
    if ((body as unknown[]).length === 0) return rows
  }
}

/** Waits until something is what it should be. */
const until = (is: () => unknown, wanted: unknown): Promise<unknown> =>
  expect.poll(is, { interval: 20 }).toEqual(wanted)

describe.each(migratedDatabases)('%s', kind => {
  test('expand and contract: nobody gets an error, nothing is lost, and the old version says what it cannot do', async () => {
    const database = await newDatabase(kind)
    const old = await started(database, 'old')
    await old.call('POST', '/user', { name: 'Ada' })
    const written: number[] = []
    const ending = new AbortController()
    /** Writes todos one after the other, and changes each once. Every answer must be the usual one. */
    const writes = async ({ call }: Server, body: (n: number) => Record<string, Value>): Promise<void> => {
      for (let n = 0; !ending.signal.aborted; n++) {
        const made: Answer = await call('POST', '/todo', body(n))
        expect(made.status, JSON.stringify(made.body)).toBe(201)
        written.push(made.body.id as number)
        const changed = await call('PATCH', `/todo/${made.body.id}`, { title: `changed ${n}` })
        expect(changed.status, JSON.stringify(changed.body)).toBe(200)
      }
    }
    const oldWriter = writes(old, n => ({ title: `old ${n}` }))
    const atOld = follows(old.url, 'todo')
    await until(() => written.length > 20, true)
    // Expand: a version comes that has more fields, while the other one goes on.
    const both = await started(database, 'both')
    const atBoth = follows(both.url, 'todo')
    const newWriter = writes(both, n => ({ title: `both ${n}`, text: `text ${n}`, rank: n }))
    const before = written.length
    await until(() => written.length > before + 40, true)
    ending.abort()
    await Promise.all([oldWriter, newWriter])
    const rows = await all(both)
    expect(rows.map(({ id }) => id)).toEqual(written.toSorted((a, b) => a - b))
    expect(rows.every(({ title }) => title.startsWith('changed'))).toBe(true)
    await until(atBoth.rows, rows)
    // The clients of the old version are told what they understand.
    const known = rows.map(({ id, title }) => ({ id, title }))
    await until(atOld.rows, known)
    expect([atOld.live.status, atBoth.live.status]).toEqual(['live', 'live'])

    // An old server may start again beside the new one, and changes nothing.
    const again = await started(database, 'old')
    expect(again.said[0]).toContain('a later version of this application has used the database')
    expect((await again.call('GET', '/todo/1')).body).toEqual({ id: 1, title: 'changed 0' })
    await again.stop()

    // Contract: the old field goes.
    for (const { id, title } of rows) await both.call('PATCH', `/todo/${id}`, { text: title })
    await both.stop()
    const users = follows(old.url, 'user')
    await until(() => users.rows().length, 1)
    const back = await migrate(database, 'new', ['todo.title'])
    const next = await started(database, 'new')
    expect((await next.call('GET', '/todo/1')).body).toEqual({ id: 1, text: 'changed 0', rank: 0 })
    const refused = await old.call('GET', '/todo/1')
    expect([refused.status, refused.body.error]).toEqual([503, 'unavailable'])
    expect(refused.body.detail).toBe(
      'the database was changed for another version of this application: todo.title is gone',
    )
    expect((await old.call('POST', '/todo', { title: 'x' })).status).toBe(503)
    expect((await old.call('PATCH', '/todo/1', { title: 'x' })).status).toBe(503)
    // Its clients keep what they have, and ask again: another server may answer them.
    await until(() => atOld.live.status, 'reset')
    expect(atOld.rows()).toEqual(known)
    // What it still fits goes on.
    await next.call('POST', '/user', { name: 'Bob' })
    await until(() => users.rows().length, 2)
    expect((await old.call('GET', '/user')).status).toBe(200)
    await next.stop()
    // Another server of the old version cannot start, and says what to do.
    await expect(started(database, 'old')).rejects.toThrow(
      /does not fit any more:\n {2}todo.title is gone\n.*take back the plan that was applied last, new,/,
    )
    // When that is done, the running one serves its clients again.
    await back()
    await until(() => atOld.live.status, 'live')
    expect(atOld.rows()).toEqual(known)
    expect((await old.call('GET', '/todo/1')).body).toEqual({ id: 1, title: 'changed 0' })
  }, 90_000)

  test('a running server whose table gets a column that it does not know does all that it can', async () => {
    const database = await newDatabase(kind)
    const old = await started(database, 'old')
    await old.call('POST', '/todo', { title: 'a' })
    await migrating(database, async migrations => {
      const { todo } = await migrations.shape()
      const as = { ...todo!.columns['title']!, field: 'need' }
      await migrations.apply(
        {
          name: 'need',
          steps: [
            { do: 'add column', table: 'todo', column: 'need', as: { ...as, required: false } },
            {
              do: 'change column',
              table: 'todo',
              column: 'need',
              from: { ...as, required: false },
              to: as,
              missing: 'filled',
            },
          ],
        },
        new Map(),
      )
    })
    expect(await old.call('GET', '/todo/1')).toMatchObject({ status: 200, body: { id: 1, title: 'a' } })
    expect(await old.call('PATCH', '/todo/1', { title: 'b' })).toMatchObject({ status: 200 })
    const refused = await old.call('POST', '/todo', { title: 'c' })
    // PostgreSQL keeps the value of the plan as a default, so that nobody has to be refused.
    if (kind === 'postgres') return expect(refused).toMatchObject({ status: 201, body: { id: 2, title: 'c' } })
    expect([refused.status, refused.body.detail]).toEqual([
      503,
      'the database was changed for another version of this application: todo.need must have a value now',
    ])
  })
})
