import type { TableFacts } from '../../sql/layout.ts'
import type { Connection } from '../connection.ts'

/** What of the tables of a file decides how their rows are compared and written. */
export function tableFacts(connection: Connection): TableFacts {
  const columns = connection.prepare('SELECT name, type FROM pragma_table_xinfo(?)')
  const triggers = connection.prepare(`SELECT lower(tbl_name) FROM sqlite_schema WHERE type = 'trigger'`).all()
  const triggered = new Set(triggers.map(([table]) => table))
  const numeric = new Map<string, ReadonlySet<string>>()
  return {
    hasTriggers: table => triggered.has(table.toLowerCase()),
    isNumeric: (table, column) => {
      let names = numeric.get(table)
      if (names === undefined) {
        const rows = columns.all(table) as [string, string][]
        names = new Set(rows.filter(([, type]) => hasNumericAffinity(type)).map(([name]) => name))
        numeric.set(table, names)
      }
      return names.has(column)
    },
  }
}

/** Such a column turns text that looks like a number into one (https://sqlite.org/datatype3.html §3.1). */
function hasNumericAffinity(type: string): boolean {
  if (/INT/i.test(type)) return true
  return type !== '' && !/CHAR|CLOB|TEXT|BLOB/i.test(type) && type.toUpperCase() !== 'ANY'
}
