import { expect, test } from 'vitest'
import { memory } from '../store/memory.ts'
import { EphemeralStore } from '../store/ephemeral/store.ts'
import { wait } from '../store/work.ts'
import { testEnvironment, model, user } from './store-suite/world.ts'
import { slow } from './slow-store.ts'
import { storeSuite } from './store-suite.ts'

storeSuite('a slow store', () => slow(memory()))
storeSuite('a store that is slow to be asked', () => slow(memory(), { back: 0 }))
storeSuite('a slow store with ephemeral rows beside it', () => new EphemeralStore(slow(memory()), () => {}))

test('nothing is answered at once, also within a snapshot', async () => {
  const store = slow(memory())
  await store.open(model, testEnvironment({ now: 1_000 }))
  expect(store.oldestPosition()).toBeInstanceOf(Promise)
  expect(store.commits(0, 1)).toBeInstanceOf(Promise)
  const read = store.read(function* (snapshot) {
    const row = snapshot.get(user, 1)
    expect(row).toBeInstanceOf(Promise)
    return yield* wait(row)
  })
  expect(read).toBeInstanceOf(Promise)
  expect(await read).toBeUndefined()
  await store.close()
})
