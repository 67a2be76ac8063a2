import type { Me } from '../../schema/types.ts'

/** The options of a call by the application's own code. */
export interface CallOptions {
  /** Which rows of a list: `{ done: false }`, as in the JSON of a query. */
  readonly filter?: unknown
  /** Sort keys: `-created`, or a list of keys. */
  readonly sort?: unknown
  /** At most this many rows. null or absent = all of them. */
  readonly limit?: number | null
  readonly offset?: number
  /** The cursor of a page, from the page before. */
  readonly cursor?: string
  /** Whether all rows that match are counted. */
  readonly total?: boolean
  /** How deep related rows are expanded. Default: 1, with related rows as ids. */
  readonly depth?: number
  /** Relations to expand: `['list', 'list.owner']`. */
  readonly include?: readonly string[]
  /** The names of the fields to return. Default: all. */
  readonly fields?: readonly string[]
  /** The caller for whom this acts. Without it the application acts for itself, to which no rules apply. */
  readonly me?: Me | null
  /** Credentials for functions of the declaration, which see them as `ctx.auth`. */
  readonly auth?: Readonly<Record<string, unknown>> | null
  /** For resources with `presence`: the written rows live until this signal is aborted, like those of a connection. */
  readonly connection?: AbortSignal
  /** Entity tag, without quotes, that the row must have. Otherwise the call throws `precondition_failed`. */
  readonly ifMatch?: string
  /** Waits until the store has reached this position: that of a write of another process, or of a client. At most 2 s. */
  readonly min?: string
  /** Reads the state at this position, `epoch.seq`. */
  readonly at?: string
  /** A key of your own for this write. If the call is repeated with the same key, the write still happens once. */
  readonly idempotencyKey?: string
}
