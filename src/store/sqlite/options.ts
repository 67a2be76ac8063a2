/** How a file is opened. */
export interface SqliteOptions {
  /**
   * `full` (default): a write that was answered survives a power failure. `normal`: it survives a crash of the process; a power
   * failure may lose the last writes, but never their order or consistency.
   */
  readonly synchronous?: 'full' | 'normal'
  /** Writes nothing, not even a log. Versions and live updates are then only found by looking for changes of the file. */
  readonly readOnly?: boolean
  /** Size of the page cache in bytes. Default: 64 MiB. */
  readonly cache?: number
  /** How many bytes of the file are mapped into memory. Default: 0. It helps if the database is larger than the cache. */
  readonly mmap?: number
  /** Milliseconds that `transaction()` may take. Default: 5,000. */
  readonly transactionTimeout?: number
  /** Milliseconds that a write waits for another process that is writing. Default: 5,000. */
  readonly busyTimeout?: number
  /** Columns whose data may be dropped because the model does not have them any more, as `table.column`. */
  readonly drop?: readonly string[]
}

export type SqliteSettings = Required<SqliteOptions>

/** Completes the options of a store with their defaults, which are stated here only. */
export const withDefaults = (options: SqliteOptions): SqliteSettings => ({
  synchronous: 'full',
  readOnly: false,
  cache: 64 * 1024 * 1024,
  mmap: 0,
  transactionTimeout: 5_000,
  busyTimeout: 5_000,
  drop: [],
  ...options,
})
