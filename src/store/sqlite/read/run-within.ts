import type { Row } from '../../../model/model.ts'
import { Exhausted } from '../../meter.ts'
import type { Bind } from '../../sql/codec.ts'
import type { Connection, Statement } from '../connection.ts'

/** Rows that a plan may visit before the other one is tried: about 0.3 ms. */
const TRIED = 2_000

/**
 * Runs a statement within the rows that it may visit; throws `Exhausted` where that was not enough. If there are two plans, by the
 * index of the filter and by that of the order, nobody knows beforehand which of them finds a page sooner. So each gets a
 * small part first.
 */
export function runWithin(
  connection: Connection,
  statement: Statement,
  values: readonly Bind[],
  allowed: number,
): Row[] {
  const { other, isScan } = statement
  if (other !== null && allowed > TRIED) {
    const tries = isScan ? [other] : [statement, other]
    for (const one of tries) {
      try {
        return connection.metered(TRIED, () => one.all(...values))
      } catch (error) {
        if (!(error instanceof Exhausted)) throw error
      }
    }
  }
  return connection.metered(allowed, () => statement.all(...values))
}
