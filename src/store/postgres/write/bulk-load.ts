import { AT, SEQ, type Id, type Join, type Resource, type Row } from '../../../model/model.ts'
import type { PostgresConnection } from '../connection.ts'
import { isViolation } from '../failures.ts'
import type { OpenedPostgres } from '../open.ts'
import { RowStatements, type Execution } from './row-statements.ts'
import { IdSequences } from './id-sequences.ts'
import { violationOf } from './violation.ts'

/** Links change the lists of both sides, so no resource is left out. */
const CHANGED = `insert into _restuary_changed select unnest($1::text[]), $2
  on conflict (resource) do update set seq = excluded.seq`
/** How many statements are under way at once. */
const UNDER_WAY = 500

/** Fills a table without a log record per row. A single record says that the position moved. */
export function bulkLoadRows(opened: OpenedPostgres, resource: Resource, rows: Iterable<Row>): Promise<number> {
  const { statements, layouts } = opened.state
  const writing = new RowStatements(statements, layouts)
  let highest = 0
  return load(
    opened,
    rows,
    (row, seq, at) => {
      row[SEQ] = seq
      row[AT] = at
      if (typeof row[0] === 'number') highest = Math.max(highest, row[0])
      return writing.insert(resource, row)
    },
    connection => new IdSequences(statements, layouts, opened.state.terms).reserve(connection, resource, highest),
  )
}

/** Adds links without a log record per link, as `bulkLoadRows` does for rows. Returns how many there were. */
export function bulkLoadPairs(opened: OpenedPostgres, join: Join, pairs: Iterable<readonly [Id, Id]>): Promise<number> {
  const writing = new RowStatements(opened.state.statements, opened.state.layouts)
  return load(opened, pairs, ([a, b]) => writing.link({ join, a, b, op: 'add' }))
}

/** Writes all items, or none, after one record that says that the position moved. */
async function load<T>(
  { state, writers }: OpenedPostgres,
  items: Iterable<T>,
  write: (item: T, seq: number, at: number) => Execution,
  after: (connection: PostgresConnection) => void = () => {},
): Promise<number> {
  const connection = await writers.take()
  const at = state.environment.clock()
  let count = 0
  let seq = 0
  try {
    void connection.exec(`begin; set local restuary.writing = 'on'`)
    const [row] = await connection.all(
      state.statements.of('update _restuary_head set pos = pos + 1 where k = 1 returning pos'),
    )
    seq = row![0] as number
    let sent: Promise<unknown>[] = [
      state.log.append(connection, [state.log.adoption(seq, at)], null),
      connection.all(state.statements.of(CHANGED), [...state.model.resources.keys()], seq),
    ]
    for (const item of items) {
      const { statement, values } = write(item, seq, at)
      sent.push(connection.all(statement, ...values))
      count++
      if (sent.length < UNDER_WAY) continue
      await Promise.all(sent)
      sent = []
    }
    after(connection)
    await Promise.all(sent)
    await connection.exec('commit')
  } catch (error) {
    if (!connection.isLost) await connection.exec('rollback')
    throw isViolation(error) ? violationOf(error as Error, state.model) : error
  } finally {
    writers.give(connection)
  }
  state.loaded(seq)
  return count
}
