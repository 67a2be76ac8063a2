import { foreignCodec } from '../sql/codec.ts'
import type { SqlDialect } from '../sql/dialect.ts'
import { sql, sqliteText, type Sql } from '../sql/kysely.ts'

/** The type of an element as `json_each` shows it; numbers are of one type. */
function elementType(alias: string): Sql {
  const type = sql.id(alias, 'type')
  return sql`case when ${type} in ('integer', 'real') then 'number' else ${type} end`
}

/** How SQLite writes what other databases write otherwise. The functions `restuary_…` are made by connection.ts. */
export const sqliteDialect: SqlDialect = Object.freeze<SqlDialect>({
  text: sqliteText,
  yes: sql`1`,
  no: sql`0`,
  orElse: (value, other) => sql`ifnull(${value}, ${other})`,
  isSame: (a, b) => sql`${a} is ${b}`,
  isOther: (a, b) => sql`${a} is not ${b}`,
  noLimit: sql`-1`,

  // SQLite folds what is ASCII by itself, at a tenth of the cost of a function.
  folded: e => sql`(case when length(${e}) = octet_length(${e}) then lower(${e}) else restuary_fold(${e}) end)`,
  contains: (text, part) => sql`instr(${text}, ${part}) > 0`,
  endsWith: (text, from, end) => sql`substr(${text}, ${from}) = ${end}`,
  isJson: (stored, canonical) => sql`restuary_json(${stored}) = ${canonical}`,

  elements: list => sql`json_each(${list})`,
  element: () => sql`value`,
  lengthOf: list => sql`json_array_length(${list})`,
  unpacked: (list, alias) => sql`json_each(${list}) as ${sql.id(alias)}`,
  elementValue: alias => sql.id(alias, 'value'),
  elementType,
  elementTuple: alias => sql`ifnull(${sql.id(alias, 'value')}, 0), ${elementType(alias)}`,
  tuplesOf: list => sql`select json_extract(value, '$[0]'), json_extract(value, '$[1]') from json_each(${list})`,

  visit: sql`restuary_visit()`,
  // SQLite makes a join of `exists`, and tests what names none of its tables in the outermost loop. So this names a column;
  // its value is never passed on, as it may be one that JavaScript does not have.
  visitRelated: each => sql`restuary_visit_related(${each} * 0)`,
  // node:sqlite throws on integers that a double cannot hold.
  readSafe: column =>
    sql`case when typeof(${column}) = 'integer' and (${column} > 9007199254740991 or ${column} < -9007199254740991) then cast(${column} as text) else ${column} end`,
  insertOnce: row => sql`insert or ignore into ${row}`,
  codec: column => column,
  foreignCodec,
  form: () => null,
  toHex: bytes => sql`lower(hex(${bytes}))`,
  fromHex: digits => sql`unhex(${digits})`,
  binary: text => sql`${text} collate binary`,
  versionId: id => id,
  composed: (form, parts) => sql`restuary_key(${sql.lit(form)}, ${sql.join(parts)})`,
  isPart: (column, value) => sql`${column} is ${value} collate binary`,
  fitsPart: () => true,
  typeName: ({ column }) => column,
  columnType: ({ column }) => sql.raw(column),
  number: value => sql.raw(String(value)),
  bytes: value => sql.raw(`x'${Buffer.from(value).toString('hex')}'`),
})
