/** How a file is opened. */
export interface SqliteOptions {
  /**
   * `full` (default): an answered write survives a power cut. `normal`: it survives a crash of the process; a power cut
   * may lose the last writes, never the order or the consistency.
   */
  readonly synchronous?: 'full' | 'normal'
  /** Nothing is written, not even a log: versions and live updates are as good as looking again allows. */
  readonly readOnly?: boolean
  /** Bytes of the page cache; default 64 MiB. */
  readonly cache?: number
  /** Bytes of the file mapped into memory; default 0. Worth it where the database is larger than the cache. */
  readonly mmap?: number
  /** Milliseconds that `transaction()` may take; default 5,000. */
  readonly transactionTimeout?: number
  /** Milliseconds that a write waits for another process that writes; default 5,000. */
  readonly busyTimeout?: number
  /** Columns whose data may be dropped because the model no longer has them: `table.column`. */
  readonly drop?: readonly string[]
}

export type Options = Required<SqliteOptions>

export const withDefaults = (options: SqliteOptions): Options => ({
  synchronous: 'full',
  readOnly: false,
  cache: 64 * 1024 * 1024,
  mmap: 0,
  transactionTimeout: 5_000,
  busyTimeout: 5_000,
  drop: [],
  ...options,
})
