import type { SqlDialect } from '../sql/dialect.ts'
import { postgresText, sql, type Sql } from '../sql/kysely.ts'

/** An element of the table that `unpacked` makes. */
const element = (alias: string): Sql => sql.id(alias, 'value')

const TYPES = { INTEGER: sql`bigint`, REAL: sql`double precision`, TEXT: sql`text`, BLOB: sql`bytea` } as const

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
  element: type => sql`value::${TYPES[type]}`,
  lengthOf: list => sql`json_array_length((${list})::json)`,
  unpacked: (list, alias) => sql`json_array_elements((${list})::json) as ${sql.id(alias)}(value)`,
  elementValue: alias => sql`restuary_value(${element(alias)})`,
  elementType: alias => sql`restuary_type(${element(alias)})`,
  elementTuple: alias => sql`coalesce(restuary_value(${element(alias)}), '0'), restuary_type(${element(alias)})`,
  tuplesOf: list => sql`select value ->> 0, value ->> 1 from json_array_elements((${list})::json)`,

  visit: sql`restuary_visit()`,
  visitRelated: () => sql`restuary_visit()`,
  // The driver makes text of an integer that a number cannot hold.
  readSafe: column => column,
  insertOnce: row => sql`insert into ${row} on conflict do nothing`,
  cast: (value, type) => sql`(${value})::${TYPES[type]}`,
  columnType: { ...TYPES, TEXT: sql`text collate "C"` },
  refersLater: true,
  tableEnd: { ofOne: sql``, ofSeveral: sql`` },
  bytes: value => sql.raw(`'\\x${Buffer.from(value).toString('hex')}'::bytea`),
})
