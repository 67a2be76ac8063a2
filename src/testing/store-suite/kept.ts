import { expect, test } from 'vitest'
import type { Store } from '../../store/store.ts'
import { wait } from '../../store/work.ts'
import type { MakeStore } from './opened.ts'
import { opened } from './opened.ts'
import { created, get, idsOfRows, put, user } from './world.ts'

const recall = (store: Store, key: string): Promise<string | undefined> =>
  store.write(function* (tx) {
    return yield* wait(tx.recall(key))
  })

const keep = (store: Store, key: string, text: string, until: number): Promise<void> =>
  store.write(function* (tx) {
    yield* wait(tx.keep(key, text, until))
  })

export function keptTests(make: MakeStore): void {
  test('a text is kept with the unit that keeps it, and takes no position', async () => {
    const { store, clock } = await opened(make)
    await store.write(function* (tx) {
      yield* wait(tx.apply([created(user, { id: 1, email: 'a' })], []))
      yield* wait(tx.keep('k', 'answer', clock.now + 1_000))
      expect(yield* wait(tx.recall('k'))).toBe('answer')
    })
    expect(await recall(store, 'k')).toBe('answer')
    expect(await recall(store, 'other')).toBeUndefined()
    expect(await store.commits(0, 10)).toHaveLength(1)
  })

  test('a unit that fails keeps nothing, and its neighbours keep theirs', async () => {
    const { store, clock } = await opened(make)
    const until = clock.now + 1_000
    const failed = store.write(function* (tx) {
      yield* wait(tx.keep('k', 'never', until))
      throw new Error('no')
    })
    await Promise.all([
      keep(store, 'a', 'one', until),
      expect(failed).rejects.toThrow('no'),
      put(store, created(user, { id: 1, email: 'a' })),
      keep(store, 'b', 'two', until),
    ])
    expect(await recall(store, 'k')).toBeUndefined()
    expect([await recall(store, 'a'), await recall(store, 'b')]).toEqual(['one', 'two'])
    expect((await get(store, user, 1))?.[3]).toBe('a')
  })

  test('units that arrive together see what those before them kept', async () => {
    const { store, clock } = await opened(make)
    const once = (): Promise<string> =>
      store.write(function* (tx) {
        const known = yield* wait(tx.recall('k'))
        if (known !== undefined) return known
        yield* wait(tx.apply([created(user, { id: yield* wait(tx.nextId(user)), email: 'a' })], []))
        yield* wait(tx.keep('k', 'made', clock.now + 1_000))
        return 'new'
      })
    expect(await Promise.all([once(), once(), once()])).toEqual(['new', 'made', 'made'])
    expect(await idsOfRows(store, user)).toHaveLength(1)
  })

  test('a text is over at its moment, and its key is free again', async () => {
    const { store, clock } = await opened(make)
    await keep(store, 'k', 'old', clock.now + 1_000)
    clock.now += 999
    expect(await recall(store, 'k')).toBe('old')
    clock.now += 1
    expect(await recall(store, 'k')).toBeUndefined()
    await keep(store, 'k', 'new', clock.now + 1_000)
    expect(await recall(store, 'k')).toBe('new')
  })

  test('application code keeps within its transaction', async () => {
    const { store, clock } = await opened(make)
    await store.transaction(async tx => {
      await tx.keep('k', 'kept', clock.now + 1_000)
    })
    expect(await recall(store, 'k')).toBe('kept')
  })
}
