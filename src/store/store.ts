import type { Id, Join, Model, OneField, Resource, Row, Value } from '../model/model.ts'
import type { Predicate, SortKey } from '../query/predicate.ts'
import type { Room } from './room.ts'
import type { SharedState } from './shared/shared-state.ts'
import type { Terms } from './terms.ts'
import type { Migrations } from './migrate/migrations.ts'
import type { Maybe, Work } from './work.ts'

/** Stores rows and the change log. The interface is asynchronous, but a synchronous database may answer at once (see work.ts). */
export interface Store {
  readonly name: string
  /** The file that the store is in; absent if there is none. Uploaded files are stored beside it by default. */
  readonly file?: string | undefined
  /** Whether all writes are refused. */
  readonly isReadOnly?: boolean
  /** Whether its answers are promises, even inside a unit of work. Absent if it answers at once. */
  readonly waits?: boolean
  /** Writes positions and says which of them are valid. The same object as long as the store is open. */
  readonly terms: Terms
  /** Whether processes on several machines may use the database at the same time. */
  readonly hasNodes?: boolean
  /** What does not work at the moment, though all answers are right; null or absent if nothing. */
  readonly impaired?: string | null
  /** What the processes that use the database at the same time have to agree on. */
  readonly shared: SharedState
  /**
   * How many milliseconds the clock of the database is ahead of the clock of this machine. Absent if they are the same. Where
   * processes compare times, they all add it.
   */
  readonly skew?: number
  /** 32 random bytes that were made together with the database; null if it ends with the process. It has to be open. */
  secret(): Uint8Array | null
  /** Makes tables for the model or adapts them. Throws one Error with all faults and fixes if data would be lost. */
  open(model: Model, environment: StoreEnvironment): Maybe<void>
  /**
   * Reads from one consistent state, which includes all writes that were acknowledged before the call. `ahead` says what the work
   * is going to read. It may then be called again from its start, so it has to do nothing but read.
   */
  read<T>(work: (snapshot: Snapshot) => Work<T>, ahead?: Ahead): Maybe<T>
  /**
   * Runs one unit of work atomically: everything that `work` applies, or nothing if it throws. Units that arrive together share
   * a commit, and the promise settles after it. Rejects with what `work` threw, or with ApiError `unavailable` if the commit
   * failed. `work` may run again from the start, if another unit's failure undid it.
   */
  write<T>(work: (tx: Transaction) => Work<T>): Promise<T>
  /** Runs a transaction for application code that waits for other things. Other writes wait meanwhile; reads do not. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * Calls a function after each commit that becomes visible here. It is only a hint that `commits` has more. Returns a function
   * that stops it.
   */
  onCommit(listener: () => void): () => void
  /**
   * Whole commits after a position, oldest first, with about `limit` changes, or fewer if they are large. null if the log no
   * longer reaches back so far.
   */
  commits(after: number, limit: number): Maybe<Commit[] | null>
  /**
   * Commits of ephemeral rows after one of their own seqs, oldest first. They are not in the log. null if too many have passed;
   * absent if the store has no such rows.
   */
  fleeting?(after: number): readonly Commit[] | null
  /** The oldest position after which the log has all changes. */
  oldestPosition(): Maybe<number>
  /** The log records of one row before a seq, newest first, at most `limit`. */
  history(resource: Resource, id: Id, before: number, limit: number): Maybe<Recorded[]>
  /**
   * Adds new rows without a log record for each. They share one position as their first version, and the log then reaches back
   * no further than that position. Rejects if a row already exists.
   */
  load(resource: Resource, rows: Iterable<Row>): Maybe<number>
  loadPairs(join: Join, pairs: Iterable<readonly [Id, Id]>): Maybe<number>
  /**
   * Writes everything that is committed to a new file, as one consistent state, while the store goes on. Rejects with ApiError
   * `conflict` if there is a file of that name. Absent if copies of the store are made in another way.
   */
  readonly backup?: ((file: string) => Promise<void>) | undefined
  /** The migrations of its database, which need not be open. Absent if it has none. */
  readonly migrations?: (() => Maybe<StoreMigrations>) | undefined
  close(): Maybe<void>
}

