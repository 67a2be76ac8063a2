import { SEQ, type Id, type Model, type Resource, type Row } from '../../model/model.ts'
import {
  ADOPT,
  CommitAssembly,
  KEPT_RECORDS,
  LOG_COLUMNS,
  LogFormat,
  sizeOfRecord,
  TRIM_STEP,
  type StoredRecord,
} from '../log/log-format.ts'
import type { Change, Commit, Recorded } from '../store.ts'
import type { Bind } from '../sql/codec.ts'
import type { PostgresConnection } from './connection.ts'
import type { Statements } from './statements.ts'

const COLUMN_TYPES = ['bigint', 'bigint', 'bigint', ...Array.from({ length: 7 }, () => 'text'), 'bigint']

/** Several records in one statement: an array for each column. */
const APPEND = `insert into _restuary_log(${LOG_COLUMNS}, nonce) select * from unnest(${COLUMN_TYPES.map((type, i) => `$${i + 1}::${type}[]`).join()})`
const AFTER = `select ${LOG_COLUMNS} from _restuary_log where seq > $1 and seq <= $2 order by seq limit $3`
const FLOOR = 'select min(seq) from _restuary_log'
const REACH = `select (select min(seq) - 1 from _restuary_log), (select max(seq) from _restuary_log where op = '${ADOPT}')`
const ONE = `select ${LOG_COLUMNS} from _restuary_log where seq = $1 and resource = $2 and id = $3`
const GONE = `select max(seq) from _restuary_log where op = 'delete' and resource = $1 and id = $2 and ($3::bigint is null or seq < $3)`
/** The oldest records, up to the first that is kept, so that no gap comes about. An array, because no plan reads the whole log for it. */
const TRIM = `delete from _restuary_log where seq = any(array(
  select seq from (
    select seq, bool_and(seq <= $2 and at < $3) over (order by seq) as is_over
    from (select seq, at from _restuary_log order by seq
      limit case when (select at from _restuary_log order by seq limit 1) < $3 then $1 else 0 end) as oldest) as judged
  where is_over))`

/** The change log in its table. Its methods work in whatever transaction is open on a connection. */
export class PostgresLog {
  readonly #format: LogFormat
  readonly #model: Model
  readonly #statements: Statements

  constructor(model: Model, statements: Statements) {
    this.#format = new LogFormat(model)
    this.#model = model
    this.#statements = statements
  }

  /** The records of commits, in their order. */
  recordsOf(commits: readonly Commit[]): StoredRecord[] {
    return commits.flatMap(commit => {
      const { changes, published, at, position } = commit
      // Positions are dense: the number of records tells where the commit begins.
      const tx = position - changes.length - published.length + 1
      return [
        ...changes.map(change => this.#recordOf(change, tx, at)),
        ...published.map(({ seq, uri, op, body }): StoredRecord => [seq, tx, at, '', uri, op, null, body, null, null]),
      ]
    })
  }

  #recordOf(change: Change, tx: number, at: number): StoredRecord {
    const { seq, resource, id, op, by = null } = change
    const format = this.#format
    return [seq, tx, at, resource.name, id, op, format.before(change), format.after(change), format.lists(change), by]
  }

  /** Marks a position after which rows exist that no record explains. */
  adoption(seq: number, at: number): StoredRecord {
    return [seq, seq, at, '', '', ADOPT, null, null, null, null]
  }

  /** Appends records. The last one has the nonce of the transaction, by which it is found if its end is in doubt. */
  append(connection: PostgresConnection, records: readonly StoredRecord[], nonce: number | null): Promise<unknown> {
    const columns = COLUMN_TYPES.slice(0, -1).map((_, i) => records.map(record => record[i] as Bind))
    const nonces = records.map((_, i) => (i === records.length - 1 ? nonce : null))
    return connection.all(this.#statements.of(APPEND), ...columns, nonces)
  }

  /** Whole commits after a position, up to the head; null if some are gone or a change has no record. */
  async after(connection: PostgresConnection, position: number, limit: number, head: number): Promise<Commit[] | null> {
    if (position > head) return null
    const page = (from: number): Promise<Row[]> => connection.all(this.#statements.of(AFTER), from, head, limit + 1)
    // The records first: if nothing before them is gone afterwards, nothing was.
    const first = page(position)
    const floors = await connection.all(this.#statements.of(FLOOR))
    const floor = floors[0]![0] as number | null
    if (floor !== null && position < floor - 1) return null
    const assembly = new CommitAssembly(this.#format, limit)
    for (let from = position; ;) {
      const records = await (from === position ? first : page(from))
      for (const record of records) {
        const state = assembly.add(this.#read(record))
        if (state === 'unknown') return null
        if (state === 'full') return assembly.commits
        from = record[0] as number
      }
      if (records.length <= limit) return assembly.commits
    }
  }

  /** The oldest position after which all changes are known. */
  async reach(connection: PostgresConnection): Promise<number> {
    const [row] = await connection.all(this.#statements.of(REACH))
    const [floor, adopted] = row as [number | null, number | null]
    return Math.max(floor ?? 0, adopted ?? 0)
  }

  /**
   * The newest records of a row before a seq, newest first. Each record has the previous version of its row, which is the seq
   * of the record before it. So no write pays for an index over all records; only deletions are indexed.
   */
  async history(
    connection: PostgresConnection,
    { resource, id, row }: { readonly resource: Resource; readonly id: Id; readonly row: Row | undefined },
    before: number,
    limit: number,
  ): Promise<Recorded[]> {
    const reach = await this.reach(connection)
    const found: Recorded[] = []
    // The next page continues at the record where the last one ended.
    let seq = row ? (row[SEQ] as number) : 0
    if (await this.#at(connection, before, resource, id)) seq = before
    else if (!row) seq = await this.#deletion(connection, resource, id, null)
    while (seq > reach && found.length < limit) {
      const record = await this.#at(connection, seq, resource, id)
      if (record === undefined) break
      const change = this.#format.change(record)
      if (seq < before) found.push({ ...change, at: record[2], bytes: sizeOfRecord(record) })
      seq =
        change.before === null ? await this.#deletion(connection, resource, id, seq) : (change.before[SEQ] as number)
    }
    return found
  }

  async #at(
    connection: PostgresConnection,
    seq: number,
    resource: Resource,
    id: Id,
  ): Promise<StoredRecord | undefined> {
    if (!Number.isSafeInteger(seq)) return undefined
    const [record] = await connection.all(this.#statements.of(ONE), seq, resource.name, String(id))
    return record && this.#read(record)
  }

  /** The seq of the last deletion of a row, before a seq if one is given; 0 if there was none. */
  async #deletion(connection: PostgresConnection, resource: Resource, id: Id, before: number | null): Promise<number> {
    const [row] = await connection.all(this.#statements.of(GONE), resource.name, String(id), before)
    return (row![0] as number | null) ?? 0
  }

  /** Removes some of the records that need not be kept. */
  trim(connection: PostgresConnection, head: number, now: number): Promise<unknown> {
    const { changes, milliseconds } = KEPT_RECORDS
    return connection.all(this.#statements.of(TRIM), TRIM_STEP, head - changes, now - milliseconds)
  }

  /** All ids are stored as text. */
  #read(record: Row): StoredRecord {
    const resource = this.#model.resources.get(record[3] as string)
    const isNumber = resource?.idType.key === 'integer' || resource?.idType.key === 'bigint'
    if (isNumber && Number.isSafeInteger(Number(record[4]))) record[4] = Number(record[4])
    return record as unknown as StoredRecord
  }
}
