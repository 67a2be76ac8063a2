// Plans on PostgreSQL are carried out beside writers, by processes that are killed, and by several at once.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { PostgresConnection } from '../../../src/store/postgres/connection.ts'
import { postgresMigrations } from '../../migrations-of.ts'
import { newDatabase } from '../../../src/testing/postgres/new-database.ts'
import { hasPostgres, startPostgres } from '../../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../../src/testing/postgres/postgres-store.ts'
import { faults, tell } from '../../fault/counts.ts'
import { runsWith } from '../../system-programs.ts'
import { appOf, fillTodos, stepsOf, type Address } from './changing-todos.ts'

const ROWS = 4_000

const folder = mkdtempSync(join(tmpdir(), 'restuary-killed-'))
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 3 }))

interface World {
  readonly address: Address
  readonly run: (way: 'up' | 'down', killAfter?: number) => Promise<number | null>
  /** Applies the plan in this process. */
  readonly apply: () => Promise<string>
  readonly contents: () => Promise<object>
  readonly query: (sql: string) => Promise<unknown[][]>
}

/** A schema with rows, and processes that migrate it. */
async function world(): Promise<World> {
  // Of its own: an index that is made concurrently waits for all transactions of a database.
  const address = { url: await newDatabase(await startPostgres(inject('postgresFolder'))), schema: newSchema() }
  await fillTodos(address, ROWS)
  const file = join(folder, `${address.schema}.json`)
  const steps = await stepsOf(address)
  writeFileSync(file, JSON.stringify({ ...address, steps }))
  const script = join(import.meta.dirname, 'killed-program.ts')
  return {
    address,
    run: async (way, killAfter) => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, way, file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const closed = once(child, 'close')
      await once(child.stdout, 'data')
      if (killAfter !== undefined) void sleep(killAfter).then(() => child.kill('SIGKILL'))
      const [code] = (await closed) as [number | null]
      return code
    },
    apply: async () => {
      const migrations = await postgresMigrations(address)
      try {
        return await migrations.apply({ name: '0001', steps }, new Map())
      } finally {
        await migrations.close()
      }
    },
    contents: async () => {
      const migrations = await postgresMigrations(address)
      const { todo } = await migrations.contents()
      await migrations.close()
      return todo!
    },
    query: async sql => {
      const connection = await PostgresConnection.open(address)
      const rows = await connection.all({ name: undefined, sql, slots: null })
      await connection.close()
      return rows
    },
  }
}

/** What a refusal says, and what it comes from. */
function wordsOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause === undefined ? message : `${message} (${wordsOf(cause)})`
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('plans on PostgreSQL', () => {
  test(`${faults.migrations} processes are killed while they migrate: rows are as before or as after, and it goes on`, async () => {
    const { run, contents, query } = await world()
    const was = await contents()
    const begun = performance.now()
    expect(await run('up')).toBe(0)
    const whole = performance.now() - begun
    const is = await contents()
    expect(await run('down')).toBe(0)
    expect(await contents()).toEqual(was)
    let killed = 0
    for (let i = 0; i < faults.migrations; i++) {
      const way = i % 2 === 0 ? 'up' : 'down'
      // Each attempt may last longer than the one before, as the way back can take longer than the way there.
      for (let attempt = 1; (await run(way, Math.random() * attempt * whole)) !== 0; attempt++) {
        killed++
        expect([was, is]).toContainEqual(await contents())
        // A process may be killed after its last step: a plan that was taken back cannot be taken back again.
        if (way === 'down' && (await query('select name from _restuary_migration')).length === 0) break
      }
      expect(await contents()).toEqual(way === 'up' ? is : was)
    }
    tell({ migrationsOnPostgres: faults.migrations, killed })
    if (faults.migrations % 2 === 1) await run('down')
    const left = `select attname from pg_attribute where attrelid = 'todo'::regclass and attname like '\\_restuary\\_new%'`
    expect(await query(left)).toEqual([])
  })

  test('several processes that apply the same plan at once agree on one', async () => {
    const { apply, query } = await world()
    expect((await Promise.all([apply(), apply(), apply()])).toSorted()).toEqual(['before', 'before', 'now'])
    expect(await query('select name from _restuary_migration')).toEqual([['0001']])
    expect(await query('select count(*), count(distinct size), min(rank), max(rank) from todo')).toEqual([
      [ROWS, ROWS, 5, 5],
    ])
  })

  test('writers go on, nothing that they write is lost, and all nodes are told', async () => {
    const { address, apply, query } = await world()
    const nodes = [1, 2].map(() => appOf(address, 'before', { poll: 50 }))
    onTestFinished(() => Promise.all(nodes.map(node => node.close())).then(() => {}))
    await Promise.all(nodes.map(node => node.ready()))
    const term = nodes[1]!.store.terms.epoch
    onTestFinished(nodes[1]!.store.onCommit(() => {})) // so that it looks for news by itself
    const applied = apply()
    const ending = new AbortController()
    void applied.then(() => ending.abort())
    /** The sizes that rows must have in the end. */
    const written = new Map<number, number>()
    const refusals = new Set<string>()
    for (let n = 0; !ending.signal.aborted; n++) {
      const node = nodes[n % 2]!
      try {
        const made = (await node.post('todo', { title: 'made', size: String(1e6 + n), state: 'open' })) as {
          id: number
        }
        written.set(made.id, 1e6 + n)
        const id = 1 + (n % ROWS)
        await node.patch('todo', id, { size: String(2e6 + n) })
        written.set(id, 2e6 + n)
      } catch (error) {
        refusals.add(wordsOf(error))
        await sleep(5)
      }
    }
    expect(await applied).toBe('now')
    expect(written.size).toBeGreaterThan(0)
    // Until the tables change, nobody is refused; then the version that no longer fits is.
    expect([...refusals].filter(one => !one.includes('was changed for another version'))).toEqual([])
    const rows = (await query('select id, size, state from todo')) as [number, number, string][]
    const sizes = new Map(rows.map(([id, size]) => [id, size]))
    expect([...written].filter(([id, size]) => sizes.get(id) !== size)).toEqual([])
    expect(rows.filter(([, , state]) => state !== 'new' && state !== 'done')).toEqual([])
    expect(sizes.size).toBe(rows.length)
    await expect.poll(() => nodes[1]!.store.terms.epoch).not.toBe(term)
    const next = appOf(address, 'after')
    onTestFinished(() => next.close())
    expect(await next.get('todo', ROWS)).toMatchObject({ rank: 5, size: ROWS })
  })
})
