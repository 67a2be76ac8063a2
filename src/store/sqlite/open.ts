import { fingerprintOf } from '../../model/fingerprint.ts'
import type { Model } from '../../model/model.ts'
import type { StoreEnvironment } from '../store.ts'
import { misfitsOf, reportMisfits } from '../migrate/misfits.ts'
import { targetOf } from '../migrate/target.ts'
import { layoutsOf, type Baseline } from '../sql/layout.ts'
import { ServedLayouts } from '../migrate/served-layouts.ts'
import { tableFacts } from './schema/table-facts.ts'
import { numberedRows } from './schema/numbered-rows.ts'
import { adaptTables } from './schema/adapt-tables.ts'
import { installTriggers, isCaptured } from './schema/triggers.ts'
import { reportUnfitValues } from './schema/report-unfit-values.ts'
import { Connection } from './connection.ts'
import { IdCounters } from './write/ids.ts'
import { LogTable, LOG_ADDITION, LOG_TABLES } from './log/log.ts'
import { MetaTable } from './log/meta.ts'
import { readShape } from './migrate/read-shape.ts'
import type { SqliteSettings } from './options.ts'
import { Reader } from './read/snapshot.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { SqliteState } from './state.ts'
import { newTerm, withTerm, type Terms } from '../terms.ts'
import { TurnSnapshot } from './read/turn-snapshot.ts'
import { Writer } from './write/writer.ts'

/** An open file, and everything that works on it. */
export interface Opened {
  readonly state: SqliteState
  readonly log: LogTable
  readonly ids: IdCounters
  readonly turn: TurnSnapshot
  readonly reader: Reader
  readonly writer: Writer
}

/** What is opened, and for which model. */
export interface Opening {
  readonly file: string
  readonly model: Model
  readonly environment: StoreEnvironment
  readonly options: SqliteSettings
  /** The terms of the log; they are filled when the file is read. */
  readonly terms: Terms
}

/** Opens a file and adapts it to the model. Throws Error if the file cannot follow the model; it is closed again then. */
export function openFile(opening: Opening): Opened {
  const { file, options } = opening
  const connection = new Connection({ ...options, file, readOnly: false })
  try {
    return openModel(connection, opening)
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Adapts an open file to a model, which may differ from the one before. */
export function openModel(connection: Connection, opening: Opening): Opened {
  // Another process may write, or open the file in the same moment. Later waits would stop the event loop.
  connection.exec('PRAGMA busy_timeout=5000')
  try {
    return prepared(connection, opening)
  } finally {
    connection.exec('PRAGMA busy_timeout=0')
  }
}

function prepared(connection: Connection, opening: Opening): Opened {
  const { file, model, environment, terms } = opening
  makeLog(connection)
  const meta = new MetaTable(connection)
  const log = new LogTable(connection, model)
  adaptTables(connection, meta, opening)
  if (isCaptured(connection)) inTransaction(connection, () => installTriggers(connection))
  const baseline = begin(connection, meta, log, opening)
  connection.exec(numberedRows(model))
  const layouts = new ServedLayouts(
    layoutsOf(model, { dialect: sqliteDialect, baseline, facts: tableFacts(connection) }),
  )
  const onReshaped = (): void => {
    const misfits = misfitsOf(model, targetOf(model, environment.clock()).shape, readShape(connection, meta))
    layouts.refuse(misfits)
    connection.forget()
    reportMisfits(misfits, environment.report)
  }
  const state = new SqliteState({ connection, layouts, model, environment, log, meta, terms, onReshaped })
  const ids = new IdCounters(connection, meta)
  const reader = new Reader(connection, layouts, state, file === ':memory:' ? 'here' : 'elsewhere')
  const writer = new Writer(state, log, ids)
  // What other programs have written meanwhile is recorded before anybody reads.
  while (state.isDue) {
    writer.begin()
    writer.commit()
  }
  return { state, log, ids, turn: new TurnSnapshot(connection), reader, writer }
}

/** Makes the tables of the log, or adds what those of an earlier version of Restuary lack. */
function makeLog(connection: Connection): void {
  const isMade = connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_restuary_log_adopt'`)
  const isSigned = connection.prepare(`SELECT 1 FROM pragma_table_info('_restuary_log') WHERE name = 'signature'`)
  if (isMade.get() !== undefined && isSigned.get() !== undefined) return
  inTransaction(connection, () => {
    connection.exec(LOG_TABLES)
    // Only now is it certain: another process may have opened the file in the same moment.
    if (isSigned.get() === undefined) connection.exec(LOG_ADDITION)
  })
}

/** Begins a term of the log, and makes the secret of the file. For tables of another program, also keeps the position at which they were adopted, and returns it. */
function begin(
  connection: Connection,
  meta: MetaTable,
  log: LogTable,
  { model, environment: { clock, random, report } }: Opening,
): Baseline {
  const adopting = [...model.resources.values()].some(resource => resource.options.foreign !== null)
  inTransaction(connection, () => {
    const { terms } = meta
    if (meta.get('secret') === undefined) meta.set('secret', Buffer.from(random(32)).toString('hex'))
    const declaration = fingerprintOf(model)
    // What clients were shown by another declaration is no state of this one.
    const isOther = meta.get('declaration') !== declaration
    meta.terms = isOther ? [newTerm(terms, 0, random)] : withTerm(terms, newTerm(terms, log.head(), random))
    if (isOther) {
      reportUnfitValues(connection, meta, model, report)
      meta.set('declaration', declaration)
    }
    if (adopting && meta.get('baseline') === undefined) {
      const head = log.head()
      const at: Baseline = { seq: head || 1, at: clock() }
      // A log that is there goes on. The new declaration has begun a term of all positions, so the head says nothing yet of these.
      if (head === 0) log.adopt(at.seq, at.at)
      meta.set('baseline', JSON.stringify(at))
      report(
        'tables _restuary_log, _restuary_meta, _restuary_version and _restuary_kept added: they keep versions, changes and answers',
      )
    }
  })
  const baseline = meta.get('baseline')
  return baseline === undefined ? { seq: 0, at: 0 } : (JSON.parse(baseline) as Baseline)
}

function inTransaction(connection: Connection, work: () => void): void {
  connection.exec('BEGIN IMMEDIATE')
  try {
    work()
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.db.isTransaction) connection.exec('ROLLBACK')
    throw error
  }
}
