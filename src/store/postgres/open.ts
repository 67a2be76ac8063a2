import { fingerprintOf } from '../../model/fingerprint.ts'
import { isComposed } from '../../model/key-text.ts'
import type { Model, Resource } from '../../model/model.ts'
import { ServedLayouts } from '../migrate/served-layouts.ts'
import { layoutsOf, type Baseline, type PostgresFacts } from '../sql/layout.ts'
import { statementText } from '../sql/kysely.ts'
import { tableOf } from '../sql/tables/table-name.ts'
import type { StoreEnvironment } from '../store.ts'
import { newTerm, readTerms, termsText, withTerm, type Terms } from '../terms.ts'
import { PostgresConnection, type PostgresAddress } from './connection.ts'
import { PostgresLog } from './log.ts'
import type { PostgresSettings } from './options.ts'
import { isTransient } from './failures.ts'
import { startLock } from './migrate/run-at-once.ts'
import { ConnectionPool } from './pool.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { Snapshots } from './read/snapshots.ts'
import { PostgresSharedState } from './shared-state.ts'
import { adaptToModel } from './schema/adapt.ts'
import { IS_CAPTURED } from './schema/triggers.ts'
import { foreignFacts } from './schema/foreign-facts.ts'
import { BOOT, functionsText } from './schema/functions.ts'
import { quoted } from './schema/identifier.ts'
import { storedMeta, storeMeta } from './schema/meta.ts'
import { OWN_TABLES } from './schema/tables.ts'
import { PostgresState, type PostgresStateOptions } from './state.ts'
import { Statements } from './statements.ts'
import { IdSequences, sequenceOf } from './write/id-sequences.ts'
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

/** What is opened, and for which model. */
export interface PostgresOpening {
  readonly address: PostgresAddress
  readonly model: Model
  readonly environment: StoreEnvironment
  readonly settings: PostgresSettings
  readonly terms: Terms
}

/** Connects to a database and adapts it to the model. Throws Error if it cannot follow, and ApiError `unavailable`. */
export async function openPostgres(opening: PostgresOpening): Promise<OpenedPostgres> {
  const { address, model, settings, terms } = opening
  const connection = await PostgresConnection.open(address)
  const skew = await skewOf(connection)
  const environment = { ...opening.environment, clock: () => opening.environment.clock() + skew }
  const { position, changed, secret, baseline, foreign, isCaptured } = await prepared(connection, {
    ...opening,
    environment,
  })
  const statements = new Statements(settings.prepared)
  const facts = {
    isNumeric: () => false,
    hasTriggers: () => false,
    hasCascades: () => false,
    hidesConflicts: () => false,
    isIndexed: () => true,
  }
  const layouts = new ServedLayouts(layoutsOf(model, { dialect: postgresDialect, baseline, facts, foreign }))
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
  const snapshots = new Snapshots({ pool: readers, state, beginTerm: () => lane.beginTerm() })
  const shared = new PostgresSharedState(new ConnectionPool(address, 1), environment.clock)
  return { state, readers, logReaders, writers, snapshots, lane, shared, secret, skew, isCaptured }
}

/** How far the clock of the server is ahead. Less than what the question took, or than 10 ms, counts as nothing. */
async function skewOf(connection: PostgresConnection): Promise<number> {
  const before = Date.now()
  const theirs = (await value(connection, 'select extract(epoch from clock_timestamp())::double precision')) as number
  const after = Date.now()
  const skew = Math.round(theirs * 1_000 - (before + after) / 2)
  return Math.abs(skew) > Math.max(10, after - before) ? skew : 0
}

/** Prepares the database, again if other nodes that write were in the way. Closes the connection if that cannot be done. */
async function prepared(connection: PostgresConnection, opening: PostgresOpening): ReturnType<typeof prepare> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prepare(connection, opening)
    } catch (error) {
      if (!connection.isLost) await connection.exec('rollback')
      if (!connection.isLost && isTransient(error) && attempt < ATTEMPTS) continue
      await connection.close()
      throw error
    }
  }
}

interface Prepared extends Pick<PostgresStateOptions, 'position' | 'changed'> {
  readonly secret: Uint8Array
  readonly baseline: Baseline
  readonly foreign: ReadonlyMap<Resource, PostgresFacts>
  readonly isCaptured: boolean
}

