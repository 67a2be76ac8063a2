import { ServedLayouts } from '../migrate/served-layouts.ts'
import { layoutsOf } from '../sql/layout.ts'
import { PostgresConnection } from './connection.ts'
import { isTransient } from './failures.ts'
import { PostgresLog } from './log.ts'
import { ConnectionPool } from './pool.ts'
import { postgresDialect, TABLE_FACTS } from './postgres-dialect.ts'
import {
  prepareDatabase,
  serverFacts,
  type PreparedDatabase,
  type PostgresOpening,
  type ServerFacts,
} from './prepare-database.ts'
import { beginAtHead } from './read/begin-snapshot.ts'
import { Snapshots } from './read/snapshots.ts'
import { PostgresSharedState } from './shared-state.ts'
import { PostgresState } from './state.ts'
import { Statements } from './statements.ts'
import { IdSequences } from './write/id-sequences.ts'
import { WriteLane } from './write/write-lane.ts'

/** How many connections read the log. */
const LOG_READERS = 2
/** How often it is tried to prepare a database in which others write. */
const ATTEMPTS = 10

/** An open database, and everything that works on it. */
export interface OpenedPostgres {
  readonly state: PostgresState
  readonly readers: ConnectionPool
  /** Read the log. A read that waits for the log has a connection already, and may be one of as many as there are. */
  readonly logReaders: ConnectionPool
  readonly writers: ConnectionPool
  readonly snapshots: Snapshots
  readonly lane: WriteLane
  readonly shared: PostgresSharedState
  readonly secret: Uint8Array
  /** Whether triggers capture what other programs write. */
  readonly isCaptured: boolean
  /** Milliseconds by which the clock of the server is ahead of ours. */
  readonly skew: number
}

/** Connects to a database and adapts it to the model. Throws Error if it cannot follow, and ApiError `unavailable`. */
export async function openPostgres(opening: PostgresOpening): Promise<OpenedPostgres> {
  const { address, model, settings, terms } = opening
  const connection = await PostgresConnection.open(address)
  const facts = await serverFacts(connection, address.schema)
  const { skew } = facts
  const environment = { ...opening.environment, clock: () => opening.environment.clock() + skew }
  const prepared = await prepareAgain(connection, { ...opening, environment }, facts)
  const { position, changed, secret, baseline, foreign, isCaptured } = prepared
  const statements = new Statements(settings.prepared)
  const layouts = new ServedLayouts(
    layoutsOf(model, { dialect: postgresDialect, baseline, facts: TABLE_FACTS, foreign }),
  )
  const log = new PostgresLog(model, statements)
  const state = new PostgresState({
    model,
    layouts,
    environment,
    settings,
    statements,
    log,
    terms,
    position,
    changed,
    isCaptured,
  })
  const readers = new ConnectionPool(address, settings.readers)
  const logReaders = new ConnectionPool(address, LOG_READERS)
  const writers = new ConnectionPool(address, 1, connection)
  const lane = new WriteLane(writers, state, new IdSequences(statements, layouts, terms))
  const begin = beginAtHead(state, () => lane.beginTerm())
  const snapshots = new Snapshots({ pool: readers, settings, begin, foreseeing: state })
  const shared = new PostgresSharedState(new ConnectionPool(address, 1), environment.clock)
  return { state, readers, logReaders, writers, snapshots, lane, shared, secret, skew, isCaptured }
}

/** Prepares the database, again if other nodes that write were in the way. Closes the connection if that cannot be done. */
async function prepareAgain(
  connection: PostgresConnection,
  opening: PostgresOpening,
  facts: ServerFacts,
): Promise<PreparedDatabase> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prepareDatabase(connection, opening, facts)
    } catch (error) {
      if (!connection.isLost) await connection.exec('rollback')
      if (!connection.isLost && isTransient(error) && attempt < ATTEMPTS) continue
      await connection.close()
      throw error
    }
  }
}
