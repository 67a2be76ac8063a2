import { randomBytes } from 'node:crypto'
import { newTerm, readTerms, termsText, withTerm, type Term } from '../../terms.ts'
import type { PostgresConnection } from '../connection.ts'
import { BOOT } from '../schema/functions.ts'
import { storedMeta, storeMeta } from '../schema/meta.ts'
import type { PostgresState } from '../state.ts'

const TERMS = "select value from _restuary_meta where key = 'terms'"
const NEW_TERMS = "update _restuary_meta set value = $1 where key = 'terms'"
const NEW_BOOT = `update _restuary_head set epoch = $1, boot = ${BOOT} where k = 1`

/**
 * Begins a term after what is there now, in the open transaction. The server may have lost what it had told before it started
 * again. Returns all terms.
 */
export async function beginTerm(
  connection: PostgresConnection,
  { statements, environment }: PostgresState,
  position: number,
): Promise<readonly Term[]> {
  const [row] = await connection.all(statements.of(TERMS))
  const terms = readTerms(row![0] as string)
  const term = newTerm(terms, position, environment.random)
  const all = withTerm(terms, term)
  void connection.all(statements.of(NEW_TERMS), termsText(all))
  await connection.all(statements.of(NEW_BOOT), term.epoch)
  return all
}

/** Begins a term of all positions, in the open transaction: none that was told before is valid, and all nodes begin anew. */
export async function beginTermOfAll(connection: PostgresConnection): Promise<void> {
  const meta = await storedMeta(connection)
  const term = newTerm(readTerms(meta.get('terms') ?? '[]'), 0, randomBytes)
  await storeMeta(connection, meta, { terms: termsText([term]) })
  const sql = 'update _restuary_head set epoch = $1 where k = 1'
  await connection.all({ name: undefined, sql, slots: null }, term.epoch)
}
