import { onTestFinished } from 'vitest'
import type { Store } from '../../store/store.ts'
import { testEnvironment, model, type Clock } from './world.ts'

/** A store that is open for the running test and closed after it, at half past one on the first day of 1970. */
export async function opened(
  make: () => Store | Promise<Store>,
): Promise<{ readonly store: Store; readonly clock: Clock }> {
  const clock = { now: 5_400_000 }
  const store = await make()
  await store.open(model, testEnvironment(clock))
  onTestFinished(() => store.close())
  return { store, clock }
}

/** Makes an empty store that is not open yet. */
export type MakeStore = () => Store | Promise<Store>
