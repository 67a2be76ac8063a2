import { MemoryStore, type MemoryOptions } from './memory/store.ts'
import type { Store } from './store.ts'

export type { MemoryOptions }

/** A store in memory, or in a JSON file that is rewritten after each commit: for development, tests and small data. */
export function memory(options: MemoryOptions = {}): Store {
  return new MemoryStore(options)
}
