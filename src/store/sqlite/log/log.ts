import { SEQ, type Id, type Model, type Resource, type Row } from '../../../model/model.ts'
import {
  ADOPT,
  CommitAssembly,
  KEPT_RECORDS,
  LOG_COLUMNS,
  LogFormat,
  RECORD_BYTES,
  sizeOfRecord,
  TRIM_STEP,
  type StoredRecord,
} from '../../log/log-format.ts'
import { Room } from '../../room.ts'
import type { Commit, Published, Recorded, RowChange } from '../../store.ts'
import type { Connection, Statement } from '../connection.ts'

/**
 * The tables of the store itself. Rows of the log never change, and trimming never removes its newest row, because that is the
 * position.
 */
export const LOG_TABLES = `
  CREATE TABLE IF NOT EXISTS _restuary_log(
    seq INTEGER PRIMARY KEY, tx INTEGER NOT NULL, at INTEGER NOT NULL, resource TEXT NOT NULL, id ANY, op TEXT NOT NULL,
    before TEXT, after TEXT, lists TEXT, signature TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS _restuary_log_gone ON _restuary_log(resource, id) WHERE op = 'delete';
  CREATE INDEX IF NOT EXISTS _restuary_log_adopt ON _restuary_log(seq) WHERE op = 'adopt';
  CREATE TABLE IF NOT EXISTS _restuary_meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS _restuary_version(
    resource TEXT NOT NULL, id ANY NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY(resource, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS _restuary_kept(
    key TEXT PRIMARY KEY, until INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS _restuary_kept_until ON _restuary_kept(until)`

/** Adds what a log of an earlier version of Restuary lacks. */
export const LOG_ADDITION = 'ALTER TABLE _restuary_log ADD COLUMN signature TEXT'

/** A row that has a history. */
interface LoggedRow {
  readonly resource: Resource
  readonly id: Id
  /** The row as it is; undefined if it is deleted. */
  readonly row: Row | undefined
}

/** The change log in its table. */
export class LogTable {
  readonly #append: Statement
  readonly #head: Statement
  readonly #floor: Statement
  readonly #read: Statement
  readonly #trim: Statement
  readonly #reach: Statement
  readonly #one: Statement
  readonly #gone: Statement
  readonly #format: LogFormat

  constructor(connection: Connection, model: Model) {
    this.#format = new LogFormat(model)
    this.#append = connection.prepare(`INSERT INTO _restuary_log(${LOG_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)`)
    this.#head = connection.prepare('SELECT max(seq) FROM _restuary_log')
    this.#floor = connection.prepare('SELECT min(seq) FROM _restuary_log')
    this.#read = connection.prepare(
      `SELECT ${LOG_COLUMNS} FROM _restuary_log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
    )
    this.#trim = connection.prepare(
      // Up to the first record that is kept, so that no gap comes about.
      `DELETE FROM _restuary_log WHERE seq < (
        SELECT coalesce(min(seq) FILTER (WHERE seq > ?2 OR at >= ?3), max(seq) + 1)
        FROM (SELECT seq, at FROM _restuary_log ORDER BY seq LIMIT ?1))`,
    )
    this.#reach = connection.prepare(
      `SELECT (SELECT min(seq) - 1 FROM _restuary_log), (SELECT max(seq) FROM _restuary_log WHERE op = '${ADOPT}')`,
    )
    this.#one = connection.prepare(`SELECT ${LOG_COLUMNS} FROM _restuary_log WHERE seq = ? AND resource = ? AND id = ?`)
    this.#gone = connection.prepare(
      `SELECT max(seq) FROM _restuary_log WHERE op = 'delete' AND resource = ? AND id = ? AND seq < ?`,
    )
  }

  /** The seq of the newest record; 0 if there is none. */
  head(): number {
    return (this.#head.get()?.[0] as number | null | undefined) ?? 0
  }

  /** Returns the bytes of the record. */
  append(seq: number, tx: number, at: number, change: RowChange): number {
    const { resource, id, op, by = null } = change
    const format = this.#format
    const before = format.before(change)
    const after = format.after(change)
    const lists = format.lists(change)
    const record: StoredRecord = [seq, tx, at, resource.name, id, op, before, after, lists, by]
    this.#append.run(...record)
    return sizeOfRecord(record)
  }

  /** A record about a URI. It has no resource; the published value is in the place of a row. */
  publish(seq: number, tx: number, at: number, { uri, op, body }: Omit<Published, 'seq'>): void {
    this.#append.run(seq, tx, at, '', uri, op, null, body, null, null)
  }

  /** Marks a position after which rows exist that no record explains. */
  adopt(seq: number, at: number): void {
    this.#append.run(seq, seq, at, '', null, ADOPT, null, null, null, null)
  }

  /** Whole commits after a position, up to the head; null if some are gone or a change has no record. */
  after(position: number, limit: number, head: number): Commit[] | null {
    const floor = this.#floor.get()?.[0] as number | null
    if (position > head || (floor !== null && position < floor - 1)) return null
    const assembly = new CommitAssembly(this.#format, limit)
    let from = position
    for (;;) {
      const room = new Room(RECORD_BYTES)
      const records = this.#read.within(room, from, head, limit + 1) as unknown as StoredRecord[]
      for (const record of records) {
        const state = assembly.add(record)
        if (state === 'unknown') return null
        if (state === 'full') return assembly.commits
        from = record[0]
      }
      if (records.length <= limit && !room.isFull) return assembly.commits
    }
  }

  /** The oldest position after which all changes are known. */
  reach(): number {
    const [floor, adopted] = this.#reach.get() as [number | null, number | null]
    return Math.max(floor ?? 0, adopted ?? 0)
  }

  /**
   * The newest records of a row before a seq, newest first. Each record has the previous version of its row, which is the seq of the record before it. So no write pays for an
   * index over all records; only deletions are indexed.
   */
  history({ resource, id, row }: LoggedRow, before: number, limit: number): Recorded[] {
    const reach = this.reach()
    const found: Recorded[] = []
    // The next page continues at the record where the last one ended.
    let seq = this.#recordAt(before, resource, id)
      ? before
      : row
        ? (row[SEQ] as number)
        : this.#deletion(resource, id, Infinity)
    while (seq > reach && found.length < limit) {
      const record = this.#recordAt(seq, resource, id)
      if (record === undefined) break
      const change = this.#format.change(record)
      if (seq < before) found.push({ ...change, at: record[2], bytes: sizeOfRecord(record) })
      seq = change.before === null ? this.#deletion(resource, id, seq) : (change.before[SEQ] as number)
    }
    return found
  }

  #recordAt(seq: number, resource: Resource, id: Id): StoredRecord | undefined {
    return this.#one.get(seq, resource.name, id) as StoredRecord | undefined
  }

  /** The seq of the last deletion of a row before a seq; 0 if there was none. */
  #deletion(resource: Resource, id: Id, before: number): number {
    return (this.#gone.get(resource.name, id, before)?.[0] as number | null | undefined) ?? 0
  }

  /** Removes some of the records that need not be kept. */
  trim(head: number, now: number, kept: { changes: number; milliseconds: number } = KEPT_RECORDS): void {
    this.#trim.run(TRIM_STEP, head - kept.changes, now - kept.milliseconds)
  }
}
