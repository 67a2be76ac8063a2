import { run } from '../../work.ts'
import type { QueuedWrite, WriteResult } from '../../queued-write.ts'
import type { PostgresConnection } from '../connection.ts'
import { isTransient } from '../failures.ts'
import type { PostgresWriter } from './postgres-writer.ts'

/** Checks foreign keys now, and lets them wait again for what follows. */
export const CHECK = 'set constraints all immediate; set constraints all deferred'

/** A unit has failed after it had written something, and there was no savepoint to undo it alone. */
export class SpoiledGroup extends Error {}

/**
 * Runs one unit to its end. With `isSafe`, savepoints protect the other units, and what the unit wrote is checked at its end.
 * Without, a unit that fails after it has written throws `SpoiledGroup`; the whole group then has to run again. Throws what
 * has failed the transaction.
 */
export async function runUnit(
  connection: PostgresConnection,
  writer: PostgresWriter,
  { work }: QueuedWrite,
  isSafe: boolean,
): Promise<WriteResult> {
  writer.start(isSafe)
  const head = writer.position
  if (isSafe) void connection.exec('savepoint unit')
  let result: WriteResult
  try {
    result = { value: await run(work(writer)) }
    if (isSafe && writer.unitHasWritten) await connection.exec(CHECK)
  } catch (error) {
    result = { error }
  }
  const { failure } = connection
  if (failure !== null && (connection.isLost || isTransient(failure.error))) throw failure.error
  if (failure === null && 'value' in result) {
    if (isSafe) void connection.exec('release savepoint unit')
    return result
  }
  if (!isSafe) {
    if (failure !== null || writer.unitHasWritten) throw new SpoiledGroup('', { cause: failure?.error })
    return result
  }
  await connection.exec('rollback to savepoint unit; release savepoint unit')
  writer.undo(head)
  return 'error' in result ? result : { error: failure!.error }
}
