import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { canonicalJson } from '../../protocol/canonical-json.ts'
import { composeKey } from '../../model/key-text.ts'
import { fold } from '../../query/folding/fold.ts'
import type { Row, Value } from '../../model/model.ts'
import { shownAsStored, shownAsText } from '../../schema/read/shown-as-stored.ts'
import { spelledId, storedId } from '../../schema/read/spelled-id.ts'
import type { Bind } from '../sql/codec.ts'
import type { Compiled } from '../sql/kysely.ts'
import { visitsNeighbours, visitsOnce } from './read/served.ts'
import { Meter } from '../meter.ts'
import type { Room } from '../room.ts'
import { GenerationCache } from '../sql/generation-cache.ts'
import { FlushAhead } from './write/flush-ahead.ts'

/** How many statements a generation of the cache holds. */
const GENERATION = 500

/**
 * The size in pages, 8 MiB altogether, at which the write-ahead log is copied to the file as part of a commit. Rows that change
 * again and again are then copied once. With SQLite's default of 1,000 pages a random update costs a tenth more; with many more
 * pages, the pause becomes noticeable.
 */
const CHECKPOINT = 2_000

interface OtherStatements {
  readonly other?: Statement | null
  readonly uncounted?: Statement | null
  readonly isScan?: boolean
  readonly isScattered?: boolean
}

/** A prepared statement whose rows are arrays. */
export class Statement {
  readonly #statement: StatementSync
  readonly #slots: readonly number[] | null
  /** Its SQL calls `restuary_visit` for each row that it visits. */
  readonly isCounted: boolean
  /** The same query by the other plan of two, each of which may visit a few rows or nearly all. */
  readonly other: Statement | null
  /** The same query without counting; null if its plan may visit a row more than once. */
  readonly uncounted: Statement | null
  /** The plan reads the table from its beginning to its end. */
  readonly isScan: boolean
  /** The rows that it visits are on pages here and there. */
  readonly isScattered: boolean

  constructor(
    statement: StatementSync,
    slots: readonly number[] | null,
    isCounted: boolean = false,
    { other = null, uncounted = null, isScan = false, isScattered = false }: OtherStatements = {},
  ) {
    statement.setReturnArrays(true)
    this.#statement = statement
    this.#slots = slots
    this.isCounted = isCounted
    this.other = other
    this.uncounted = uncounted
    this.isScan = isScan
    this.isScattered = isScattered
  }

  get sql(): string {
    return this.#statement.sourceSQL
  }

  get(...values: Bind[]): Row | undefined {
    const placed = this.#slots === null ? values : this.placed(values)
    return this.#statement.get(...placed) as unknown as Row | undefined
  }

  all(...values: Bind[]): Row[] {
    const placed = this.#slots === null ? values : this.placed(values)
    return this.#statement.all(...placed) as unknown as Row[]
  }

  /** The rows that have room; all of them if no room is given. */
  within(room: Room | undefined, ...values: Bind[]): Row[] {
    if (room === undefined) return this.all(...values)
    const rows = this.#statement.iterate(...this.placed(values))
    try {
      return room.fill(rows as unknown as Iterable<Row>)
    } catch (error) {
      // A loop does not end what throws by itself, and the statement would stay where it is.
      rows.return?.()
      throw error
    }
  }

  run(...values: Bind[]): void {
    this.#statement.run(...(this.#slots === null ? values : this.placed(values)))
  }

  /** The values in the order of the parameters. */
  placed(values: Bind[]): Bind[] {
    return this.#slots === null ? values : this.#slots.map(slot => values[slot]!)
  }
}

/** How a statement can be made. */
export interface Plans {
  readonly make: (isCounted: boolean) => Compiled
  /** Whether a plan visits hardly more rows than it answers with. */
  readonly isServed: (plan: readonly string[]) => boolean
  /** The same statement, counted, in the order of an index; null if there is none. */
  readonly inOrder?: () => Compiled | null
}

export interface ConnectionOptions {
  readonly file: string
  readonly readOnly: boolean
  /** SQL that makes views of the connection alone. */
  readonly views?: string
  readonly synchronous: 'full' | 'normal'
  /** Size of the page cache in bytes. */
  readonly cache: number
  /** How many bytes of the file are mapped into memory. */
  readonly mmap: number
}

/** A connection with its prepared statements. */
export class Connection {
  readonly db: DatabaseSync
  /** Hears of commits through this connection, to flush the write-ahead log in time if `synchronous` is `normal`. */
  readonly ahead: FlushAhead | null
  readonly #meter = new Meter()
  readonly #cached = new GenerationCache<Statement>(GENERATION)

