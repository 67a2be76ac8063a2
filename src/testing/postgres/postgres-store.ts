import { randomUUID } from 'node:crypto'
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

/** The name of a schema that no other test has: the files of a run share a server, and may share a process. */
export const newSchema = (): string => `t${randomUUID().replaceAll('-', '')}`

/** An empty PostgreSQL store for a test, in a schema of its own of the server that all tests share. */
export async function postgresStore(options: PostgresOptions = {}): Promise<Store> {
  return postgresStoreAt(await startPostgres(inject('postgresFolder')), options)
}

/** The same of a server that runs already. */
export function postgresStoreAt(url: string, options: PostgresOptions = {}): Store {
  return postgres(url, { readers: 2, schema: newSchema(), ...options })
}
