import type { PostgresConnection } from '../connection.ts'
import { codeOf } from '../failures.ts'
import type { PostgresState } from '../state.ts'
import type { PostgresWriter } from './postgres-writer.ts'

/** `invalid_parameter_value`: a transaction id "in the future". */
const NOT_YET = '22023'
const STATUS = 'select pg_xact_status($1::xid8)'
const RECORD = 'select nonce from _restuary_log where seq = $1'
const HEAD = 'select nonce from _restuary_head where k = 1'

/**
 * Whether a transaction was committed, though the connection was lost before the answer to COMMIT; null if nobody can tell. A
 * server that crashed may have given the id of the transaction to another one since. So its nonce decides, which is in its last
 * record of the log, or in the head if it had none.
 */
export async function isCommitted(
  connecting: Promise<PostgresConnection>,
  { statements, settings }: PostgresState,
  { xid, nonce, commits }: PostgresWriter,
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
        const [found] = await (last === undefined
          ? connection.all(statements.of(HEAD))
          : connection.all(statements.of(RECORD), last.position))
        if (found?.[0] === nonce) return true
        // Positions are dense: another transaction has this one, or none has it yet.
        return last === undefined ? null : false
      }
      if (status === null || performance.now() > deadline) return null
      await new Promise(resolve => void setTimeout(resolve, 20))
    }
  } catch (error) {
    // A server that has recovered has not heard of the id yet.
    return codeOf(error) === NOT_YET ? false : null
  } finally {
    await connection?.close()
  }
}
