import type { Catalog, ColumnInfo, TableInfo } from './catalog.ts'

/** A catalog without what cannot be declared or must not be shown: an odd column costs itself, an odd table no other. */
export function nameable(
  { tables, skipped }: Catalog,
  foreign: boolean,
): { catalog: Catalog; notes: Map<string, string[]> } {
  const named: TableInfo[] = []
  const unnamed = [...skipped]
  const notes = new Map<string, string[]>()
  for (const table of tables) {
    const why = nameFault(table.name)
    const columns = table.columns.filter(
      (column, i) => columnFault(column, table.columns.slice(0, i), foreign) === null,
    )
    const left = table.columns.filter(column => !columns.includes(column))
    const needed = left.find(column => !column.nullable && column.default === null && !column.generated)
    const isKey = left.some(column => table.key.includes(column.name))
    if (why !== null || isKey) unnamed.push({ name: table.name, why: why ?? 'a column of its key cannot be named' })
    else {
      const readOnly = needed && foreign ? `its column ${shown(needed.name)} must have a value` : null
      named.push({ ...table, columns, readOnly: table.readOnly ?? readOnly })
      notes.set(
        table.name,
        left.map(({ name }) => {
          const i = table.columns.findIndex(column => column.name === name)
          return `column ${shown(name)} is not shown: ${columnFault(table.columns[i]!, table.columns.slice(0, i), foreign)}`
        }),
      )
    }
  }
  return { catalog: { tables: named, skipped: unnamed }, notes }
}

const shown = (name: string): string => (name === '' ? '""' : JSON.stringify(name).slice(1, -1))

/** Why a column is left out, because no declaration can name it or nobody may see it; null if it is not. */
function columnFault({ name, secret }: ColumnInfo, before: readonly ColumnInfo[], foreign: boolean): string | null {
  if (secret) return 'it holds passwords'
  const same = before.find(other => other.name.toLowerCase() === name.toLowerCase())
  if (same !== undefined && !foreign) return `only its case tells it from ${same.name}`
  return nameFault(name)
}

function nameFault(name: string): string | null {
  if (name === '') return 'it has no name'
  return /[\0\p{Cs}]/u.test(name) ? 'its name is not valid text' : null
}
