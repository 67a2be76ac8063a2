import { expect, test } from 'vitest'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import { created, get, idsOfRows, put, user } from './world.ts'

/** A gate at which work waits until the test opens it. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: resolve, passed: promise }
}

export function transactionTests(make: MakeStore): void {
  test('what was acknowledged is seen by the next read', async () => {
    const { store } = await opened(make)
    for (let id = 1; id <= 5; id++) {
      await put(store, created(user, { id, email: `${id}` }))
      expect(await idsOfRows(store, user)).toHaveLength(id)
    }
  })

  test('application code may wait within a transaction; nobody sees it before its end', async () => {
    const { store } = await opened(make)
    const pause = gate()
    const begun = gate()
    const done = store.transaction(async tx => {
      await tx.apply([created(user, { id: await tx.nextId(user), email: 'a' })], [])
      begun.open()
      await pause.passed
      expect((await tx.get(user, 1))?.[3]).toBe('a')
      return 'done'
    })
    await begun.passed
    expect(await get(store, user, 1)).toBeUndefined()
    pause.open()
    expect(await done).toBe('done')
    expect((await get(store, user, 1))?.[3]).toBe('a')
  })

  test('other writes wait for a transaction, in their order', async () => {
    const { store } = await opened(make)
    const pause = gate()
    const order: string[] = []
    const begun = gate()
    const first = store
      .transaction(async tx => {
        begun.open()
        await pause.passed
        await tx.apply([created(user, { id: 1, email: 'a' })], [])
      })
      .then(() => order.push('transaction'))
    await begun.passed
    const second = put(store, created(user, { id: 2, email: 'b' })).then(() => order.push('write'))
    expect(await idsOfRows(store, user)).toEqual([])
    pause.open()
    await Promise.all([first, second])
    expect(order).toEqual(['transaction', 'write'])
    const commits = (await store.commits(0, 10))!
    expect(commits.map(commit => commit.changes.map(change => change.id))).toEqual([[1], [2]])
  })

  test('a transaction that throws is undone, and the next one may begin', async () => {
    const { store } = await opened(make)
    const failing = store.transaction(async tx => {
      await tx.apply([created(user, { id: 1, email: 'a' })], [])
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(new RangeError('no'))
    expect(await idsOfRows(store, user)).toEqual([])
    await store.transaction(async tx => tx.apply([created(user, { id: 2, email: 'a' })], []))
    expect(await idsOfRows(store, user)).toEqual([2])
  })

  test('a transaction is of no use after its end', async () => {
    const { store } = await opened(make)
    const late = await store.transaction(async tx => async () => tx.apply([created(user, { id: 1, email: 'a' })], []))
    await expect(late()).rejects.toThrow()
    expect(await idsOfRows(store, user)).toEqual([])
  })
}
