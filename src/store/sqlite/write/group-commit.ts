import type { Transaction } from '../../store.ts'
import type { Work } from '../../work.ts'
import { isBusy, isConstraint } from './conflict.ts'
import type { Ids } from './ids.ts'
import { Spoiled, type Answer, type Writer } from './writer.ts'

/** One atomic write that waits for its turn. */
export interface Unit {
  readonly work: (tx: Transaction) => Work<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Runs units in one transaction and returns what became of each; throws BUSY, with nothing done, if another process is
 * writing. First without savepoints, which a unit that checks before it writes never needs; if one failed after it had
 * written, all run again, each in a savepoint; if the commit itself breaks a constraint, each in its own transaction.
 */
export function runUnits(writer: Writer, ids: Ids, units: readonly Unit[]): Answer[] {
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

function alone(writer: Writer, units: readonly Unit[], error: unknown): Answer[] {
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

function attempt(writer: Writer, units: readonly Unit[], safe: boolean): Answer[] {
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
