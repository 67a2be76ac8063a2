import { threadId } from 'node:worker_threads'
import { inject } from 'vitest'
import { postgres, type PostgresOptions } from '../../store/postgres/index.ts'
import type { Store } from '../../store/store.ts'
import { startPostgres } from './postgres-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the server of the run is (test/postgres/server.ts). */
    postgresFolder: string
  }
}

let schemas = 0

/** An empty PostgreSQL store for a test, in a schema of its own of the server that all tests share. */
export async function postgresStore(options: PostgresOptions = {}): Promise<Store> {
  return postgresStoreAt(await startPostgres(inject('postgresFolder')), options)
}

/** The same of a server that runs already. */
export function postgresStoreAt(url: string, options: PostgresOptions = {}): Store {
  return postgres(url, { readers: 2, schema: `t${process.pid}_${threadId}_${++schemas}`, ...options })
}
