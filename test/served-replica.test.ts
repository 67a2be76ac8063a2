// restuary serve postgres://… of a streaming replica.
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Misuse } from '../src/cli/misuse.ts'
import { serveFile } from '../src/cli/serve.ts'
import { execute } from '../src/testing/postgres/new-database.ts'
import {
  hasPostgres,
  postgresFolder,
  startPostgres,
  startStandby,
  stopPostgres,
} from '../src/testing/postgres/postgres-server.ts'
import { runsWith } from './system-programs.ts'

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('a streaming replica', () => {
  test.each([true, false])('is refused with what to do instead, read-only: %s', async readOnly => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => void vi.restoreAllMocks())
    const primary = postgresFolder()
    onTestFinished(() => stopPostgres(primary))
    await execute(await startPostgres(primary), 'create table item (id int primary key)')
    const replica = await startStandby(primary)
    onTestFinished(() => stopPostgres(replica))
    const url = `postgresql:///postgres?host=${replica}&user=postgres`
    const options = { host: '127.0.0.1', port: 0, public: true, readOnly, memory: false, jsonServer: false, cors: [] }
    const error = await serveFile(url, options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Misuse)
    const { message, fix } = error as Misuse
    expect(`${message}; ${fix}`).toMatch(/the server is a replica.*name the primary/)
  })
})
