// A node takes the head to be where it knows it, and rows to be as the newest commits have left them. Another node may know better.
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { postgres } from '../../src/store/postgres/index.ts'
import { everything } from '../../src/query/predicate.ts'
import { PostgresConnection } from '../../src/store/postgres/connection.ts'
import type { Store } from '../../src/store/store.ts'
import { wait } from '../../src/store/work.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { created, get, model, patched, put, testEnvironment, user } from '../../src/testing/store-suite/world.ts'
import { runsWith } from '../system-programs.ts'

const NAME = user.columns.find(field => field.name === 'name')!.slot

interface World {
  /** Two nodes that hear of each other only when they read or write. */
  readonly one: Store
  readonly other: Store
  readonly ask: (sql: string) => Promise<unknown>
}

async function world(): Promise<World> {
  const url = await startPostgres(inject('postgresFolder'))
  const schema = newSchema()
  const [one, other] = [1, 2].map(() => postgres(url, { schema, readers: 2, bus: false })) as [Store, Store]
  for (const store of [one, other]) await store.open(model, testEnvironment({ now: 1_000 }))
  const connection = await PostgresConnection.open({ url, schema })
  onTestFinished(async () => void (await Promise.all([one.close(), other.close(), connection.close()])))
  return { one, other, ask: async sql => (await connection.all({ name: undefined, sql, slots: null }))[0]?.[0] }
}

const rename = (store: Store, name: string): Promise<void> =>
  store.write(function* (tx) {
    yield* wait(tx.apply([patched(user, (yield* wait(tx.get(user, 1)))!, { name })], []))
  })

/** Writes nothing: it finds that the row is not named so, and refuses. Returns how often it was run. */
async function refusesUnlessNamed(store: Store, name: string): Promise<number> {
  let runs = 0
  await store.write(function* (tx) {
    runs++
    const row = (yield* wait(tx.get(user, 1)))!
    if (row[NAME] !== name) throw new Error(`it is named ${String(row[NAME])}`)
  })
  return runs
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a write that foresees', () => {
  test('a row that another node has changed begins again, and changes the row as it is', async () => {
    const { one, other } = await world()
    await put(one, created(user, { id: 1, email: 'a' }))
    for (const [i, store] of [one, other, other, one, other].entries()) {
      await store.write(function* (tx) {
        const row = (yield* wait(tx.get(user, 1)))!
        yield* wait(tx.apply([patched(user, row, { name: `${(row[NAME] as string | null) ?? ''}${i}` })], []))
      })
    }
    expect((await get(other, user, 1))![NAME]).toBe('01234')
  })

  test('and refuses is asked again where another node has written, and only there', async () => {
    const { one, other } = await world()
    await put(one, created(user, { id: 1, email: 'a' }))
    await rename(other, 'x')
    await rename(one, 'y')
    expect(await refusesUnlessNamed(other, 'y')).toBe(2)
    expect(await refusesUnlessNamed(one, 'y')).toBe(1)
    await expect(refusesUnlessNamed(one, 'z')).rejects.toThrow('it is named y')
  })

  test('the head of a server that has started again begins a term', async () => {
    const { one, ask } = await world()
    await put(one, created(user, { id: 1, email: 'a' }))
    await rename(one, 'x')
    const { epoch } = one.terms
    await ask(`update _restuary_head set boot = 'another start'`)
    await rename(one, 'y')
    expect(one.terms.epoch).not.toBe(epoch)
    expect(await ask('select epoch from _restuary_head')).toBe(one.terms.epoch)
  })

  test('ids takes others where somebody has chosen those meanwhile', async () => {
    const { one, other } = await world()
    const make = (store: Store): Promise<number> =>
      store.write(function* (tx) {
        const id = yield* wait(tx.nextId(user))
        yield* wait(tx.apply([created(user, { id, email: `${id}` })], []))
        return id
      })
    const many = (store: Store): Promise<number[]> => Promise.all(Array.from({ length: 10 }, () => make(store)))
    expect((await many(one)).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    await put(other, created(user, { id: 12, email: 'chosen' }))
    const ids = new Set([...(await many(one)), ...(await many(other)), 12])
    expect(ids.size).toBe(21)
    expect(await one.read(snapshot => wait(snapshot.count(user, everything)))).toBe(31)
  })
})