/** Migrations that know what opens their database. */
export interface StoreMigrations extends Migrations {
  /** A store of its own on the same database, for what goes through the engine. */
  store(): Store
  copy(): Maybe<StoreMigrations>
  /** What belongs to the tables and is not in a copy: triggers, views and foreign keys of other programs. */
  uncopied(): Maybe<readonly string[]>
  readonly isCopy: boolean
}

/** What work is going to read, as far as is known: the position and, if it is given, one row. It may ask for more. */
export interface Ahead {
  readonly row: readonly [resource: Resource, id: Id] | null
}

/** What is injected, so that tests can control it. */
export interface StoreEnvironment {
  /** The time in milliseconds since 1970. */
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  /** Receives what the start did: tables made, columns added. */
  readonly report: (line: string) => void
}

/**
 * One consistent state at one position. Rows are arrays of canonical values by slot (model.ts). They belong to the caller, who
 * must not change them.
 */
export interface Snapshot {
  /** The seq of the last change that the state contains. */
  readonly position: number
  /** The same for ephemeral rows, which count separately; absent if there are none. */
  readonly fleeting?: number
  /** The seq of the last change to any row of the resource, or a later one. Used for the versions of lists. */
  changed(resource: Resource): number
  get(resource: Resource, id: Id): Maybe<Row | undefined>
  /** The rows that exist, in ascending order of id. */
  many(resource: Resource, ids: readonly Id[], room?: Room): Maybe<Row[]>
  select(resource: Resource, select: Select): Maybe<Row[]>
  count(resource: Resource, where: Predicate, visits?: Visits): Maybe<number>
  /**
   * For each parent, the rows that refer to it: pairs of (parent, child), in ascending order of parent, then child. At most
   * `limit` per parent; null = all, up to what may be visited.
   */
  children(via: OneField, parents: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]>
  /**
   * The links of a join whose side `from` is one of the owners: pairs of (owner, other), in ascending order. At most `limit`
   * per owner; null = all, up to what may be visited.
   */
  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, visits?: Visits): Maybe<[Id, Id][]>
  /** Like `children` and `pairs`, with the related rows themselves, in one query. The parent of a row is `row[via.slot]`. */
  childRows(via: OneField, parents: readonly Id[], limit: number | null, room?: Room): Maybe<Row[]>
  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null, room?: Room): Maybe<[Id, Row][]>
  /** How many rows refer to each parent, or how many links each owner has. Those without any are left out. */
  childCounts(via: OneField, parents: readonly Id[], visits?: Visits): Maybe<[Id, number][]>
  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[], visits?: Visits): Maybe<[Id, number][]>
  /** The row that has exactly these values in these stored fields, which form a unique key. */
  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Maybe<Row | undefined>
  /** How a query would run. null, or absent: not by a statement. */
  explain?(resource: Resource, select: Select): Maybe<QueryPlan | null>
  /** Queries that were asked since the start and that no index serves. Absent if the store has no indexes. */
  readonly unindexed?: readonly UnindexedQuery[]
}

export interface Select {
  readonly where: Predicate
  /** The store adds the id as the last key if it is not among them. */
  readonly sort: readonly SortKey[]
  /** null = all. */
  readonly limit: number | null
  readonly offset: number
  readonly cursor: { readonly before: boolean; readonly keys: readonly Value[] } | null
  /** Absent: however many it takes. */
  readonly visits?: Visits | undefined
  /** How much may be loaded; absent: however much it takes. */
  readonly room?: Room | undefined
  /** Only the ids of the rows are wanted. Their other slots may be null. */
  readonly idsOnly?: boolean
}

/** How a store runs a query. */
export interface QueryPlan {
  /** The statement. `?` or `$1` stand for the values. */
  readonly sql: string
  readonly values: readonly unknown[]
  /** The steps of the plan, in the words of the database. */
  readonly steps: readonly string[]
}

/** A query that reads its whole table because no index leads to its rows. */
export interface UnindexedQuery {
  readonly resource: string
  /** The fields that an index could be made of, in its order. */
  readonly fields: readonly string[]
}

