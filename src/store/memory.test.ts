import { describe, expect, test } from 'vitest'
import { storeSuite } from '../testing/store-suite.ts'
import {
  created,
  deleted,
  testEnvironment,
  get,
  idsOfRows,
  model,
  patched,
  put,
  todo,
  user,
} from '../testing/store-suite/world.ts'
import { memory } from './memory.ts'
import type { MemoryOptions } from './memory.ts'
import type { Snapshot, Store } from './store.ts'
import { wait, type Work } from './work.ts'

storeSuite('memory', () => memory())

async function open(options: MemoryOptions = {}): Promise<Store> {
  const store = memory(options)
  await store.open(model, testEnvironment({ now: 1_000 }))
  return store
}

describe('memory', () => {
  test('a read that waits sees one state, whatever is written meanwhile', async () => {
    const store = await open()
    await put(store, created(user, { id: 1, email: 'a', rank: 1 }))
    const { promise, resolve } = Promise.withResolvers<void>()
    const reading = store.read(function* (snapshot: Snapshot): Work<unknown[]> {
      const first = yield* wait(snapshot.get(user, 1))
      const position = snapshot.position
      yield* wait(promise)
      const second = yield* wait(snapshot.get(user, 1))
      return [first?.[5], second?.[5], yield* wait(snapshot.get(user, 2)), snapshot.position - position]
    })
    await put(store, patched(user, (await get(store, user, 1))!, { rank: 2 }), created(user, { id: 2, email: 'b' }))
    resolve()
    expect(await reading).toEqual([1, 1, undefined, 0])
  })

  test('readers cannot change rows', async () => {
    const store = await open()
    const mine = created(user, { id: 1, email: 'a' })
    await put(store, mine)
    mine.after![3] = 'mine'
    const row = (await get(store, user, 1))!
    expect(row[3]).toBe('a')
    expect(() => row.push(1)).toThrow(TypeError)
  })

  test('a transaction that takes too long is undone and lets others go on', async () => {
    const store = await open({ transactionMs: 1 })
    const forever = store.transaction(async tx => {
      await tx.apply([created(user, { id: 1, email: 'a' })], [])
      await new Promise(() => {})
    })
    await expect(forever).rejects.toMatchObject({ code: 'unavailable' })
    await put(store, created(user, { id: 2, email: 'b' }))
    expect(await idsOfRows(store, user)).toEqual([2])
  })

  test('the log forgets the oldest commits, and says so', async () => {
    const store = await open({ keptChanges: 100 })
    for (let id = 1; id <= 111; id++) await put(store, created(user, { id, email: `${id}` }))
    expect(await store.commits(0, 1000)).toBeNull()
    expect(await store.commits(10, 1000)).toBeNull()
    expect(await store.commits(11, 1000)).toHaveLength(100)
    expect(await store.commits(112, 10)).toBeNull()
  })

  test('large tables keep every row through many small changes', async () => {
    const store = await open()
    await store.load(
      todo,
      Array.from({ length: 300 }, (_, i) => created(todo, { id: i + 1, text: `${i}` }).after!),
    )
    for (let id = 1; id <= 300; id += 3) await put(store, deleted(todo, (await get(store, todo, id))!))
    for (let id = 301; id <= 350; id++) await put(store, created(todo, { id, text: `${id}` }))
    const ids = await idsOfRows(store, todo)
    expect(ids).toHaveLength(250)
    expect(ids).toEqual(ids.toSorted((a, b) => Number(a) - Number(b)))
    expect(ids).not.toContain(100)
  })
})
