import type { Id, Join, Model, OneField, Resource, Row, Value } from '../model/model.ts'
import type { Predicate, SortKey } from '../query/predicate.ts'
import type { Maybe, Work } from './work.ts'

/** Keeps rows and the change log. Asynchronous by contract, synchronous where the database is (see work.ts). */
export interface Store {
  readonly name: string
  /** The file that it is in; absent where there is none. Files of rows are kept beside it. */
  readonly file?: string | undefined
  /** Whatever is written to it is refused. */
  readonly isReadOnly?: boolean
  /** Its answers have to be waited for, even within a unit of work; absent where they are there at once. */
  readonly waits?: boolean
  /** Names this history of positions; another history (a restored copy, a fresh memory) has another. 6 characters [0-9a-z]. */
  readonly epoch: string
  /** Makes or adapts tables to the model; refuses what would lose data, listing every fault with the fix. */
  open(model: Model, environment: Environment): Maybe<void>
  /** Work on one consistent state. What was acknowledged before the call is in it. */
  read<T>(work: (snapshot: Snapshot) => Work<T>): Maybe<T>
  /**
   * One atomic unit: all that `work` applies, or nothing if it throws. Units that arrive together share a commit;
   * the promise settles after the commit. Rejects with what work threw, or `ApiError` unavailable if the commit failed.
   * Work may run again from its start, when what it did was undone together with a neighbour's.
   */
  write<T>(work: (tx: Transaction) => Work<T>): Promise<T>
  /** A transaction for application code that waits for other things; other writes wait meanwhile, reads do not. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Hears of each commit that becomes visible here; a hint that `commits` has more. Returns how to stop. */
  onCommit(listener: () => void): () => void
  /** Commits after a position, oldest first, whole, about `limit` changes; null if the log no longer reaches back so far. */
  commits(after: number, limit: number): Maybe<Commit[] | null>
  /**
   * Commits of ephemeral rows after a seq of theirs, oldest first: they are in no log, and told to whoever follows now.
   * Null if too many have passed; absent where there are none.
   */
  fleeting?(after: number): readonly Commit[] | null
  /** The oldest position after which the log tells every change. */
  reach(): Maybe<number>
  /** What the log tells of one row, within its reach and before a seq: the newest `limit` records, newest first. */
  history(resource: Resource, id: Id, before: number, limit: number): Maybe<Recorded[]>
  /**
   * Adds new rows without a change record for each: they share one position as their baseline version, and the log
   * reaches back no further than to it. Rejects a row that is there already.
   */
  load(resource: Resource, rows: Iterable<Row>): Maybe<number>
  loadPairs(join: Join, pairs: Iterable<readonly [Id, Id]>): Maybe<number>
  close(): Maybe<void>
}

/** What is injected, so that tests decide it. */
export interface Environment {
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly random: (bytes: number) => Uint8Array
  /** Where start-up tells what it did (tables made, columns added). */
  readonly report: (line: string) => void
}

/** One consistent state at one position. Rows are canonical values by slot (model.ts) and belong to the caller, who does not change them. */
export interface Snapshot {
  /** seq of the last change that it contains. */
  readonly position: number
  /** The same of ephemeral rows, which count by themselves; absent where there are none. */
  readonly fleeting?: number
  /** seq of the last change to any row of the resource, or a later one; for the versions of lists. */
  changed(resource: Resource): number
  get(resource: Resource, id: Id): Maybe<Row | undefined>
  /** The rows that exist, by ascending id. */
  many(resource: Resource, ids: readonly Id[]): Maybe<Row[]>
  select(resource: Resource, select: Select): Maybe<Row[]>
  count(resource: Resource, where: Predicate): Maybe<number>
  /** For each parent the rows that point to it: pairs of (parent, child), ascending by parent, then child; at most `limit` a parent (null = all). */
  children(via: OneField, parents: readonly Id[], limit: number | null): Maybe<[Id, Id][]>
  /** The pairs of a join whose side `from` is among the owners: (owner, other), ascending; at most `limit` an owner (null = all). */
  pairs(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null): Maybe<[Id, Id][]>
  /** How many rows point to each parent, and how many pairs each owner has; those without any are absent. */
  /** The same with the related rows themselves, in one query; the parent of a row is `row[via.slot]`. */
  childRows(via: OneField, parents: readonly Id[], limit: number | null): Maybe<Row[]>
  pairRows(join: Join, from: 'a' | 'b', owners: readonly Id[], limit: number | null): Maybe<[Id, Row][]>
  childCounts(via: OneField, parents: readonly Id[]): Maybe<[Id, number][]>
  pairCounts(join: Join, from: 'a' | 'b', owners: readonly Id[]): Maybe<[Id, number][]>
  /** The row that has exactly these values in these stored fields (a unique key). */
  find(resource: Resource, slots: readonly number[], values: readonly Value[]): Maybe<Row | undefined>
}

