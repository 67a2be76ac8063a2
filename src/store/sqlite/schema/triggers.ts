import { quote } from '../migrate/table-sql.ts'
import { Connection } from '../connection.ts'
import { withDefaults } from '../options.ts'
import { KINDS, type Kinds } from './own-tables.ts'

/** The names of all triggers that capture begin with this. */
const NAME = '_restuary_capture'

/**
 * What triggers put aside, and the sign that this application writes itself: a row that its transactions add and take away
 * again. Nobody else ever sees it, because nobody else writes meanwhile.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS _restuary_captured(n INTEGER PRIMARY KEY, name TEXT NOT NULL, before TEXT, after TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS _restuary_writing(one INTEGER PRIMARY KEY) STRICT`

const IS_CAPTURED = `SELECT 1 FROM sqlite_schema WHERE name = '_restuary_captured'`

/** Whether triggers capture what other programs write. */
export const isCaptured = (connection: Connection): boolean => connection.prepare(IS_CAPTURED).get() !== undefined

/** Within a transaction where triggers are installed: what follows is written by the application itself, up to UNMARK. */
export const MARK = 'INSERT OR IGNORE INTO _restuary_writing(one) VALUES (1)'
export const UNMARK = 'DELETE FROM _restuary_writing'

/** Whether a name is that of a trigger that captures. It changes nothing that anybody could see. */
export const isCapturing = (trigger: string): boolean => trigger.startsWith(NAME)

/** Without a key, SQLite numbers the rows of a table. */
const ROWID = 'rowid'

interface Column {
  readonly name: string
  /** Its place in the primary key, from 1; 0 if it is no part of it. */
  readonly key: number
}

/**
 * Installs triggers that capture what other programs write to the tables of a file, or removes them. Returns the names of the
 * tables that were changed. Throws Error if the file has no log yet.
 */
export function changeFileTriggers(file: string, action: 'install' | 'remove'): readonly string[] {
  const hasLog = using(file, true, connection =>
    connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = '_restuary_log'`).get(),
  )
  if (hasLog === undefined)
    throw new Error('it has no log of Restuary: start the application once, or serve the file once')
  return using(file, false, connection => {
    // Whoever comes later would wait behind us.
    connection.exec('PRAGMA busy_timeout=5000; BEGIN IMMEDIATE')
    const changed = action === 'install' ? installTriggers(connection) : removeTriggers(connection)
    connection.exec('COMMIT')
    return changed
  })
}

function using<T>(file: string, readOnly: boolean, work: (connection: Connection) => T): T {
  const connection = new Connection({ ...withDefaults({}), file, readOnly })
  try {
    return work(connection)
  } finally {
    connection.close()
  }
}

/** Within a transaction: makes the triggers that are missing, and anew those of tables that have changed. */
export function installTriggers(connection: Connection): string[] {
  connection.exec(TABLES)
  return capturedTables(connection).filter(table => {
    const wanted = triggersOf(connection, table)
    const there = new Map(triggersThere(connection, table))
    if (wanted.size === there.size && [...wanted].every(([name, sql]) => there.get(name) === sql)) return false
    for (const name of there.keys()) connection.exec(`DROP TRIGGER ${quote(name)}`)
    for (const sql of wanted.values()) connection.exec(sql)
    versionByDefault(connection, table, true)
    return true
  })
}

/** Within a transaction: takes the triggers away, with what they have put aside. */
export function removeTriggers(connection: Connection): string[] {
  const changed = capturedTables(connection).filter(table => {
    const there = triggersThere(connection, table)
    for (const [name] of there) connection.exec(`DROP TRIGGER ${quote(name)}`)
    if (there.length > 0) versionByDefault(connection, table, false)
    return there.length > 0
  })
  connection.exec('DROP TABLE IF EXISTS _restuary_captured; DROP TABLE IF EXISTS _restuary_writing')
  return changed
}

/** Whether each change of a table is captured, by triggers that are made for its columns as they are. */
export function isTableCaptured(connection: Connection, table: string): boolean {
  const there = new Map(triggersThere(connection, table))
  return [...triggersOf(connection, table)].every(([name, sql]) => there.get(name) === sql)
}

/** The columns of a table whose values are captured, in the order in which they are. */
export function capturedColumns(connection: Connection, table: string): readonly string[] {
  return columnsOf(connection, table).map(({ name }) => name)
}

/** The tables that a file with a log of Restuary has a right to: its own, and those of other programs that it has adopted. */
function capturedTables(connection: Connection): string[] {
  const meta = connection.prepare('SELECT value FROM _restuary_meta WHERE key = ?')
  const kinds = JSON.parse((meta.get(KINDS)?.[0] as string | undefined) ?? '{}') as Kinds
  const own = new Set(Object.keys(kinds).map(path => path.replace(/\.[^.]*$/, '')))
  const hasAdopted = meta.get('baseline') !== undefined
  return connection
    .prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name`)
    .all()
    .map(([name]) => name as string)
    .filter(name => !/^(?:sqlite|_restuary)_/i.test(name) && (hasAdopted || own.has(name)))
}

