import { memory } from '../../src/store/memory.ts'
import { sqlite } from '../../src/store/sqlite/index.ts'
import type { Store } from '../../src/store/store.ts'
import type { StoreKind } from '../result.ts'

/** An empty store of a kind. Nothing is left behind when it is closed. */
export function freshStore(kind: StoreKind): Store {
  if (typeof kind === 'function') return kind()
  return kind === 'memory' ? memory() : sqlite(':memory:')
}
