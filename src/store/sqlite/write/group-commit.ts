import type { QueuedWrite, WriteResult } from '../../queued-write.ts'
import { isBusy, isConstraint } from './conflict.ts'
import type { IdCounters } from './ids.ts'
import { Spoiled, type Writer } from './writer.ts'

/** The most units of work in one commit, so that reads get their turn in between. */
export const GROUP = 256

/**
 * Group commit: runs units in one transaction, and returns the result of each. Throws BUSY, having done nothing, if another
 * process is writing. The first attempt has no savepoints, because units that check before they write do not need them. If a
 * unit fails after it has written, all run again, each in a savepoint. If the commit itself violates a constraint, each runs in
 * a transaction of its own.
 */
export function runUnits(writer: Writer, ids: IdCounters, units: readonly QueuedWrite[]): WriteResult[] {
  const handedOut = ids.save()
  try {
    return attempt(writer, units, false)
  } catch (error) {
    if (isBusy(error)) throw error
    ids.restore(handedOut)
    if (!(error instanceof Spoiled)) return alone(writer, units, error)
  }
  try {
    return attempt(writer, units, true)
  } catch (error) {
    return alone(writer, units, error)
  }
}

/** Finds the unit to blame for a failed commit: each gets a transaction of its own. */
function alone(writer: Writer, units: readonly QueuedWrite[], error: unknown): WriteResult[] {
  if (isBusy(error)) throw error
  if (!isConstraint(error) || units.length === 1) return units.map(() => ({ error: writer.failure(error) }))
  return units.map(unit => {
    try {
      return attempt(writer, [unit], true)[0]!
    } catch (error) {
      return { error: writer.failure(error) }
    }
  })
}

function attempt(writer: Writer, units: readonly QueuedWrite[], safe: boolean): WriteResult[] {
  writer.begin()
  try {
    const answers = units.map(unit => writer.unit(unit.work, safe))
    writer.commit()
    return answers
  } catch (error) {
    writer.rollback()
    throw error
  }
}
