import type { Bus } from '../bus/bus.ts'

/** How a PostgreSQL database is used. */
export interface PostgresOptions {
  /** The schema of the tables; it is made if it is missing. Default: the first one in the search path of the role. */
  readonly schema?: string
  /** How many connections read at the same time, beside one that writes and two that read the log. Default: 8. */
  readonly readers?: number
  /**
   * How nodes hear of each other's commits at once: by NOTIFY (default), or over a bus such as `nats(…)` of `restuary/nats`. false =
   * they only look at the log each second. Behind PgBouncer in transaction mode, NOTIFY is not heard.
   */
  readonly bus?: Bus | false
  /** Milliseconds between two looks at the log for commits of other nodes, whatever the bus tells. Default: 1,000. */
  readonly poll?: number
  /** Milliseconds that one statement may take. Default: 10,000. */
  readonly statementTimeout?: number
  /** Milliseconds that `transaction()` may take. Default: 5,000. */
  readonly transactionTimeout?: number
  /** Milliseconds that writes wait for the database, or for other nodes, before they are refused. Default: 5,000. */
  readonly busyTimeout?: number
  /**
   * Whether connections prepare statements. false: for poolers that give each transaction another connection and do not know
   * prepared statements, such as PgBouncer before 1.21 with `pool_mode = transaction`. Default: true.
   */
  readonly prepared?: boolean
  /**
   * Whether nothing is written, not even by Restuary itself: for roles that may only read tables of other programs. There is no log
   * then. Default: false.
   */
  readonly readOnly?: boolean
  /** Columns whose data may be dropped because the model does not have them any more, as `table.column`. */
  readonly drop?: readonly string[]
}

export type PostgresSettings = Required<Omit<PostgresOptions, 'schema' | 'bus'>> &
  Pick<PostgresOptions, 'schema' | 'bus'>

/** Completes the options of a store with their defaults, which are stated here only. Throws Error if one has no meaning. */
export function postgresSettings(options: PostgresOptions): PostgresSettings {
  const settings = {
    readers: 8,
    poll: 1_000,
    statementTimeout: 10_000,
    transactionTimeout: 5_000,
    busyTimeout: 5_000,
    prepared: true,
    readOnly: false,
    drop: [],
    ...options,
  }
  if (settings.schema !== undefined && !/^[a-z_][a-z0-9_]{0,62}$/.test(settings.schema))
    throw new Error(`postgres(): ${settings.schema} is no name for a schema; use small letters, digits and _`)
  for (const name of ['readers', 'poll', 'statementTimeout', 'transactionTimeout', 'busyTimeout'] as const)
    if (!(settings[name] > 0)) throw new Error(`postgres(): ${name} is ${settings[name]}, but must be above 0`)
  return settings
}
