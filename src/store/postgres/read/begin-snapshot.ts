import type { PostgresConnection } from '../connection.ts'
import type { PostgresState } from '../state.ts'
import { HEAD_STATEMENT, headOf } from './foreseen.ts'
import { PostgresReader } from './postgres-reader.ts'

/** Opens a transaction that reads. `isShared` = for several. Throws `NotBegun` if the connection is lost. */
export type BeginSnapshot = (connection: PostgresConnection, isShared: boolean) => Promise<PostgresReader>

/** The connection was lost before any work began, so that another one will do. */
export class NotBegun extends Error {}

export async function begun<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw new NotBegun('', { cause: error })
  }
}

/** The statements with which a transaction begins that sees one state. */
export const beginReading = (statementTimeout: number): string =>
  `begin isolation level repeatable read read only; set local statement_timeout = ${statementTimeout}`

/** Begins at the head of the log. `beginTerm` begins a term, after the server has started again. */
export function beginAtHead(state: PostgresState, beginTerm: () => Promise<void>): BeginSnapshot {
  return async (connection, isShared) => {
    for (;;) {
      void connection.exec(beginReading(state.settings.statementTimeout))
      const asked = connection.all(state.statements.of(HEAD_STATEMENT))
      const ahead = state.readAhead(connection)
      const [row] = await begun(asked)
      const head = headOf(row![0]!)
      if (head.isCurrent) {
        await begun(state.follow(connection, head, ahead))
        return new PostgresReader(connection, state, head.position, isShared)
      }
      await begun(connection.exec('rollback'))
      await beginTerm()
    }
  }
}
