import { run } from '../../work.ts'
import type { QueuedWrite, WriteResult } from '../../queued-write.ts'
import type { PostgresConnection } from '../connection.ts'
import { isTransient } from '../failures.ts'
import type { PostgresWriter } from './postgres-writer.ts'
import { Outdated, SideUnit, Turns } from './side-unit.ts'

/** Checks foreign keys now, and lets them wait again for what follows. */
export const CHECK = 'set constraints all immediate; set constraints all deferred'

/** A unit has failed after it had written something, and there was no savepoint to undo it alone. */
export class SpoiledGroup extends Error {}

/**
 * Runs units side by side, as if one had come after the other. Throws `SpoiledGroup` if one fails after it has written: the
 * group then has to run again by `runUnit`. Throws what has failed the transaction.
 */
export async function runSideBySide(
  connection: PostgresConnection,
  writer: PostgresWriter,
  units: readonly QueuedWrite[],
): Promise<WriteResult[]> {
  const turns = new Turns(units.length)
  const ends = await Promise.allSettled(units.map(unit => runBeside(writer, turns, unit)))
  await writer.settled()
  const { failure } = connection
  if (failure !== null && (connection.isLost || isTransient(failure.error))) throw failure.error
  if (failure !== null) throw new SpoiledGroup('', { cause: failure.error })
  return ends.map(end => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}

async function runBeside(writer: PostgresWriter, turns: Turns, { work }: QueuedWrite): Promise<WriteResult> {
  const side = new SideUnit(writer, turns)
  try {
    for (;;) {
      const result = await resultOf(async () => run(work(side)))
      // What it answers with depends on what it has read, even if it has written nothing.
      if (!side.isOutdated) await side.takeTurn().catch(isOutdated)
      if (side.isOutdated) side.begin()
      else if ('error' in result && writer.unitHasWritten) throw new SpoiledGroup()
      else return result
    }
  } finally {
    side.endTurn()
  }
}

function isOutdated(error: unknown): void {
  if (!(error instanceof Outdated)) throw error
}

async function resultOf(work: () => Promise<unknown>): Promise<WriteResult> {
  try {
    return { value: await work() }
  } catch (error) {
    return { error }
  }
}

/** Runs one unit alone, so that it can be undone without the others of its group. Throws what has failed the transaction. */
export async function runUnit(
  connection: PostgresConnection,
  writer: PostgresWriter,
  { work }: QueuedWrite,
): Promise<WriteResult> {
  writer.start(true)
  const head = writer.position
  void connection.exec('savepoint unit')
  const result = await resultOf(async () => {
    const value = await run(work(writer))
    if (writer.unitHasWritten) await connection.exec(CHECK)
    return value
  })
  const { failure } = connection
  if (failure !== null && (connection.isLost || isTransient(failure.error))) throw failure.error
  if (failure === null && 'value' in result) {
    void connection.exec('release savepoint unit')
    return result
  }
  await connection.exec('rollback to savepoint unit; release savepoint unit')
  writer.undo(head)
  return 'error' in result ? result : { error: failure!.error }
}
