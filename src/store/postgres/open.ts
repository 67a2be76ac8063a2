import { fingerprintOf } from '../../model/fingerprint.ts'
import type { Model } from '../../model/model.ts'
import { layoutsOf } from '../sql/layout.ts'
import type { StoreEnvironment } from '../store.ts'
import { newTerm, readTerms, termsText, withTerm, type Terms } from '../terms.ts'
import { PostgresConnection, type PostgresAddress } from './connection.ts'
import { PostgresLog } from './log.ts'
import type { PostgresSettings } from './options.ts'
import { ConnectionPool } from './pool.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { Snapshots } from './read/snapshots.ts'
import { adaptToModel } from './schema/adapt.ts'
import { BOOT, functionsText } from './schema/functions.ts'
import { quoted } from './schema/identifier.ts'
import { OWN_TABLES } from './schema/tables.ts'
import { PostgresState } from './state.ts'
import { Statements } from './statements.ts'
import { IdSequences, sequenceOf } from './write/id-sequences.ts'
import { WriteLane } from './write/write-lane.ts'

/** An open database, and everything that works on it. */
export interface OpenedPostgres {
  readonly state: PostgresState
  readonly readers: ConnectionPool
  readonly writers: ConnectionPool
  readonly snapshots: Snapshots
  readonly lane: WriteLane
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
  const { address, model, environment, settings, terms } = opening
  const foreign = [...model.resources.values()].find(({ options }) => options.foreign !== null)
  if (foreign) throw new Error(`${foreign.name}: tables of other programs cannot be served from PostgreSQL yet`)
  const connection = await PostgresConnection.open(address)
  const position = await prepare(connection, opening).catch(async (error: unknown) => {
    await connection.close()
    throw error
  })
  const statements = new Statements()
  const noFacts = {
    isNumeric: () => false,
    hasTriggers: () => false,
    hasCascades: () => false,
    hidesConflicts: () => false,
    isIndexed: () => true,
  }
  const layouts = layoutsOf(model, { dialect: postgresDialect, baseline: { seq: 0, at: 0 }, facts: noFacts })
  const log = new PostgresLog(model, statements)
  const state = new PostgresState({ model, layouts, environment, settings, statements, log, terms, position })
  const readers = new ConnectionPool(address, settings.readers)
  const writers = new ConnectionPool(address, 1, connection)
  const lane = new WriteLane(writers, state, new IdSequences(statements))
  const snapshots = new Snapshots({ pool: readers, state, beginTerm: () => lane.beginTerm() })
  return { state, readers, writers, snapshots, lane }
}

/** Makes what is missing. One node at a time does this; whoever comes later finds it done. Returns the position. */
async function prepare(connection: PostgresConnection, opening: PostgresOpening): Promise<number> {
  const { address, model, environment, settings, terms } = opening
  const encoding = await value(connection, "select current_setting('server_encoding')")
  if (encoding !== 'UTF8') throw new Error(`the encoding of the database is ${String(encoding)}; make one with UTF8`)
  const schema = address.schema === undefined ? '' : `create schema if not exists ${quoted(address.schema)};`
  await connection.exec(
    `begin; select pg_advisory_xact_lock(hashtext('restuary ${address.schema ?? ''}')); ${schema} ${OWN_TABLES}`,
  )
  const sql = 'select key, value from _restuary_meta'
  const meta = new Map((await connection.all({ name: undefined, sql, slots: null })) as [string, string][])
  const functions = functionsText()
  if (meta.get('functions') !== functions) await connection.exec(functions)
  const kinds = JSON.parse(meta.get('kinds') ?? '{}') as Record<string, string>
  const adapted = await adaptToModel(connection, { model, now: environment.clock(), drop: settings.drop, kinds })
  await numberRows(connection, model)
  const position = Number(await value(connection, 'select pos from _restuary_head where k = 1 for update'))
  const list = await begin(connection, { model, environment, stored: meta, position })
  await remember(connection, meta, {
    functions,
    kinds: JSON.stringify(adapted.kinds),
    declaration: fingerprintOf(model),
    terms: termsText(list),
  })
  if ((await connection.exec('commit')) !== 'COMMIT') throw new Error('the tables could not be made')
  terms.replace(list, position)
  for (const line of adapted.report) environment.report(line)
  return position
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
async function numberRows(connection: PostgresConnection, model: Model): Promise<void> {
  const numbered = [...model.resources.values()].filter(({ idType }) => idType.key === 'integer')
  const statements = numbered.map(resource => {
    const sequence = quoted(sequenceOf(resource))
    return `
      create sequence if not exists ${sequence};
      select setval('${sequence.replaceAll("'", "''")}', top)
        from (select max(${quoted(resource.id.column)}) as top from ${quoted(resource.table)}) as t, ${sequence}
        where top > last_value or (top = last_value and not is_called)`
  })
  if (statements.length > 0) await connection.exec(statements.join(';'))
}

async function remember(
  connection: PostgresConnection,
  stored: ReadonlyMap<string, string>,
  now: Readonly<Record<string, string>>,
): Promise<void> {
  const sql = `insert into _restuary_meta(key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`
  const changed = Object.entries(now).filter(([key, text]) => stored.get(key) !== text)
  await Promise.all(changed.map(([key, text]) => connection.all({ name: undefined, sql, slots: null }, key, text)))
}

async function value(connection: PostgresConnection, sql: string): Promise<unknown> {
  const [row] = await connection.all({ name: undefined, sql, slots: null })
  return row?.[0]
}
