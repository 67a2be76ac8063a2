import { randomBytes } from 'node:crypto'
import type { PostgresConnection } from '../connection.ts'
import type { Nonce, PostgresState } from '../state.ts'
import type { PostgresWriter } from './postgres-writer.ts'

const HEAD = 'select nonce from _restuary_head where k = 1 for update'
const RECORD = 'select nonce from _restuary_log where seq = $1'
const FENCE = 'update _restuary_head set nonce = $1 where k = 1'

export const newNonce = (): number => randomBytes(6).readUIntBE(0, 6)

/**
 * Whether a transaction was committed, though the connection was lost before the answer to COMMIT; null if nobody can tell. Its
 * nonce decides, which is in its last record of the log, or in the head if it had none: a server that has lost it may have given
 * its id and its position to another one. If it was not committed, it never will be: the head gets another nonce than it expects.
 */
export async function isCommitted(
  connecting: Promise<PostgresConnection>,
  { statements, settings }: PostgresState,
  { nonce, base, commits }: PostgresWriter,
): Promise<boolean | null> {
  let connection: PostgresConnection | null = null
  try {
    connection = await connecting
    const timeouts = `set local lock_timeout = ${settings.busyTimeout}; set local statement_timeout = ${settings.statementTimeout}`
    // Whoever has moved the head and not ended yet holds its lock.
    void connection.exec(`begin; ${timeouts}`)
    const [head] = await connection.all(statements.of(HEAD))
    const newest = head![0] as Nonce
    const last = commits.at(-1)
    const [record] = last === undefined ? [] : await connection.all(statements.of(RECORD), last.position)
    if (newest === nonce || record?.[0] === nonce) return true
    // A transaction without records leaves no trace in the log, so others may have hidden it.
    if (last === undefined && newest !== base.nonce) return null
    void connection.all(statements.of(FENCE), newNonce())
    return (await connection.exec('commit')) === 'COMMIT' ? false : null
  } catch {
    return null
  } finally {
    await connection?.close()
  }
}
