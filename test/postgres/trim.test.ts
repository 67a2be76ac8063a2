// Old records of the log are removed from PostgreSQL.
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { api, resource, t } from '../../src/index.ts'
import { link } from '../../src/model/link/link.ts'
import { PostgresConnection } from '../../src/store/postgres/connection.ts'
import { postgres } from '../../src/store/postgres/index.ts'
import { PostgresLog } from '../../src/store/postgres/log.ts'
import { Statements } from '../../src/store/postgres/statements.ts'
import { hasPostgres, startPostgres } from '../../src/testing/postgres/postgres-server.ts'
import { newSchema } from '../../src/testing/postgres/postgres-store.ts'
import { runsWith } from '../system-programs.ts'

const DAY = 86_400_000
const MILLION = 1_000_000

describe.runIf(runsWith('PostgreSQL', hasPostgres(), 'postgresql'))('the log of PostgreSQL', () => {
  test('is trimmed in portions, up to the first record that is kept, so that no gap comes about', async () => {
    const address = { url: await startPostgres(inject('postgresFolder')), schema: newSchema() }
    const declared = { todo: resource({ id: t.id() }) }
    const app = api(declared, { store: postgres(address.url, { schema: address.schema }) })
    await app.ready()
    await app.close()
    const connection = await PostgresConnection.open(address)
    onTestFinished(() => connection.close())
    const log = new PostgresLog(link(declared), new Statements(true))
    const seqs = async (): Promise<unknown[]> => {
      const sql = 'select min(seq), max(seq), count(*) from _restuary_log'
      const [row] = await connection.all({ name: undefined, sql, slots: null })
      return row as unknown[]
    }
    // Number 700 was written while a clock was ahead.
    await connection.exec(`insert into _restuary_log(seq, tx, at, resource, id, op)
      select n, n, case n when 700 then 9e12 else 1000 end, 'todo', n, 'delete' from generate_series(1, 2000) as n`)
    await log.trim(connection, MILLION + 2000, 1000 + DAY)
    expect(await seqs()).toEqual([1, 2000, 2000])
    await log.trim(connection, MILLION + 300, 2000 + DAY)
    expect(await seqs()).toEqual([301, 2000, 1700])
    await log.trim(connection, MILLION + 2000, 2000 + DAY)
    expect(await seqs()).toEqual([700, 2000, 1301])
    await log.trim(connection, MILLION + 2000, 2000 + DAY)
    expect(await seqs()).toEqual([700, 2000, 1301])
  })
})
