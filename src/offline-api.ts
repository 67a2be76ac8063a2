import type { ApiOptions } from './api-options.ts'
import { assembleEngine, type Assembling } from './assemble-engine.ts'
import type { Engine } from './engine/engine.ts'
import type { Store } from './store/store.ts'

/**
 * The engine of an API over a store, for a command. Nothing goes on by itself, as it does in a server: no seed is sown, no commit
 * is followed, no file is cleared, and jobs that begin are left to the servers.
 */
export interface OfflineApi {
  readonly engine: Engine
  readonly store: Store
  close(): Promise<void>
}

/** Opens the store and resolves when it fits the model. Rejects as a start does if it cannot be made to fit. */
export async function openOffline(assembling: Assembling, options: ApiOptions): Promise<OfflineApi> {
  const jobless: ApiOptions = { ...options, jobs: { ...options.jobs, concurrency: 0 } }
  const { engine, store, opening, nodes, expiry, jobs, files } = assembleEngine(assembling, jobless)
  await opening
  return {
    engine,
    store,
    close: async () => {
      await Promise.all([jobs?.close(), files?.close()])
      engine.auth?.close()
      expiry?.close()
      await nodes.close()
      await store.close()
    },
  }
}
