import { MemoryStore, type MemoryOptions } from './memory/store.ts'
import type { Store } from './store.ts'

export type { MemoryOptions }

/**
 * A store in memory or, with `file`, in a JSON file that is rewritten after each commit. Meant for development, tests and small
 * data.
 *
 * @example
 * const app = api({ todo }, { store: memory({ file: 'db.json' }) })
 */
export function memory(options: MemoryOptions = {}): Store {
  return new MemoryStore(options)
}
