// Set up once for a run of tests: where their PostgreSQL server is. It starts when the first test needs it.
import type { TestProject } from 'vitest/node'
import { postgresFolder, stopPostgres } from '../../src/testing/postgres/postgres-server.ts'

export default function setup({ provide }: TestProject): () => void {
  const folder = postgresFolder()
  provide('postgresFolder', folder)
  return () => stopPostgres(folder)
}
