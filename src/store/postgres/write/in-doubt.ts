import type { PostgresConnection } from '../connection.ts'
import type { PostgresState } from '../state.ts'
import type { PostgresWriter } from './postgres-writer.ts'

const STATUS = 'select pg_xact_status($1::xid8)'
const RECORD = 'select 1 from _restuary_log where seq = $1 and at = $2'

/**
 * Whether a transaction was committed, though the connection was lost before the answer to COMMIT; null if nobody can tell. The
 * server knows what became of each transaction, but after a failover another server may have given its number to another one. So
 * the log is asked for the last record as well.
 */
export async function isCommitted(
  connecting: Promise<PostgresConnection>,
  { statements, settings }: PostgresState,
  { xid, commits }: PostgresWriter,
): Promise<boolean | null> {
  const deadline = performance.now() + settings.busyTimeout
  let connection: PostgresConnection | null = null
  try {
    connection = await connecting
    for (;;) {
      const [row] = await connection.all(statements.of(STATUS), xid)
      const status = row![0] as string | null
      if (status === 'aborted') return false
      if (status === 'committed') {
        const last = commits.at(-1)
        if (last === undefined) return true
        return (await connection.all(statements.of(RECORD), last.position, last.at)).length > 0 ? true : null
      }
      if (status === null || performance.now() > deadline) return null
      await new Promise(resolve => void setTimeout(resolve, 20))
    }
  } catch {
    return null
  } finally {
    await connection?.close()
  }
}
