// The PostgreSQL server of a run in which all tests need it, so that a store can be made without waiting.
import type { TestProject } from 'vitest/node'
import { postgresFolder, startPostgres, stopPostgres } from '../../src/testing/postgres/postgres-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

export default async function setup({ provide }: TestProject): Promise<() => void> {
  const folder = postgresFolder()
  provide('postgresUrl', await startPostgres(folder))
  return () => stopPostgres(folder)
}
