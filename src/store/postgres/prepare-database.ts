import { fingerprintOf } from '../../model/fingerprint.ts'
import { isComposed } from '../../model/key-text.ts'
import type { Model, Resource } from '../../model/model.ts'
import type { Baseline, PostgresFacts } from '../sql/layout.ts'
import { statementText } from '../sql/kysely.ts'
import { tableOf } from '../sql/tables/table-name.ts'
import type { StoreEnvironment } from '../store.ts'
import { newTerm, readTerms, termsText, withTerm, type Term, type Terms } from '../terms.ts'
import type { PostgresAddress, PostgresConnection } from './connection.ts'
import { foundTables } from './migrate/found-tables.ts'
import { PostgresLedger } from './migrate/ledger.ts'
import { startLock } from './migrate/run-at-once.ts'
import { PostgresLog } from './log.ts'
import type { PostgresSettings } from './options.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { adaptToModel } from './schema/adapt.ts'
import { foreignFacts } from './schema/foreign-facts.ts'
import { BOOT, functionsText } from './schema/functions.ts'
import { quoted } from './schema/identifier.ts'
import { readStoreMeta, storeMeta } from './schema/meta.ts'
import { OWN_TABLES } from './schema/tables.ts'
import { IS_CAPTURED } from './schema/triggers.ts'
import { Statements } from './statements.ts'
import { sequenceOf } from './write/id-sequences.ts'

/** What is opened, and for which model. */
export interface PostgresOpening {
  readonly address: PostgresAddress
  readonly model: Model
  readonly environment: StoreEnvironment
  readonly settings: PostgresSettings
  readonly terms: Terms
}

/** What a server tells before anything is changed. */
export interface ServerFacts {
  readonly encoding: string
  /** Whether the schema of the tables is there. */
  readonly hasSchema: boolean
  /** Whether it has been prepared before. */
  readonly isPrepared: boolean
  /** Milliseconds by which its clock is ahead of ours. */
  readonly skew: number
}

/** A database that fits the model. */
export interface PreparedDatabase {
  readonly position: number
  /** The seq of the last change to each resource, by name. */
  readonly changed: ReadonlyMap<string, number>
  readonly secret: Uint8Array
  readonly baseline: Baseline
  readonly foreign: ReadonlyMap<Resource, PostgresFacts>
  readonly isCaptured: boolean
}

const ABOUT = `
  select extract(epoch from clock_timestamp())::double precision, current_setting('server_encoding'),
    to_regnamespace(quote_ident($1)) is not null, to_regclass(coalesce(quote_ident($1) || '.', '') || '_restuary_meta') is not null`
const HEAD = `
  select pos, boot = ${BOOT}, (${IS_CAPTURED}) from _restuary_head where k = 1 for update`
const NEW_BOOT = `update _restuary_head set epoch = $1, boot = ${BOOT} where k = 1`
const CHANGED = 'select resource, seq from _restuary_changed'

/** Asks a server about itself. Less than what the question took, or than 10 ms, counts as no skew of its clock. */
export async function serverFacts(connection: PostgresConnection, schema: string | undefined): Promise<ServerFacts> {
  const before = Date.now()
  const [row] = await connection.all({ name: undefined, sql: ABOUT, slots: null }, schema ?? null)
  const after = Date.now()
  const [seconds, encoding, hasSchema, isPrepared] = row as [number, string, number, number]
  const skew = Math.round(seconds * 1_000 - (before + after) / 2)
  return {
    encoding,
    hasSchema: hasSchema === 1,
    isPrepared: isPrepared === 1,
    skew: Math.abs(skew) > Math.max(10, after - before) ? skew : 0,
  }
}

/**
 * Makes what is missing. One node at a time does this; whoever comes later finds it done. What does not depend on an answer is asked
 * together with what was asked before, so that a start waits for few of them.
 */