/** Makes what is missing. One node at a time does this; whoever comes later finds it done. */
async function prepare(connection: PostgresConnection, opening: PostgresOpening): Promise<Prepared> {
  const { address, model, environment, settings, terms } = opening
  const about = `select current_setting('server_encoding'), to_regnamespace($1) is not null`
  const facts = await connection.all({ name: undefined, sql: about, slots: null }, address.schema ?? null)
  const [encoding, hasSchema] = facts[0] as [string, number]
  if (encoding !== 'UTF8') throw new Error(`the encoding of the database is ${encoding}; make one with UTF8`)
  const name = address.schema === undefined ? null : quoted(address.schema)
  // Who may not make schemas is refused even where it is there.
  const made = name === null || hasSchema === 1 ? '' : `create schema if not exists ${name};`
  const schema = name === null ? '' : `${made} set local search_path to ${name};`
  await connection.exec(`begin; ${startLock(address.schema)}; ${schema}`)
  let meta = await storedMeta(connection)
  // Making a table that is there locks it all the same, and nodes that are up write to it.
  if (meta.get('tables') !== OWN_TABLES) {
    await connection.exec(OWN_TABLES)
    meta = await storedMeta(connection)
  }
  const functions = functionsText()
  if (meta.get('functions') !== functions) await connection.exec(functions)
  const adapted = await adaptToModel(connection, { model, now: environment.clock(), drop: settings.drop, meta })
  const foreign = await foreignFacts(connection, model)
  await numberRows(connection, model, foreign)
  const head = Number(await value(connection, 'select pos from _restuary_head where k = 1 for update'))
  const { position, baseline } = await adoptTables(connection, opening, meta, head)
  const last = { name: undefined, sql: 'select resource, seq from _restuary_changed', slots: null }
  const changed = new Map((await connection.all(last)) as [string, number][])
  const isCaptured = (await value(connection, IS_CAPTURED)) === 1
  const list = await begin(connection, { model, environment, stored: meta, position })
  const secret = meta.get('secret') ?? Buffer.from(environment.random(32)).toString('hex')
  await storeMeta(connection, meta, {
    ...adapted.meta,
    tables: OWN_TABLES,
    secret,
    functions,
    declaration: fingerprintOf(model),
    terms: termsText(list),
    ...(baseline.seq > 0 && { baseline: JSON.stringify(baseline) }),
  })
  if ((await connection.exec('commit')) !== 'COMMIT') throw new Error('the tables could not be made')
  terms.replace(list, position)
  for (const line of adapted.report) environment.report(line)
  return { position, changed, secret: Buffer.from(secret, 'hex'), baseline, foreign, isCaptured }
}

/**
 * Keeps the position at which tables of another program were adopted: the version of all their rows, until these are changed.
 */
async function adoptTables(
  connection: PostgresConnection,
  { model, environment }: Pick<PostgresOpening, 'model' | 'environment'>,
  meta: ReadonlyMap<string, string>,
  head: number,
): Promise<{ readonly position: number; readonly baseline: Baseline }> {
  const stored = meta.get('baseline')
  if (stored !== undefined) return { position: head, baseline: JSON.parse(stored) as Baseline }
  if (![...model.resources.values()].some(({ options }) => options.foreign !== null))
    return { position: head, baseline: { seq: 0, at: 0 } }
  const baseline: Baseline = { seq: head || 1, at: environment.clock() }
  if (head === 0) {
    await connection.exec('update _restuary_head set pos = 1 where k = 1')
    const statements = new Statements(false)
    const log = new PostgresLog(model, statements)
    await log.append(connection, [log.adoption(1, baseline.at)], null)
  }
  return { position: baseline.seq, baseline }
}

/** Begins a term if the server has started since the newest one began, or if another declaration wrote it. */
async function begin(
  connection: PostgresConnection,
  {
    model,
    environment,
    stored,
    position,
  }: Pick<PostgresOpening, 'model' | 'environment'> & { stored: ReadonlyMap<string, string>; position: number },
): Promise<readonly ReturnType<typeof newTerm>[]> {
  const list = readTerms(stored.get('terms') ?? '[]')
  // What clients were shown by another declaration is no state of this one.
  const isOther = stored.get('declaration') !== fingerprintOf(model)
  const isCurrent = (await value(connection, `select boot = ${BOOT} from _restuary_head where k = 1`)) === 1
  if (!isOther && isCurrent) return list
  const term = newTerm(list, isOther ? 0 : position, environment.random)
  await connection.all(
    {
      name: undefined,
      sql: `update _restuary_head set epoch = $1, boot = ${BOOT} where k = 1`,
      slots: null,
    },
    term.epoch,
  )
  return isOther ? [term] : withTerm(list, term)
}

/** Makes the sequences of integer ids. They go on above the rows that are there. */
async function numberRows(
  connection: PostgresConnection,
  model: Model,
  facts: ReadonlyMap<Resource, PostgresFacts>,
): Promise<void> {
  const numbered = [...model.resources.values()].filter(
    resource => resource.idType.key === 'integer' && isNumbered(resource, facts.get(resource)),
  )
  const statements = numbered.map(resource => {
    const sequence = quoted(sequenceOf(resource))
    return `
      create sequence if not exists ${sequence};
      select setval('${sequence.replaceAll("'", "''")}', top)
        from (select max(${quoted(resource.id.column)}) as top from ${nameOf(resource)}) as t, ${sequence}
        where top > last_value or (top = last_value and not is_called)`
  })
  if (statements.length > 0) await connection.exec(statements.join(';'))
}

/** The table of a resource, as SQL names it. */
const nameOf = (resource: Resource): string => statementText(tableOf(resource), postgresDialect.text)

/** Whether its new rows get their ids from us. */
function isNumbered({ options: { foreign } }: Resource, facts: PostgresFacts | undefined): boolean {
  return foreign === null || (!foreign.view && !isComposed(foreign) && facts?.sequence === null)
}

async function value(connection: PostgresConnection, sql: string): Promise<unknown> {
  const [row] = await connection.all({ name: undefined, sql, slots: null })
  return row?.[0]
}
