import { NTH } from '../../../model/key-text.ts'
import type { Join, Resource } from '../../../model/model.ts'
import { sql, type Sql } from '../kysely.ts'

/** The table of a resource, as SQL names it: one of another program in PostgreSQL with its schema. */
export function tableOf({ table, columns, id, options: { foreign } }: Resource): Sql {
  if (!foreign?.postgres) return sql.id(table)
  const name = sql.id(foreign.postgres.schema, foreign.postgres.name)
  if (!foreign.key.includes(NTH)) return name
  // Rows that may be equal are numbered. The other columns determine the order, so that a row keeps its number.
  const key = foreign.key.filter(column => column !== NTH)
  const others = columns.filter(field => field !== id && !key.includes(field.column)).map(({ column }) => column)
  const texts = (names: readonly string[]): Sql =>
    sql.join(names.map(column => sql`${sql.id(column)}::text collate "C"`))
  const order = others.length === 0 ? sql`` : sql` order by ${texts(others)}`
  return sql`(select *, row_number() over (partition by ${texts(key)}${order}) as ${sql.id(NTH)} from ${name})`
}

/** A join table, in the same way. */
export const joinTableOf = ({ table, schema }: Join): Sql => (schema === null ? sql.id(table) : sql.id(schema, table))
