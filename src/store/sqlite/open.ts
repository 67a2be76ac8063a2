import type { Model } from '../../model/model.ts'
import type { Environment } from '../store.ts'
import { layoutsOf, type Baseline } from '../sql/layout.ts'
import { adaptTables } from './schema/adapt-tables.ts'
import { Connection } from './connection.ts'
import { Ids } from './write/ids.ts'
import { Log, LOG_TABLES } from './log/log.ts'
import { Meta } from './log/meta.ts'
import type { Options } from './options.ts'
import { Reader } from './read/snapshot.ts'
import { newEpoch, State } from './state.ts'
import { Turn } from './read/turn-snapshot.ts'
import { Writer } from './write/writer.ts'

/** An open file, and everything that works on it. */
export interface Opened {
  readonly state: State
  readonly log: Log
  readonly ids: Ids
  readonly turn: Turn
  readonly reader: Reader
  readonly writer: Writer
}

export function openFile(file: string, model: Model, environment: Environment, options: Options): Opened {
  const connection = new Connection({ ...options, file, readOnly: false })
  try {
    return openModel(connection, model, environment, options)
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Adapts an open file to a model, which may differ from the one before. */
export function openModel(connection: Connection, model: Model, environment: Environment, options: Options): Opened {
  const made = connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_restuary_log_adopt'`).get() !== undefined
  if (!made) connection.exec(`BEGIN IMMEDIATE; ${LOG_TABLES}; COMMIT`)
  const meta = new Meta(connection)
  const log = new Log(connection, model)
  adaptTables(connection, meta, model, environment, options.drop)
  const { epoch, baseline } = begin(connection, meta, log, model, environment)
  const layouts = layoutsOf(model, baseline)
  const state = new State({ connection, layouts, model, environment, log, meta, epoch })
  const ids = new Ids(connection, meta)
  const reader = new Reader(connection, layouts, state)
  return { state, log, ids, turn: new Turn(connection), reader, writer: new Writer(state, log, ids) }
}

/** Begins the history of a new file: its epoch and, for tables of another program, the position at which they were adopted. */
function begin(
  connection: Connection,
  meta: Meta,
  log: Log,
  model: Model,
  { clock, random, report }: Environment,
): { epoch: string; baseline: Baseline } {
  let epoch = meta.get('epoch')
  let baseline = meta.get('baseline')
  const adopting = [...model.resources.values()].some(resource => resource.options.foreign !== null)
  if (epoch === undefined || (adopting && baseline === undefined)) {
    connection.exec('BEGIN IMMEDIATE')
    epoch = meta.get('epoch') ?? newEpoch(random)
    meta.set('epoch', epoch)
    if (adopting) {
      const at: Baseline = { seq: log.head() + 1, at: clock() }
      log.adopt(at.seq, at.at)
      meta.set('baseline', (baseline = JSON.stringify(at)))
      report(
        'tables _restuary_log, _restuary_meta, _restuary_version and _restuary_kept added: they keep versions, changes and answers',
      )
    }
    connection.exec('COMMIT')
  }
  return { epoch, baseline: baseline === undefined ? { seq: 0, at: 0 } : (JSON.parse(baseline) as Baseline) }
}
