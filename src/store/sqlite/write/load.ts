import { AT, SEQ, type Id, type Join, type Resource, type Row } from '../../../model/model.ts'
import { conflictOf, isConstraint } from './conflict.ts'
import type { Opened } from '../open.ts'
import { MARK, UNMARK } from '../schema/triggers.ts'
import { RowWriter } from './rows.ts'

/** Rows per transaction: enough to be fast, and few enough to keep the write-ahead log small. */
const CHUNK = 10_000

/** Fills a table without a log record per row. A single record says that the position moved. */
export function loadRows(opened: Opened, resource: Resource, rows: Iterable<Row>): number {
  const { state } = opened
  const writer = new RowWriter(state.connection, state.layouts)
  return inChunks(opened, rows, (row, { seq, at }) => {
    row[SEQ] = seq
    row[AT] = at
    writer.write({ resource, id: row[0] as Id, op: 'create', before: null, after: row, changed: [], lists: [] })
  })
}

/** Adds links without a log record per link, as `loadRows` does for rows. Returns how many there were. */
export function loadPairs(opened: Opened, join: Join, pairs: Iterable<readonly [Id, Id]>): number {
  const { state } = opened
  const writer = new RowWriter(state.connection, state.layouts)
  return inChunks(opened, pairs, ([a, b]) => {
    writer.writeAll([], [{ join, a, b, op: 'add' }])
  })
}

/** The version that all loaded rows get. */
interface LoadVersion {
  readonly seq: number
  readonly at: number
}

/** Writes many items, in transactions of a few thousand, after one record that says that the position moved. */
function inChunks<T>(opened: Opened, items: Iterable<T>, write: (item: T, version: LoadVersion) => void): number {
  const { state, log, ids } = opened
  const { connection } = state
  const version: LoadVersion = { seq: state.position + 1, at: state.clock() }
  let count = 0
  const { isInstalled } = state.captured
  const [begin, commit] = isInstalled
    ? [`BEGIN IMMEDIATE; ${MARK}`, `${UNMARK}; COMMIT`]
    : ['BEGIN IMMEDIATE', 'COMMIT']
  connection.exec(begin)
  try {
    // The record comes first: if the process ends in between, nobody takes the log for complete.
    log.adopt(version.seq, version.at)
    for (const item of items) {
      write(item, version)
      if (++count % CHUNK === 0) connection.exec(`${commit}; ${begin}`)
    }
    connection.exec(commit)
  } catch (error) {
    if (connection.db.isTransaction) connection.exec('ROLLBACK')
    throw isConstraint(error) ? conflictOf(error as Error, state.model) : error
  } finally {
    // Chunks that were committed stay, even if a later one failed.
    ids.forget()
    state.moved(log.head())
  }
  return count
}