  constructor(options: ConnectionOptions) {
    this.db = connect(options)
    this.db.function('restuary_visit', () => this.#meter.visit())
    this.db.function('restuary_visit_related', { varargs: true }, () => this.#meter.visit())
    const { file, readOnly, synchronous } = options
    this.ahead = synchronous === 'normal' && !readOnly && file !== ':memory:' ? new FlushAhead(file) : null
  }

  prepare(text: string | Compiled): Statement {
    return typeof text === 'string'
      ? new Statement(this.db.prepare(text), null)
      : new Statement(this.db.prepare(text.sql), text.slots)
  }

  /** The statement with a key; made if it is not cached. */
  cached(key: string, make: () => Compiled): Statement {
    return this.#cached.get(key) ?? this.#cached.set(key, this.prepare(make()))
  }

  /** The same, counting the rows that it visits unless its plan says that an index serves it. */
  counted(key: string, plans: Plans): Statement {
    return this.#cached.get(key) ?? this.#cached.set(key, this.#planned(plans))
  }

  #planned({ make, isServed, inOrder }: Plans): Statement {
    const plain = make(false)
    const plan = this.planOf(plain)
    if (isServed(plan)) return this.prepare(plain)
    const ordered = inOrder?.() ?? null
    const other = ordered && new Statement(this.db.prepare(ordered.sql), ordered.slots, true)
    const { sql, slots } = make(true)
    const isScan = plan[0]?.startsWith('SCAN') === true
    const uncounted = visitsOnce(plan) ? this.prepare(plain) : null
    const isScattered = !visitsNeighbours(plan)
    return new Statement(this.db.prepare(sql), slots, true, { other, uncounted, isScan, isScattered })
  }

  /** The steps by which SQLite would execute a statement. */
  planOf({ sql }: Compiled): string[] {
    return this.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(([, , , detail]) => detail as string)
  }

  /** Runs what may visit so many rows; throws `Exhausted` where that was not enough. */
  metered<T>(most: number, work: () => T): T {
    return this.#meter.allow(most, work)
  }

  /** Drops all statements, because they refer to the tables as they were. */
  forget(): void {
    this.#cached.clear()
  }

  /** The number of cached statements. */
  get size(): number {
    return this.#cached.size
  }

  exec(sql: string): void {
    this.db.exec(sql)
  }

  close(): void {
    this.forget()
    this.ahead?.close()
    this.db.close()
  }
}

function connect(options: ConnectionOptions): DatabaseSync {
  // It may wait for another process only while it opens the file. Later waits would stop the event loop.
  const db = new DatabaseSync(options.file, { timeout: 5_000, readOnly: options.readOnly })
  try {
    const [version] = Object.values(db.prepare('SELECT sqlite_version()').get()!) as [string]
    // Earlier versions can lose a commit in WAL mode if two connections checkpoint at once
    // (https://sqlite.org/wal.html#walresetbug).
    if (isBelow(version, '3.51.3')) {
      throw new Error(`SQLite ${version} can lose commits in WAL mode; 3.51.3 or later is needed: use a newer Node`)
    }
    if (!options.readOnly) db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=${options.synchronous}`)
    db.exec(`
      PRAGMA foreign_keys=ON;
      PRAGMA trusted_schema=OFF;
      PRAGMA wal_autocheckpoint=${CHECKPOINT};
      PRAGMA journal_size_limit=67108864;
      PRAGMA cache_size=-${Math.floor(options.cache / 1024)};
      PRAGMA mmap_size=${options.mmap};
      PRAGMA busy_timeout=0`)
    // Somebody else's columns hold integers that JavaScript cannot.
    const pure = { deterministic: true, useBigIntArguments: true }
    db.function('restuary_fold', pure, text => (typeof text === 'string' ? fold(text) : text))
    db.function('restuary_json', pure, stored => (typeof stored === 'string' ? jsonText(stored) : stored))
    db.function('restuary_shown', pure, stored => asSql(shownAsStored(stored)))
    db.function('restuary_text', pure, stored => asSql(shownAsText(stored)))
    db.function('restuary_spelled', pure, id => (typeof id === 'string' ? spelledId(id) : id))
    db.function('restuary_stored', pure, id => (typeof id === 'string' ? storedId(id) : id))
    if (options.views !== undefined) db.exec(options.views)
    db.function('restuary_key', { ...pure, varargs: true }, (form, ...parts) => composeKey(String(form), parts))
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** The canonical text of stored JSON. What is none is shown as text. */
function jsonText(stored: string): string {
  try {
    return canonicalJson(JSON.parse(stored))
  } catch {
    return JSON.stringify(stored)
  }
}

/** JavaScript's integers would come back as reals. */
function asSql(value: Value): Bind {
  return Number.isSafeInteger(value) ? BigInt(value as number) : (value as Bind)
}

function isBelow(version: string, least: string): boolean {
  const [a, b] = [version, least].map(text => text.split('.').map(Number)) as [number[], number[]]
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return (a[i] ?? 0) < (b[i] ?? 0)
  return false
}
