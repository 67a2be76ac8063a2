// Several processes share a database: here, several stores in one process.
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import type { Row } from '../../src/model/model.ts'
import type { Commit, Store } from '../../src/store/store.ts'
import { wait } from '../../src/store/work.ts'
import { PostgresConnection } from '../../src/store/postgres/connection.ts'
import { postgres, type PostgresOptions } from '../../src/store/postgres/index.ts'
import type { PostgresState } from '../../src/store/postgres/state.ts'
import { Statements } from '../../src/store/postgres/statements.ts'
import { isCommitted } from '../../src/store/postgres/write/in-doubt.ts'
import type { PostgresWriter } from '../../src/store/postgres/write/postgres-writer.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import {
  created,
  existing,
  get,
  model,
  patched,
  put,
  RED,
  team,
  testEnvironment,
  user,
} from '../../src/testing/store-suite/world.ts'
import { runsWith } from '../system-programs.ts'

/** Stores that share the tables of a schema of their own, all open. */
async function nodes(count: number, options: PostgresOptions = {}): Promise<Store[]> {
  const url = await startPostgres(inject('postgresFolder'))
  const schema = newSchema()
  const stores = Array.from({ length: count }, () => postgres(url, { readers: 2, schema, poll: 50, ...options }))
  await Promise.all(stores.map(async store => store.open(model, testEnvironment({ now: 1_000 }))))
  onTestFinished(async () => void (await Promise.all(stores.map(async store => store.close()))))
  return stores
}

const RANK = user.columns.find(field => field.name === 'rank')!.slot

const increment = (store: Store, id: number): Promise<void> =>
  store.write(function* (tx) {
    const row: Row = (yield* wait(tx.get(user, id)))!
    yield* wait(tx.apply([patched(user, row, { rank: ((row[RANK] as number | null) ?? 0) + 1 })], []))
  })

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

