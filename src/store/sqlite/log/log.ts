import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { AT, SEQ, type Id, type Model, type Resource, type Row, type Value } from '../../../model/model.ts'
import { width } from '../../sql/layout.ts'
import type { Change, Commit, ListDelta, Published, Recorded, RowChange } from '../../store.ts'
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

/** The operation that marks a position which no change explains: rows existed before the log, or were loaded without records. */
const ADOPT = 'adopt'

/** The log keeps at least this many changes, and all changes of this many milliseconds. */
const KEPT = { changes: 1_000_000, milliseconds: 86_400_000 }
/** How many records are removed at a time. */
const STEP = 500

/** Adds what a log of an earlier version of Restuary lacks. */
export const LOG_ADDITION = 'ALTER TABLE _restuary_log ADD COLUMN signature TEXT'

const COLUMNS = 'seq, tx, at, resource, id, op, before, after, lists, signature'
type Text = string | null
type Record = [number, number, number, string, Id, string, before: Text, after: Text, lists: Text, signature: Text]

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
  readonly #resources: Model['resources']
  readonly #members: ReadonlyMap<Resource, MemberNames>

  constructor(connection: Connection, model: Model) {
    this.#resources = model.resources
    this.#members = new Map([...model.resources.values()].map(resource => [resource, membersOf(resource)]))
    this.#append = connection.prepare(`INSERT INTO _restuary_log(${COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)`)
    this.#head = connection.prepare('SELECT max(seq) FROM _restuary_log')
    this.#floor = connection.prepare('SELECT min(seq) FROM _restuary_log')
    this.#read = connection.prepare(
      `SELECT ${COLUMNS} FROM _restuary_log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
    )
    this.#trim = connection.prepare(
      'DELETE FROM _restuary_log WHERE seq < (SELECT min(seq) FROM _restuary_log) + ? AND seq <= ? AND at < ?',
    )
    this.#reach = connection.prepare(
      `SELECT (SELECT min(seq) - 1 FROM _restuary_log), (SELECT max(seq) FROM _restuary_log WHERE op = '${ADOPT}')`,
    )
    this.#one = connection.prepare(`SELECT ${COLUMNS} FROM _restuary_log WHERE seq = ? AND resource = ? AND id = ?`)
    this.#gone = connection.prepare(
      `SELECT max(seq) FROM _restuary_log WHERE op = 'delete' AND resource = ? AND id = ? AND seq < ?`,
    )
  }

  /** The seq of the newest record; 0 if there is none. */
  head(): number {
    return (this.#head.get()?.[0] as number | null | undefined) ?? 0
  }

  append(seq: number, tx: number, at: number, change: RowChange): void {
    const { resource, id, op, before, after, lists, by = null } = change
    const was =
      before === null
        ? null
        : op === 'patch'
          ? this.#json(resource, before, change.changed)
          : this.#json(resource, before)
    const is = after === null ? null : this.#json(resource, after)
    // A deletion always lists the links that went with the row, even if there were none (see `pairsUntold`).
    const told = lists.length === 0 && op !== 'delete' ? null : JSON.stringify(lists)
    this.#append.run(seq, tx, at, resource.name, id, op, was, is, told, by)
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
    const commits: Commit[] = []
    let changes: Change[] = []
    let published: Published[] = []
    let tx = -1
    let taken = 0
    let from = position
    for (;;) {
      const records = this.#read.all(from, head, limit + 1) as unknown as Record[]
      for (const record of records) {
        const [seq, first, at, name, id, op] = record
        if (op === ADOPT || (name !== '' && !this.#resources.has(name))) return null
        if (first !== tx) {
          if (taken >= limit) return commits
          tx = first
          changes = []
          published = []
          commits.push({ position: seq, at, changes, published })
        }
        if (name === '') published.push({ seq, uri: String(id), op: op as Published['op'], body: record[7] })
        else changes.push(this.#change(record))
        commits[commits.length - 1] = { position: seq, at, changes, published }
        from = seq
        taken++
      }
      if (records.length <= limit) return commits
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
      const change = this.#change(record)
      if (seq < before) found.push({ ...change, at: record[2] })
      seq = change.before === null ? this.#deletion(resource, id, seq) : (change.before[SEQ] as number)
    }
    return found
  }

  #recordAt(seq: number, resource: Resource, id: Id): Record | undefined {
    return this.#one.get(seq, resource.name, id) as Record | undefined
  }

  /** The seq of the last deletion of a row before a seq; 0 if there was none. */
  #deletion(resource: Resource, id: Id, before: number): number {
    return (this.#gone.get(resource.name, id, before)?.[0] as number | null | undefined) ?? 0
  }

  /** Removes some of the records that need not be kept. */
  trim(head: number, now: number, kept: typeof KEPT = KEPT): void {
    this.#trim.run(STEP, head - kept.changes, now - kept.milliseconds)
  }

  /** A row as a JSON object with field names, the version first. Only these slots, if they are given. */
  #json(resource: Resource, row: Row, slots?: readonly number[]): string {
    const { names, all } = this.#members.get(resource) ?? membersOf(resource)
    let text = `{"_seq":${row[SEQ] as number},"_at":${row[AT] as number}`
    for (const slot of slots ?? all) {
      const value = row[slot]
      const isBare = typeof value === 'number' || typeof value === 'boolean'
      text += (names[slot] ?? '') + (isBare ? String(value) : JSON.stringify(value ?? null))
    }
    return text + '}'
  }

  #change([seq, , , name, id, op, before, after, lists, by]: Record): Change {
    const resource = getOrThrow(this.#resources, name)
    const is = after === null ? null : rowOf(resource, JSON.parse(after) as Members, null)
    const changed: number[] = []
    let was: Row | null = null
    if (before !== null) {
      const members = JSON.parse(before) as Members
      was = rowOf(resource, members, op === 'patch' ? is : null)
      if (op === 'patch') for (const { name, slot } of resource.columns) if (name in members) changed.push(slot)
    }
    return {
      seq,
      resource,
      id,
      op: op as Change['op'],
      before: was,
      after: is,
      changed,
      lists: lists === null ? [] : (JSON.parse(lists) as ListDelta[]),
      ...(by !== null && { by }),
      ...(op === 'delete' && lists === null && { pairsUntold: true }),
    }
  }
}

type Members = { readonly [name: string]: Value }

/** The names of a resource's fields as members of JSON, by slot, and the slots of all fields. */
interface MemberNames {
  readonly names: readonly string[]
  readonly all: readonly number[]
}

function membersOf({ columns }: Resource): MemberNames {
  const names: string[] = []
  for (const { slot, name } of columns) names[slot] = `,${JSON.stringify(name)}:`
  return { names, all: columns.map(({ slot }) => slot) }
}

/** Restores a row. Fields that were declared after the record was written have the value in `otherwise`, or null. */
function rowOf(resource: Resource, members: Members, otherwise: Row | null): Row {
  const row: Row = otherwise?.slice() ?? Array.from({ length: width(resource) }, () => null)
  row[SEQ] = members['_seq'] ?? 0
  row[AT] = members['_at'] ?? 0
  for (const { name, slot } of resource.columns) if (name in members) row[slot] = members[name] ?? null
  return row
}