export interface Select {
  readonly where: Predicate
  /** The id is appended as the last key by the store if it is not among them. */
  readonly sort: readonly SortKey[]
  /** null = all. */
  readonly limit: number | null
  readonly offset: number
  readonly cursor: { readonly before: boolean; readonly keys: readonly Value[] } | null
}

export interface Transaction extends Snapshot {
  /** The next integer id of a resource: never one that was handed out or stored before, not even by a unit that failed. */
  nextId(resource: Resource): Maybe<number>
  /** Tells that the id is taken, so that nextId goes above it. */
  reserve(resource: Resource, id: number): void
  /**
   * Writes rows, pairs and change records together. Gives each change its seq, in the order given, and puts
   * seq and time into `after[SEQ]` and `after[AT]`; `position` is the last of them from then on. All or nothing:
   * if it throws, nothing of it was written. Unique violations throw ApiError `conflict` naming the fields.
   */
  apply(changes: readonly RowChange[], links: readonly LinkChange[]): Maybe<void>
  /** Records what became of something that is no row, and gives it the next seq: a handled resource, by its canonical URI. */
  publish(uri: string, op: Published['op'], body: string | null): Maybe<number>
  /** The text that was kept under a key and is not over. */
  recall(key: string): Maybe<string | undefined>
  /**
   * Keeps a text with what the unit writes, or not at all, until a moment in milliseconds: beside rows and log, in
   * neither. Where two units that ran side by side keep the same key, one of them runs again and recalls the other's.
   */
  keep(key: string, text: string, until: number): Maybe<void>
}

/** One row's change, as the engine hands it over. */
export interface RowChange {
  readonly resource: Resource
  readonly id: Id
  readonly op: 'create' | 'patch' | 'delete'
  /** null for a create. */
  readonly before: Row | null
  /** null for a delete. */
  readonly after: Row | null
  /** Slots whose value differs; empty when only lists changed. Ignored unless op is patch. */
  readonly changed: readonly number[]
  /** What the change did to the row's to-many relations, seen from this row. */
  readonly lists: readonly ListDelta[]
}

/** A derived change: ids that joined or left a shown list (or a one-to-one's other side) of the row. */
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
  /** A deletion that was recorded before deletions told the pairs of joins that went with their row: they are not known. */
  readonly pairsUntold?: true
}

/** A record with the moment of its commit, in milliseconds since the epoch. */
export interface Recorded extends Change {
  readonly at: number
}

/** A record of the change log about something that is no row. */
export interface Published {
  readonly seq: number
  /** With a leading slash; the list's URI for a create. */
  readonly uri: string
  readonly op: 'create' | 'patch' | 'delete'
  /** JSON text: what was created, or the patch; null for a delete. */
  readonly body: string | null
}

/** All that one atomic write did; the unit of delivery. */
export interface Commit {
  /** seq of its last change: the position after it. */
  readonly position: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly changes: readonly Change[]
  readonly published: readonly Published[]
}
