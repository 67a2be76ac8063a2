import type { TableFacts } from '../../sql/layout.ts'
import type { Connection } from '../connection.ts'
import { isCapturing } from './triggers.ts'
import { affinityOf } from './affinity.ts'

/** Reads the facts on which comparing and writing the rows of each table depend. */
export function tableFacts(connection: Connection): TableFacts {
  const columns = connection.prepare(
    `SELECT c.name, c.type, t.strict FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name) AS c
     WHERE t.schema = 'main' AND t.name = ? COLLATE NOCASE`,
  )
  const triggers = connection.prepare(`SELECT name, lower(tbl_name) FROM sqlite_schema WHERE type = 'trigger'`).all()
  const triggered = new Set(triggers.filter(([name]) => !isCapturing(name as string)).map(([, table]) => table))
  const clause = '%on%conflict%'
  const tables = connection.prepare(`SELECT lower(name), sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE ?`)
  const hiding = new Set(
    (tables.all(clause) as [string, string][])
      .filter(([, sql]) => /\bON\s+CONFLICT\s+(?:IGNORE|REPLACE|FAIL|ROLLBACK)\b/i.test(sql))
      .map(([name]) => name),
  )
  const keys = primaryKeys(connection)
  const indexed = indexedColumns(connection)
  const cascading = cascadingTables(connection, keys)
  const numeric = new Map<string, ReadonlySet<string>>()
  return {
    isIndexed: (table, column) => indexed.has(`${table}.${column}`.toLowerCase()),
    hasTriggers: table => triggered.has(table.toLowerCase()),
    hidesConflicts: table => hiding.has(table.toLowerCase()) && !triggered.has(table.toLowerCase()),
    hasCascades: table => cascading.has(table.toLowerCase()),
    isNumeric: (table, column) => {
      let names = numeric.get(table)
      if (names === undefined) {
        const rows = columns.all(table) as [string, string, number][]
        names = new Set(
          rows.filter(([, type, strict]) => affinityOf(type, strict === 1) === 'number').map(([name]) => name),
        )
        numeric.set(table, names)
      }
      return names.has(column)
    },
  }
}

/** Columns that are the first of an index over all rows, as `table.column`. */
function indexedColumns(connection: Connection): ReadonlySet<string> {
  const rows = connection
    .prepare(
      `SELECT lower(t.name || '.' || c.name) FROM pragma_table_list AS t JOIN pragma_index_list(t.name) AS i
       JOIN pragma_index_info(i.name) AS c WHERE t.schema = 'main' AND i.partial = 0 AND c.seqno = 0 AND c.name IS NOT NULL
       UNION SELECT lower(t.name || '.' || c.name) FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
       WHERE t.schema = 'main' AND t.type = 'table' AND c.pk = 1`,
    )
    .all()
  return new Set(rows.map(([name]) => name as string))
}

/** The columns of primary keys. */
function primaryKeys(connection: Connection): ReadonlyMap<string, readonly string[]> {
  const rows = connection
    .prepare(
      `SELECT t.name, lower(c.name) FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
       WHERE t.schema = 'main' AND t.type = 'table' AND c.pk > 0`,
    )
    .all() as [string, string][]
  return new Map([...Map.groupBy(rows, ([table]) => table)].map(([table, of]) => [table, of.map(([, name]) => name)]))
}

/**
 * Tables whose rows are referred to by foreign keys with actions (ON DELETE CASCADE) that are not relations of the model. Those
 * are keys of several columns, keys to other columns than the primary key, and keys that are a primary key themselves. For
 * relations, the engine does what the action says.
 */
function cascadingTables(connection: Connection, keys: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const rows = connection
    .prepare(
      `SELECT t.name, f.id, lower(f."table"), lower(f."from"), lower(f."to") FROM pragma_table_list AS t
       JOIN pragma_foreign_key_list(t.name) AS f WHERE t.schema = 'main' AND t.type = 'table'
       AND (f.on_delete NOT IN ('NO ACTION', 'RESTRICT') OR f.on_update NOT IN ('NO ACTION', 'RESTRICT'))`,
    )
    .all() as [string, number, string, string, string | null][]
  const keyOf = new Map([...keys].map(([table, key]) => [table.toLowerCase(), key]))
  const isKey = (key: readonly string[] | undefined, column: string): boolean => key?.length === 1 && key[0] === column
  return new Set(
    [...Map.groupBy(rows, ([table, id]) => `${id} ${table}`).values()]
      .filter(columns => {
        const [child, , parent, from, to] = columns[0]!
        return columns.length > 1 || isKey(keys.get(child), from) || !(to === null || isKey(keyOf.get(parent), to))
      })
      .map(columns => columns[0]![2]),
  )
}