const triggersThere = (connection: Connection, table: string): [name: string, sql: string][] =>
  (
    connection
      .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?)`)
      .all(table) as [string, string][]
  ).filter(([name]) => isCapturing(name))

/**
 * The triggers of a table. Beside what a statement does to its own row, they capture the rows that `INSERT OR REPLACE` takes
 * away: no trigger of SQLite tells of these. What has not changed after all is no change when it is recorded.
 */
function triggersOf(connection: Connection, table: string): ReadonlyMap<string, string> {
  const columns = columnsOf(connection, table)
  const keys = uniqueKeys(connection, table, columns)
  const replaced = `SELECT ${literalOf(table)}, ${imageOf('r', columns)}, NULL FROM ${quote(table)} r WHERE ${keys
    .map(key => `(${key.map(column => `r.${quote(column)} = new.${quote(column)}`).join(' AND ')})`)
    .join(' OR ')}`
  const moved = [...new Set(keys.flat())].map(column => `new.${quote(column)} IS NOT old.${quote(column)}`)
  const [before, after] = [imageOf('old', columns), imageOf('new', columns)]
  const values = (...images: string[]): string => `VALUES (${[literalOf(table), ...images].join(', ')})`
  const all = [
    ['replace', 'BEFORE INSERT', '', replaced],
    ['insert', 'AFTER INSERT', '', values('NULL', after)],
    ['exchange', 'BEFORE UPDATE', ` AND (${moved.join(' OR ')})`, replaced],
    ['update', 'AFTER UPDATE', '', values(before, after)],
    ['delete', 'AFTER DELETE', '', values(before, 'NULL')],
  ] as const
  return new Map(
    all
      .filter(([, , , what]) => keys.length > 0 || what !== replaced)
      .map(([kind, when, also, what]) => {
        const name = `${NAME}_${kind} ${table}`
        const unless = `WHEN NOT EXISTS (SELECT 1 FROM _restuary_writing)${also}`
        const body = `INSERT INTO _restuary_captured(name, before, after) ${what}`
        return [name, `CREATE TRIGGER ${quote(name)} ${when} ON ${quote(table)} ${unless} BEGIN ${body}; END`]
      }),
  )
}

function columnsOf(connection: Connection, table: string): readonly Column[] {
  const rows = connection
    .prepare('SELECT name, pk FROM pragma_table_xinfo(?) WHERE hidden <> 1 ORDER BY cid')
    .all(table) as [string, number][]
  const columns = rows.map(([name, key]) => ({ name, key }))
  const isNumbered = rows.every(([name, key]) => key === 0 && name.toLowerCase() !== ROWID)
  return isNumbered ? [...columns, { name: ROWID, key: 1 }] : columns
}

/** The sets of columns by which a row may take the place of another. */
function uniqueKeys(connection: Connection, table: string, columns: readonly Column[]): readonly (readonly string[])[] {
  const primary = columns.filter(({ key }) => key > 0).map(({ name }) => name)
  const indexes = connection
    .prepare(`SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0 AND origin <> 'pk'`)
    .all(table)
    .map(([index]) =>
      connection
        .prepare('SELECT name FROM pragma_index_info(?)')
        .all(index as string)
        .flat(),
    )
    .filter((names): names is string[] => names.every(name => name !== null))
  return primary.length > 0 ? [primary, ...indexes] : indexes
}

/** A row as the literals of its values. Few terms at a time: SQLite limits how deep an expression is. */
function imageOf(row: string, columns: readonly Column[]): string {
  const literals = columns.map(({ name }) => `quote(${row}.${quote(name)})`)
  const portions: string[] = []
  for (let i = 0; i < literals.length; i += 100) portions.push(`(${literals.slice(i, i + 100).join(` || ',' || `)})`)
  return portions.join(` || ',' || `)
}

const literalOf = (text: string): string => `'${text.replaceAll("'", "''")}'`

/**
 * Gives new rows of an application's own table a version by default, as other programs know nothing of versions. SQLite changes
 * a default only in the text of its schema (https://sqlite.org/lang_altertable.html §7).
 */
function versionByDefault(connection: Connection, table: string, has: boolean): void {
  const text = connection.prepare(`SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?`)
  const sql = text.get(table)?.[0] as string
  const version = /(?<="(?:_seq|_at)" INTEGER NOT NULL)(?: DEFAULT 0)?(?=[,)])/g
  const wanted = sql.replace(version, has ? ' DEFAULT 0' : '')
  if (wanted === sql) return
  connection.db.enableDefensive(false)
  connection.exec('PRAGMA writable_schema=ON')
  connection.prepare(`UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?`).run(wanted, table)
  // Reads the schema again, so that this connection knows the text as well.
  connection.exec('PRAGMA writable_schema=RESET')
  connection.db.enableDefensive(true)
}