/** How many rows a query may visit to find its answer; ApiError `too_complex` beyond. */
export interface Visits {
  readonly most: number
  /**
   * A query that visits many rows may go on beside the event loop, one at a time of each account: read work then
   * begins again, on a snapshot of its own. null = it has to end in this turn.
   */
  readonly account: string | null
}

export interface Transaction extends Snapshot {
  /** The next integer id of a resource. It was never handed out or stored before, not even by a unit that failed. */
  nextId(resource: Resource): Maybe<number>
  /** Makes sure that `nextId` returns higher ids than this one. */
  reserve(resource: Resource, id: number): void
  /**
   * Writes rows, links and log records together. Each change gets a seq, in the given order; seq and time are put into
   * `after[SEQ]` and `after[AT]`, and `position` becomes the last seq. If it throws, nothing was written. Throws ApiError
   * `conflict`, with the fields, if a unique key would be used twice.
   */
  apply(changes: readonly RowChange[], links: readonly LinkChange[]): Maybe<void>
  /** Records a change of something that is not a row, a handled resource with its canonical URI. Returns its seq. */
  publish(uri: string, op: Published['op'], body: string | null): Maybe<number>
  /** The text that is stored under a key and has not expired. */
  recall(key: string): Maybe<string | undefined>
  /**
   * Stores a text under a key until a time in milliseconds since 1970, atomically with the rest of the unit. It is neither a
   * row nor in the log. If two units use the same key at the same time, one of them runs again and recalls the text of the
   * other.
   */
  keep(key: string, text: string, until: number): Maybe<void>
}

/** A change of one row, as the engine passes it to the store. */
export interface RowChange {
  readonly resource: Resource
  readonly id: Id
  readonly op: 'create' | 'patch' | 'delete'
  /** null for a create. */
  readonly before: Row | null
  /** null for a delete. */
  readonly after: Row | null
  /** The slots whose value differs; empty if only lists changed. Only used for a patch. */
  readonly changed: readonly number[]
  /** Slots of a new row that were not given, so that the database fills them. */
  readonly filled?: readonly number[]
  /** What the change did to the to-many relations of the row. */
  readonly lists: readonly ListDelta[]
  /** Whom a new ephemeral row counts for; absent if the application creates it. */
  readonly account?: string
  /** Another program has written it: the store only keeps its version and records it. */
  readonly isNoted?: true
  /** Who writes, and on the first change of a write under which idempotency key, if that is known (`signature.ts`). */
  readonly by?: string
}

/** A derived change: ids that were added to or removed from a list of the row, or from the other side of a one-to-one. */
export interface ListDelta {
  readonly field: string
  readonly added: readonly Id[]
  readonly removed: readonly Id[]
}

export interface LinkChange {
  readonly join: Join
  readonly a: Id
  readonly b: Id
  readonly op: 'add' | 'remove'
}

/** A record of the change log. */
export interface Change extends RowChange {
  readonly seq: number
  /** Slots that the version of the application that recorded the change does not know (`log/complete-commits.ts`). */
  readonly missing?: readonly number[]
  /** Slots that are null because the former value cannot be said in the type that the field has now. */
  readonly unknown?: { readonly before: readonly number[]; readonly after: readonly number[] }
  /** The deletion was recorded by a version of Restuary that did not log the links of deleted rows, so they are not known. */
  readonly pairsUntold?: true
}

/** A record with the time of its commit, in milliseconds since 1970. */
export interface Recorded extends Change {
  readonly at: number
  /** Bytes of the record as a database keeps it; absent if it is in memory anyway. */
  readonly bytes?: number
}

/** A log record about something that is not a row. */
export interface Published {
  readonly seq: number
  /** Begins with a slash. For a create it is the URI of the list. */
  readonly uri: string
  readonly op: 'create' | 'patch' | 'delete'
  /** JSON text of what was created, or of the patch; null for a delete. */
  readonly body: string | null
}

/** Everything that one atomic write did. Subscribers always receive whole commits. */
export interface Commit {
  /** The seq of its last change, which is the position after it. */
  readonly position: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly changes: readonly Change[]
  readonly published: readonly Published[]
  /** Bytes of its records as a database keeps them; absent if they are in memory anyway. */
  readonly bytes?: number
}
