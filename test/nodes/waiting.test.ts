// Nodes over PostgreSQL that would have to wait for each other.
import { Client } from 'pg'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import type { Api } from '../../src/api.ts'
import type { Row } from '../../src/model/model.ts'
import { resource } from '../../src/model/declare/resource.ts'
import { everything } from '../../src/query/predicate.ts'
import { t } from '../../src/schema/builder.ts'
import type { Transaction } from '../../src/store/store.ts'
import { wait, type Work } from '../../src/store/work.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { runsWith } from '../system-programs.ts'
import { ask, nodesOf, sharedSchema, type Resources } from './nodes.ts'

const counters = (): Resources => ({ counter: resource({ id: t.id(), n: t.integer().default(0) }).public() })

/** Two nodes, and a row that both have read. */
async function twoNodes(): Promise<readonly [Api, Api]> {
  const [one, other] = (await nodesOf(2, await sharedSchema(), counters)) as [Api, Api]
  await ask(one, 'POST', '/counter', { body: { n: 0 } })
  for (const app of [one, other]) expect((await ask(app, 'GET', '/counter/1')).status).toBe(200)
  return [one, other]
}

/** Adds one to the row within a unit of work. */
function* increment(app: Api, tx: Transaction): Work<void> {
  const of = app.model.resources.get('counter')!
  const { slot } = of.columns.find(({ name }) => name === 'n')!
  const before = (yield* wait(tx.get(of, 1)))!
  const after: Row = before.with(slot, (before[slot] as number) + 1)
  yield* wait(tx.apply([{ resource: of, id: 1, op: 'patch', before, after, changed: [slot], lists: [] }], []))
}

const numberOf = async (app: Api): Promise<unknown> => (await ask(app, 'GET', '/counter/1')).body

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a node', () => {
  // The server gives a transaction up by the clock, and a machine may be too busy to be quick once.
  test('does not wait for another one that hangs in the middle of its writes', { retry: 3 }, async () => {
    const [hanging, other] = await twoNodes()
    const waited: number[] = []
    await hanging.store.write(function* (tx) {
      yield* increment(hanging, tx)
      // Each time that the other node is faster, this one tries in another way.
      if (waited.length === 4) return
      const begin = performance.now()
      yield* wait(other.store.write(inner => increment(other, inner)))
      waited.push(performance.now() - begin)
    })
    // After 300 ms, the server would have given the transaction of the hanging node up.
    expect(Math.max(...waited)).toBeLessThan(300)
    expect(await numberOf(other)).toEqual({ id: 1, n: 5 })
  })

  test('that has locked a row is not in a deadlock with one that has locked the head of the log', async () => {
    const [one, other] = await twoNodes()
    const client = new Client(await startPostgres(inject('postgresFolder')))
    await client.connect()
    onTestFinished(() => client.end())
    const lock = `select 1 from pg_stat_activity where wait_event_type = 'Lock'`
    const somebodyWaits = async (): Promise<void> => {
      await expect.poll(async () => (await client.query(lock)).rowCount).toBeGreaterThan(0)
    }
    let runs = 0
    const others: Promise<unknown>[] = []
    await one.store.write(function* (tx) {
      runs++
      yield* increment(one, tx)
      // A query has to see what was written.
      expect(yield* wait(tx.count(one.model.resources.get('counter')!, everything))).toBe(1)
      if (runs === 1) others.push(other.store.write(inner => increment(other, inner)))
      yield* wait(somebodyWaits())
    })
    await Promise.all(others)
    expect(runs).toBe(1)
    expect(await numberOf(one)).toEqual({ id: 1, n: 2 })
  })
})
