// The server crashes while several stores write: nothing that was acknowledged is lost, and nothing happens twice.
import { describe, expect, onTestFinished, test } from 'vitest'
import { ApiError } from '../../src/protocol/error.ts'
import type { Store } from '../../src/store/store.ts'
import { wait } from '../../src/store/work.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import {
  crashPostgres,
  hasPostgres,
  postgresFolder,
  startPostgres,
  stopPostgres,
} from '../../src/testing/postgres/postgres-server.ts'
import {
  created,
  existing,
  get,
  idsOfRows,
  model,
  put,
  testEnvironment,
  user,
} from '../../src/testing/store-suite/world.ts'
import { runsWith } from '../system-programs.ts'

async function opened(folder: string): Promise<Store> {
  const store = postgres(await startPostgres(folder), { readers: 2, busyTimeout: 20_000 })
  await store.open(model, testEnvironment({ now: 1_000 }))
  onTestFinished(() => store.close())
  return store
}

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a server that crashes', () => {
  test('loses nothing that was acknowledged, and begins a term', async () => {
    const folder = postgresFolder()
    onTestFinished(() => stopPostgres(folder))
    const stores = [await opened(folder), await opened(folder)]
    const [first] = stores as [Store, Store]
    await put(first, created(user, { id: 1_000_000, email: 'first' }))
    const known = first.terms.position((await existing(first, user, 1_000_000))[1] as number)
    const { epoch } = first.terms

    const acknowledged: number[] = []
    const refused: ApiError[] = []
    const over = new AbortController()
    const writing = stores.flatMap((store, s) =>
      [0, 1, 2, 3].map(async lane => {
        for (let i = 1; !over.signal.aborted; i++) {
          const id = i * 8 + s * 4 + lane
          const work = put(store, created(user, { id, email: `${id}` }))
          await work.then(
            () => acknowledged.push(id),
            (error: unknown) => refused.push(error as ApiError),
          )
        }
      }),
    )
    const many = async (count: number): Promise<void> => {
      while (acknowledged.length < count) await new Promise(resolve => void setImmediate(resolve))
    }
    for (const count of [200, 400, 600]) {
      await many(count)
      await crashPostgres(folder)
    }
    await many(acknowledged.length + 100)
    over.abort()
    await Promise.all(writing)

    expect(refused.filter(error => !['unavailable', 'outcome_unknown'].includes(error.code))).toEqual([])
    const stored = new Set(await idsOfRows(first, user))
    expect(acknowledged.filter(id => !stored.has(id))).toEqual([])
    // Units that were not acknowledged may have happened only if the answer said that nobody knows.
    const unknown = refused.filter(error => error.code === 'outcome_unknown').length
    expect(stored.size - 1 - acknowledged.length).toBeLessThanOrEqual(unknown)
    for (const store of stores) {
      // A read learns of all that others have committed.
      expect(await idsOfRows(store, user)).toHaveLength(stored.size)
      const commits = (await store.commits(0, 1_000_000))!
      const seqs = commits.flatMap(({ changes }) => changes.map(({ seq }) => seq))
      expect(seqs).toEqual(seqs.map((_, i) => i + 1))
      expect(new Set(commits.flatMap(({ changes }) => changes.map(({ id }) => id))).size).toBe(stored.size)
      expect(store.terms.epoch).not.toBe(epoch)
      expect(store.terms.seqOf(known)).toBe(1)
    }
    expect(stores[0]!.terms.list).toEqual(stores[1]!.terms.list)
  })

  test('answers reads again as soon as it is there', async () => {
    const folder = postgresFolder()
    onTestFinished(() => stopPostgres(folder))
    const store = await opened(folder)
    await put(store, created(user, { id: 1, email: 'a' }))
    expect(await get(store, user, 1)).toBeDefined()
    await crashPostgres(folder)
    expect(await get(store, user, 1)).toBeDefined()
    expect(await store.write(tx => wait(tx.nextId(user)))).toBeGreaterThan(1)
  })
})