/** Waits until a condition holds that commits of others bring about. */
async function heard(store: Store, condition: () => Promise<boolean>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => void condition().then(holds => holds && resolve())
  const stop = store.onCommit(look)
  look()
  await promise
  stop()
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('several nodes', () => {
  test('start at the same time, and make the tables once', async () => {
    const stores = await nodes(4)
    await put(stores[0]!, created(user, { id: 1, email: 'a' }))
    for (const store of stores) expect((await existing(store, user, 1))[3]).toBe('a')
    expect(new Set(stores.map(store => store.terms.epoch)).size).toBe(1)
  })

  test('lose no update of a row that all of them change, and agree on one log without gaps', async () => {
    const stores = await nodes(3)
    const [first] = stores as [Store]
    await put(first, ...[1, 2].map(id => created(user, { id, email: `${id}` })))
    const position = (await first.commits(0, 10))!.at(-1)!.position
    await Promise.all(stores.flatMap(store => times(40, i => increment(store, 1 + (i % 2)))))
    const logs: Commit[][] = []
    for (const store of stores) {
      expect([1, 2].map(() => 60)).toEqual([
        (await existing(store, user, 1))[RANK],
        (await existing(store, user, 2))[RANK],
      ])
      logs.push((await store.commits(position, 1_000))!)
    }
    const [log] = logs as [Commit[]]
    expect(log.flatMap(commit => commit.changes.map(change => change.seq))).toEqual(times(120, i => position + 1 + i))
    for (const other of logs) expect(other).toEqual(log)
    // Each change follows on the one before it.
    for (const id of [1, 2]) {
      const ranks = log.flatMap(({ changes }) =>
        changes.filter(change => change.id === id).map(({ after }) => after![RANK]),
      )
      expect(ranks).toEqual(times(60, i => i + 1))
    }
  })

  test('hand out no id twice', async () => {
    const stores = await nodes(2)
    const next = (store: Store): Promise<number> => store.write(tx => wait(tx.nextId(user)))
    const ids = await Promise.all(stores.flatMap(store => times(20, () => next(store))))
    expect(new Set(ids).size).toBe(40)
  })

  test('do what has a key once', async () => {
    const stores = await nodes(2)
    const once = (store: Store): Promise<string> =>
      store.write(function* (tx) {
        const known = yield* wait(tx.recall('k'))
        if (known !== undefined) return known
        yield* wait(tx.keep('k', 'done', 10_000))
        return 'new'
      })
    expect((await Promise.all(stores.map(once))).toSorted()).toEqual(['done', 'new'])
  })

  test('tell the same versions of lists, whenever they started', async () => {
    const url = await startPostgres(inject('postgresFolder'))
    const schema = newSchema()
    const versions: number[][] = []
    for (const id of [1, 2]) {
      const store = postgres(url, { readers: 1, schema })
      await store.open(model, testEnvironment({ now: 1_000 }))
      // The second node finds what the first one has changed, and changes another resource.
      await put(store, id === 1 ? created(user, { id, email: 'a' }) : created(team, { id: RED, title: 'red' }))
      versions.push(
        await store.read(function* (snapshot) {
          yield* wait(undefined)
          return [user, team].map(one => snapshot.changed(one))
        }),
      )
      await store.close()
    }
    expect(versions).toEqual([
      [1, 0],
      [1, 2],
    ])
  })

  test('take a commit for lost if another transaction has got its position, and then it never comes', async () => {
    const url = await startPostgres(inject('postgresFolder'))
    const schema = newSchema()
    const store = postgres(url, { readers: 1, schema })
    await store.open(model, testEnvironment({ now: 1_000 }))
    await put(store, created(user, { id: 1, email: 'a' }))
    await store.close()
    const open = (): Promise<PostgresConnection> => PostgresConnection.open({ url, schema })
    const connection = await open()
    onTestFinished(() => connection.close())
    const ask = async (sql: string): Promise<unknown[]> =>
      (await connection.all({ name: undefined, sql, slots: null }))[0] as unknown[]
    const [nonce, epoch] = (await ask('select nonce, epoch from _restuary_head')) as [number, string]
    const settings = { busyTimeout: 1_000, statementTimeout: 1_000 }
    const state = { statements: new Statements(true), settings } as unknown as PostgresState
    const doubt = (own: number, expected: number | null, commits: object[]): Promise<boolean | null> =>
      isCommitted(open(), state, { nonce: own, base: { nonce: expected }, commits } as unknown as PostgresWriter)
    expect(await doubt(nonce, null, [{ position: 1 }])).toBe(true)
    expect(await doubt(nonce, null, [])).toBe(true)
    expect(await doubt(nonce + 1, nonce + 2, [])).toBe(null)
    const late = `select restuary_advance(1, ${nonce}, '${epoch}', 2, ${nonce + 1}, '{}', '{}')`
    await connection.exec(`begin; ${late}; rollback`)
    expect(await doubt(nonce + 1, nonce, [{ position: 2 }])).toBe(false)
    await expect(ask(late)).rejects.toThrow('another node has committed')
    expect(await doubt(nonce, null, [{ position: 1 }])).toBe(true)
  })

  test('hear of each other', async () => {
    const [one, other] = (await nodes(2)) as [Store, Store]
    await put(one, created(user, { id: 1, email: 'a' }))
    await heard(other, async () => (await other.commits(0, 10))?.length === 1)
    expect(await get(other, user, 1)).toBeDefined()
  })

  test('write while a transaction of another one waits for something else, as far as they need not wait for it', async () => {
    const [one, other] = (await nodes(2, { busyTimeout: 200 })) as [Store, Store]
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const slow = one.transaction(async tx => {
      await tx.apply([created(user, { id: 1, email: 'a' })], [])
      begun.resolve()
      await end.promise
    })
    await begun.promise
    expect(await get(other, user, 1)).toBeUndefined()
    await expect(put(other, created(user, { id: 2, email: 'b' }))).rejects.toMatchObject({
      code: 'unavailable',
      headers: { 'retry-after': '1' },
    })
    end.resolve()
    await slow
    await put(other, created(user, { id: 2, email: 'b' }))
    expect(await get(one, user, 2)).toBeDefined()
  })
})
