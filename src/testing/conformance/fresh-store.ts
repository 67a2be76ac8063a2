import { memory } from '../../store/memory.ts'
import type { Store } from '../../store/store.ts'
import type { StoreKind } from './result.ts'
export function freshStore(_kind: StoreKind): Store {
  return memory()
}