export async function prepareDatabase(
  connection: PostgresConnection,
  { address, model, environment, settings, terms }: PostgresOpening,
  facts: ServerFacts,
): Promise<PreparedDatabase> {
  if (facts.encoding !== 'UTF8')
    throw new Error(`the encoding of the database is ${facts.encoding}; make one with UTF8`)
  const own = { tables: OWN_TABLES, functions: functionsText() }
  const [, meta, found, applied] = await Promise.all([
    connection.exec([begin(address, facts), ...(facts.isPrepared ? [] : Object.values(own))].join(';')),
    readStoreMeta(connection),
    foundTables(connection),
    new PostgresLedger(connection).all(),
  ])
  // Making a table that is there locks it all the same, and nodes that are up write to it.
  const outdated = facts.isPrepared ? Object.entries(own).filter(([key, text]) => meta.get(key) !== text) : []
  if (outdated.length > 0) await connection.exec(outdated.map(([, text]) => text).join(';'))
  const adapted = await adaptToModel(connection, {
    model,
    now: environment.clock(),
    drop: settings.drop,
    meta,
    found,
    applied,
  })
  const foreign = await foreignFacts(connection, model)
  const [, heads, changed] = await Promise.all([
    connection.exec(numberingText(model, foreign)),
    connection.all({ name: undefined, sql: HEAD, slots: null }),
    connection.all({ name: undefined, sql: CHANGED, slots: null }),
  ])
  const [head, isCurrent, isCaptured] = heads[0] as [number, number, number]
  const { position, baseline } = await adoptTables(connection, { model, environment }, meta, head)
  const { list, isNew } = termsAt(position, { model, environment, meta, isCurrent: isCurrent === 1 })
  const secret = meta.get('secret') ?? Buffer.from(environment.random(32)).toString('hex')
  const [, , ended] = await Promise.all([
    isNew && connection.all({ name: undefined, sql: NEW_BOOT, slots: null }, list.at(-1)!.epoch),
    storeMeta(connection, meta, {
      ...adapted.meta,
      ...own,
      secret,
      declaration: fingerprintOf(model),
      terms: termsText(list),
      ...(baseline.seq > 0 && { baseline: JSON.stringify(baseline) }),
    }),
    connection.exec('commit'),
  ])
  if (ended !== 'COMMIT') throw new Error('the tables could not be made')
  terms.replace(list, position)
  for (const line of adapted.report) environment.report(line)
  return {
    position,
    changed: new Map(changed as [string, number][]),
    secret: Buffer.from(secret, 'hex'),
    baseline,
    foreign,
    isCaptured: isCaptured === 1,
  }
}

function begin({ schema }: PostgresAddress, { hasSchema }: ServerFacts): string {
  const name = schema === undefined ? null : quoted(schema)
  return [
    'begin',
    startLock(schema),
    // Who may not make schemas is refused even where it is there.
    ...(name === null || hasSchema ? [] : [`create schema if not exists ${name}`]),
    ...(name === null ? [] : [`set local search_path to ${name}`]),
  ].join(';')
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

/** The terms from now on. One begins if the server has started since the newest began, or if another declaration wrote it. */
function termsAt(
  position: number,
  {
    model,
    environment,
    meta,
    isCurrent,
  }: Pick<PostgresOpening, 'model' | 'environment'> & {
    readonly meta: ReadonlyMap<string, string>
    readonly isCurrent: boolean
  },
): { readonly list: readonly Term[]; readonly isNew: boolean } {
  const list = readTerms(meta.get('terms') ?? '[]')
  // What clients were shown by another declaration is no state of this one.
  const isOther = meta.get('declaration') !== fingerprintOf(model)
  if (!isOther && isCurrent) return { list, isNew: false }
  const term = newTerm(list, isOther ? 0 : position, environment.random)
  return { list: isOther ? [term] : withTerm(list, term), isNew: true }
}

/** Makes the sequences of integer ids. They go on above the rows that are there. */
function numberingText(model: Model, facts: ReadonlyMap<Resource, PostgresFacts>): string {
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
  return statements.join(';')
}

/** The table of a resource, as SQL names it. */
const nameOf = (resource: Resource): string => statementText(tableOf(resource), postgresDialect.text)

/** Whether its new rows get their ids from us. */
function isNumbered({ options: { foreign } }: Resource, facts: PostgresFacts | undefined): boolean {
  return foreign === null || (!foreign.view && !isComposed(foreign) && facts?.sequence === null)
}
