import type { ColumnType, SqlDialect } from '../sql/dialect.ts'
import type { TableFacts } from '../sql/layout.ts'
import { postgresText, sql, type Sql } from '../sql/kysely.ts'
import { binary, foreignColumn, foreignForm, fitsPart, isPart } from './foreign-column.ts'

/** An element of the table that `unpacked` makes. */
const element = (alias: string): Sql => sql.id(alias, 'value')

const TYPES = { INTEGER: 'bigint', REAL: 'double precision', TEXT: 'text', BLOB: 'bytea' } as const

const typeName = ({ column, postgres }: ColumnType): string => postgres?.type ?? TYPES[column]

/**
 * How PostgreSQL writes what other databases write otherwise. Lists are bound as JSON text, as for SQLite. The functions
 * `restuary_…` are made by schema/functions.ts.
 */
export const postgresDialect: SqlDialect = Object.freeze<SqlDialect>({
  text: postgresText,
  yes: sql`true`,
  no: sql`false`,
  orElse: (value, other) => sql`coalesce(${value}, ${other})`,
  isSame: (a, b) => sql`${a} is not distinct from ${b}`,
  isOther: (a, b) => sql`${a} is distinct from ${b}`,
  noLimit: sql`all`,

  // In the collation "C", `lower` changes ASCII only. That is much faster than the function.
  folded: e => sql`(case when length(${e}) = octet_length(${e}) then lower(${e}) else restuary_fold(${e}) end)`,
  contains: (text, part) => sql`strpos(${text}, ${part}) > 0`,
  endsWith: (text, from, end) => sql`right(${text}, -(${from})::int) = ${end}`,
  isJson: (stored, canonical) => sql`(${stored})::jsonb = (${canonical})::jsonb`,

  elements: list => sql`json_array_elements_text((${list})::json)`,
  element: column => sql`value::${sql.raw(typeName(column))}`,
  lengthOf: list => sql`jsonb_array_length((${list})::jsonb)`,
  unpacked: (list, alias) => sql`jsonb_array_elements((${list})::jsonb) as ${sql.id(alias)}(value)`,
  elementValue: alias => sql`restuary_value(${element(alias)})`,
  elementType: alias => sql`restuary_type(${element(alias)})`,
  elementTuple: alias => sql`coalesce(restuary_value(${element(alias)}), '0'), restuary_type(${element(alias)})`,
  tuplesOf: list => sql`select value ->> 0, value ->> 1 from json_array_elements((${list})::json)`,

  visit: sql`restuary_visit()`,
  visitRelated: () => sql`restuary_visit()`,
  // The driver makes text of an integer that a number cannot hold.
  readSafe: column => column,
  insertOnce: row => sql`insert into ${row} on conflict do nothing`,
  codec: column => (column.postgres === null ? column : { ...column, ...column.postgres, select: 'plain' }),
  foreignCodec: foreignColumn,
  form: foreignForm,
  toHex: bytes => sql`encode(${bytes}, 'hex')`,
  fromHex: digits => sql`decode(${digits}, 'hex')`,
  binary,
  versionId: id => sql`(${id})::text`,
  composed: (form, parts) => sql`restuary_key(${sql.lit(form)}, ${sql.join(parts.map(part => sql`${part}::text`))})`,
  isPart,
  fitsPart,
  typeName,
  columnType: column => {
    const name = typeName(column)
    // The order of code points, whatever the locale of the database.
    return name === 'text' ? sql`text collate "C"` : sql.raw(name)
  },
  // A literal in quotes has no type of its own.
  number: value => sql.lit(String(value)),
  bytes: value => sql.raw(`'\\x${Buffer.from(value).toString('hex')}'`),
})

/** What SQLite has to be asked of tables is the same here for all of them. */
export const TABLE_FACTS: TableFacts = {
  isNumeric: () => false,
  hasTriggers: () => false,
  hasCascades: () => false,
  hidesConflicts: () => false,
  isIndexed: () => true,
}
