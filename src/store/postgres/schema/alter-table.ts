import { getOrThrow } from '../../../protocol/get-or-throw.ts'
import { statementText, type Sql } from '../../sql/kysely.ts'
import type { TableState } from '../../sql/tables/migrate.ts'
import { addColumn, createIndex, INDEX_PREFIX, type ColumnSpec, type TableSpec } from '../../sql/tables/schema.ts'
import { postgresDialect } from '../postgres-dialect.ts'
import { quoted } from './identifier.ts'

/**
 * Changes the columns of a table in place. Foreign keys to add are not its business. `sources` has the expression for the value of each column. Our indexes are made anew,
 * as columns of theirs may have changed.
 */
export function alterTable(table: TableSpec, is: TableState, sources: ReadonlyMap<string, Sql>): string[] {
  const name = quoted(table.name)
  const indexes = [...is.indexes.keys()].filter(index => index.startsWith(INDEX_PREFIX))
  const gone = [...is.columns.keys()].filter(column => !table.columns.some(one => one.name === column))
  return [
    ...indexes.map(index => `drop index ${quoted(index)}`),
    ...table.columns.flatMap(column => {
      const source = textOf(getOrThrow(sources, column.name))
      const now = is.columns.get(column.name)
      return now === undefined ? added(table, column, source) : changed(table, column, now, source)
    }),
    ...gone.map(column => `alter table ${name} drop column ${quoted(column)}`),
    ...table.indexes.map(index => createIndex(table, index, postgresDialect)),
  ]
}

const textOf = (part: Sql): string => statementText(part, postgresDialect.text)

function added(table: TableSpec, column: ColumnSpec, source: string): string[] {
  const nullable: ColumnSpec = { ...column, required: false }
  return [
    addColumn(table, nullable, null, postgresDialect),
    `update ${quoted(table.name)} set ${quoted(column.name)} = ${source}`,
    ...(column.required ? [`alter table ${quoted(table.name)} alter column ${quoted(column.name)} set not null`] : []),
  ]
}

function changed(table: TableSpec, column: ColumnSpec, now: ColumnState, source: string): string[] {
  const alter = `alter table ${quoted(table.name)} alter column ${quoted(column.name)}`
  const statements: string[] = []
  if (now.type !== postgresDialect.typeName(column.codec))
    statements.push(`${alter} type ${textOf(postgresDialect.columnType(column.codec))} using (${source})`)
  else if (source !== quoted(column.name))
    statements.push(`update ${quoted(table.name)} set ${quoted(column.name)} = ${source}`)
  if (now.required !== column.required) statements.push(`${alter} ${column.required ? 'set' : 'drop'} not null`)
  const points = column.references && `${column.references.table}.${column.references.column}`
  if (points !== now.references) statements.push(dropReference(table, column))
  return statements
}

type ColumnState = NonNullable<ReturnType<TableState['columns']['get']>>

/** Foreign keys have names of PostgreSQL's own making, so they are looked for by their column. */
function dropReference(table: TableSpec, { name }: ColumnSpec): string {
  const relation = `'${quoted(table.name).replaceAll("'", "''")}'::regclass`
  const column = `'${name.replaceAll("'", "''")}'`
  return `
    do $$ declare found text; begin
      for found in select k.conname from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and k.conkey = array[a.attnum]
        where k.contype = 'f' and k.conrelid = ${relation} and a.attname = ${column}
      loop execute format('alter table %s drop constraint %I', ${relation}, found); end loop;
    end $$`
}
